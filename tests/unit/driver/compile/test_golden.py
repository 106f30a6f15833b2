"""golden.npz: arrays under the tensors' names, in the source's layout; older files are read too."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from edgec.driver.compile.golden import golden_file, golden_of
from edgec.driver.output import OutputInfo
from edgec.driver.ports import PortInfo, random_inputs
from edgec.errors import EdgecError

IMAGE = PortInfo("image", (1, 4, 3, 2), "int8", 0.1, 0, (0, 2, 3, 1), float_source=True)
SCORES = PortInfo("model/scores:0", (1, 5), "int16", 0.1, 0, None, float_source=True)


def renamed(port: PortInfo, name: str) -> PortInfo:
    return PortInfo.from_json({**port.to_json(), "name": name})


def output(folder: Path, inputs: Sequence[PortInfo], outputs: Sequence[PortInfo]) -> OutputInfo:
    return OutputInfo(folder, {}, "m", list(inputs), list(outputs))


def vectors(built: OutputInfo, count: int = 3) -> tuple[list[list[bytes]], list[list[bytes]]]:
    return random_inputs(built.inputs, count), random_inputs(built.outputs, count, seed=1)


def write(built: OutputInfo, count: int = 3) -> tuple[list[list[bytes]], list[list[bytes]]]:
    inputs, outputs = vectors(built, count)
    data = golden_file((built.inputs, built.outputs), inputs, outputs)
    (built.folder / "golden.npz").write_bytes(data)
    return inputs, outputs


def test_arrays_are_those_of_edgec_run(tmp_path: Path) -> None:
    built = output(tmp_path, [IMAGE], [SCORES])
    inputs, outputs = write(built)
    with np.load(tmp_path / "golden.npz") as archive:
        arrays = dict(archive)
    assert list(arrays) == ["image", "model/scores:0"]
    assert (arrays["image"].dtype, arrays["image"].shape) == (np.int8, (3, 2, 4, 3))
    ours = np.frombuffer(inputs[1][0], np.int8).reshape(4, 3, 2)
    assert all(
        arrays["image"][1, c, h, w] == ours[h, w, c]
        for h in range(4)
        for w in range(3)
        for c in range(2)
    )
    assert arrays["model/scores:0"][2].tobytes() == outputs[2][0]
    assert golden_of(built) == (inputs, outputs)


@pytest.mark.parametrize(
    "names",
    [
        ("../../x", "/abs"),
        ("a\0b", "a_b"),
        ("", "."),
        ("x" * 70_000, "x" * 70_000 + "y"),
        ("same", "same"),
        ("\ud800", "\udc00"),
        ("output_0", "input_0"),
        ("input_0", "output_0"),
        ("file", "allow_pickle"),
    ],
)
def test_names_that_no_npz_file_can_hold(tmp_path: Path, names: tuple[str, str]) -> None:
    built = output(tmp_path, [renamed(IMAGE, names[0])], [renamed(SCORES, names[1])])
    assert write(built) == golden_of(built)
    with np.load(tmp_path / "golden.npz") as archive:
        assert len(archive.files) == 2


@pytest.mark.parametrize("names", [("image", "scores"), ("input_0", "output_0")])
def test_files_of_older_versions_are_read(tmp_path: Path, names: tuple[str, str]) -> None:
    built = output(tmp_path, [renamed(IMAGE, names[0])], [renamed(SCORES, names[1])])
    inputs, outputs = vectors(built)
    rows = {
        f"{side}_0": np.stack([np.frombuffer(each[0], np.uint8) for each in samples])
        for side, samples in (("input", inputs), ("output", outputs))
    }
    np.savez(tmp_path / "golden.npz", **rows)
    assert golden_of(built) == (inputs, outputs)


def test_what_does_not_fit_the_report(tmp_path: Path) -> None:
    built = output(tmp_path, [IMAGE], [SCORES])
    write(built)
    with np.load(tmp_path / "golden.npz") as archive:
        good = dict(archive)
    for change, message in (
        ({"image": good["image"].astype(np.int16)}, "other shapes or types"),
        ({"image": good["image"][:, :, :3]}, "other shapes or types"),
        ({"image": good["image"][:2]}, "number of samples"),
        ({key: array[:0] for key, array in good.items()}, "or have none"),
    ):
        np.savez(tmp_path / "golden.npz", **{**good, **change})
        with pytest.raises(EdgecError, match=message):
            golden_of(built)
    np.savez(tmp_path / "golden.npz", image=good["image"])
    with pytest.raises(EdgecError, match="there is no array 'model/scores:0'"):
        golden_of(built)
