"""Small C programs on this machine: compiled with sanitizers, run, and what they print."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

FLAGS = (
    "-std=c11",
    "-O1",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
)


def run_c(
    folder: Path, files: Mapping[str, str | bytes], includes: Sequence[Path | str] = (".",)
) -> list[str]:
    """Write ``files``, compile the .c among them, run the program; return the words it prints."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    sources = [name for name in files if name.endswith(".c")]
    options = [*FLAGS, *(f"-I{each}" for each in includes)]
    command = [str(shutil.which("cc")), *options, *sources, "-lm", "-o", "program"]
    built = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert built.returncode == 0, built.stderr
    ran = subprocess.run(
        [str(folder / "program")], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout.split()
