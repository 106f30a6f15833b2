"""Kernels compile without a warning under the flags of strict projects, which compile them too."""

import subprocess
from pathlib import Path

import pytest
from host_kernels import FLAGS

from edgec.backends.runtime_sources import closure
from edgec.resources import data_folder

KERNELS = data_folder("runtime_c") / "src" / "kernels"
MORE = ("-Wshadow", "-Wstrict-prototypes", "-Wattributes", "-Wunused-function")


@pytest.mark.cc
def test_all_kernels_compile_without_a_warning(tmp_path: Path) -> None:
    functions = sorted(path.stem for path in KERNELS.rglob("*.c"))
    assert "edgec_tree_ensemble_f32" in functions
    for path, data in closure(functions).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    command = ["cc", *FLAGS, *MORE, "-fsyntax-only", "-I.", *(f"{each}.c" for each in functions)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
