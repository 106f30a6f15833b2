"""Folders that --cmsis-nn may name: a checkout, all of CMSIS, packs; and what is none of these."""

from pathlib import Path

import pytest

from edgec.backends.cmsis_nn.source import find
from edgec.errors import EdgecError, ExitCode

FILES = {
    "Include/arm_nnfunctions.h": "/* $Revision: V.18.0.0 */\nvoid arm_f(void);\n",
    "Include/Internal/arm_nn_compiler.h": "\n",
    "Source/Group/arm_f.c": "void arm_f(void)\n{\n}\n",
}


def copy(root: Path, *without: str) -> Path:
    for path, text in FILES.items():
        if path not in without:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
    return root


@pytest.mark.parametrize(
    "inside", ["", "CMSIS/NN", "CMSIS-NN", "NN", "7.0.0", "ARM.CMSIS-NN.7.0.0"]
)
def test_the_folder_or_the_one_above(tmp_path: Path, inside: str) -> None:
    copy(tmp_path / inside)
    (tmp_path / "LICENSE.txt").write_text("Apache\n")
    library = find(tmp_path)
    assert library.revision == "V.18.0.0"
    chosen = library.closure(["arm_f"])
    assert set(chosen) == {*FILES, "LICENSE.txt"}
    assert find(tmp_path / inside).sha256 == library.sha256


def test_a_license_beside_the_sources_comes_before_one_above(tmp_path: Path) -> None:
    (copy(tmp_path / "CMSIS/NN") / "LICENSE").write_text("own\n")
    (tmp_path / "LICENSE.txt").write_text("above\n")
    assert find(tmp_path).files["LICENSE"] == b"own\n"
    assert "LICENSE.txt" not in find(tmp_path).files


def test_no_file_outside_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("of something else\n")
    assert set(find(copy(tmp_path / "nn")).files) == set(FILES)


def test_the_license_does_not_make_another_library(tmp_path: Path) -> None:
    bare = find(copy(tmp_path / "bare"))
    licensed = copy(tmp_path / "licensed")
    (licensed / "LICENSE").write_text("Apache\n")
    assert find(licensed).sha256 == bare.sha256
    (licensed / "Source/Group/arm_g.c").write_text("\n")
    assert find(copy(tmp_path / "again")).sha256 == bare.sha256


def refusal(folder: Path) -> EdgecError:
    with pytest.raises(EdgecError) as caught:
        find(folder)
    error = caught.value
    assert (error.code, error.exit_code) == ("cmsis-nn-missing", ExitCode.TOOL)
    assert str(folder) in error.place.file
    assert "Include and Source" in error.help
    return error


def test_what_is_no_cmsis_nn(tmp_path: Path) -> None:
    file = tmp_path / "nn.pack"
    file.write_text("zip\n")
    assert "no such folder" in refusal(tmp_path / "gone").message
    assert "is a file" in refusal(file).message
    assert "holds no CMSIS-NN (Include/arm_nnfunctions.h)" in refusal(tmp_path).message
    headers = copy(tmp_path / "headers", "Source/Group/arm_f.c")
    assert "headers only" in refusal(headers).message


def test_several_copies_are_not_chosen_from(tmp_path: Path) -> None:
    for version in ("6.0.0", "7.0.0"):
        copy(tmp_path / version)
    assert "several copies of CMSIS-NN: 6.0.0, 7.0.0" in refusal(tmp_path).message
    assert find(tmp_path / "6.0.0").revision == "V.18.0.0"


def test_the_environment_names_one_where_no_option_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEC_CMSIS_NN", str(copy(tmp_path / "CMSIS-NN").parent))
    assert find().revision == "V.18.0.0"
    monkeypatch.setenv("EDGEC_CMSIS_NN", "")
    assert find().revision == "V.12.5.1"
