"""build, run and test on a small model: what they print, write and return."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from cli.conftest import Cli


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.qemu
def test_build_writes_the_folder_and_prints_a_summary(
    cli: Cli, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    ended = cli("build", model, "--board", "stm32", "-o", out)
    assert ended.code == 0, ended.err
    expected = {
        *("small", "firmware", "firmware.elf", "firmware.bin", "firmware.hex", "firmware.map"),
        *("small.tflite", "small.edgec", "golden.npz", "report.json", "report.html"),
    }
    assert {path.name for path in out.iterdir()} == expected
    report = json.loads((out / "report.json").read_text())
    assert f"{report['instructions_total']:,} instructions" in ended.out
    assert f"edgec test {out}" in ended.out
    assert all(layer["kernel"] in ended.out for layer in report["layers"])


@pytest.mark.qemu
def test_build_json_is_the_report_and_nothing_else(cli: Cli, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = cli("build", model, "-b", "qemu-m3", "-o", out, "--kernels", "portable", "--json")
    assert ended.err == ""
    document = ended.json
    assert document.pop("folder") == str(out)
    assert document == json.loads((out / "report.json").read_text())
    assert {layer["backend"] for layer in document["layers"]} == {"portable_c"}


@pytest.mark.qemu
def test_options_come_from_a_config_file_and_flags_win(
    cli: Cli, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(model, tmp_path / "m.tflite")
    config = 'model = "m.tflite"\nboard = "qemu-m0"\noutput = "made"\nname = "From Config"\n'
    (tmp_path / "edgec.toml").write_text(config)
    monkeypatch.chdir(tmp_path)
    ended = cli("build", "--board", "qemu-m3", "--json")
    assert ended.code == 0, ended.out
    assert ended.json["board"] == "qemu-m3"
    assert (tmp_path / "made" / "from_config" / "from_config.h").is_file()


@pytest.mark.qemu
def test_two_builds_are_byte_identical(cli: Cli, model: Path, tmp_path: Path) -> None:
    digests = []
    for name in ("one", "two/deeper"):
        out = tmp_path / name
        assert cli("build", model, "-b", "stm32", "-o", out).code == 0
        files = [path for path in out.rglob("*") if path.is_file()]
        digests.append({path.relative_to(out): digest(path) for path in files})
    assert digests[0] == digests[1]


@pytest.mark.qemu
def test_nothing_generated_tells_where_or_when_it_was_made(built: Path) -> None:
    places = [str(built).encode(), str(built.parent).encode(), str(Path.home()).encode() + b"/"]
    for path in (each for each in built.rglob("*") if each.is_file()):
        data = path.read_bytes()
        assert not [place for place in places if place in data], path


@pytest.mark.qemu
@pytest.mark.parametrize("on", ["emulator", "host"])
def test_firmware_equals_its_reference(cli: Cli, built: Path, on: str) -> None:
    ended = cli("test", built, "--on", on, "--json")
    assert ended.code == 0, ended.out
    document = ended.json
    assert document["samples"] == 20
    assert document["mismatches"] == 0
    assert document["first"] is None
    assert "passed: all 20 samples" in cli("test", built, "--on", on).out


@pytest.mark.qemu
def test_a_mismatch_is_shown_and_exits_with_4(cli: Cli, built: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(built, changed)
    with np.load(changed / "golden.npz") as archive:
        arrays = dict(archive)
    arrays["scores"][3, 2] ^= 1
    np.savez(changed / "golden.npz", **arrays)
    ended = cli("test", changed)
    assert ended.code == 4
    assert "FAILED: 1 of 20" in ended.out
    first = cli("test", changed, "--json").json["first"]
    assert first["sample"] == 3
    assert first["index"][-1] == 2
    assert abs(first["expected"] - first["actual"]) == 1


@pytest.mark.qemu
def test_labels_give_an_accuracy(cli: Cli, built: Path, samples: Path) -> None:
    document = cli("test", built, "--data", samples, "--json").json
    assert document["samples"] == 6
    shown = cli("test", built, "--data", samples).out
    assert f"accuracy {document['accuracy']:.2%} over 6 labelled samples" in shown
    outputs = np.array(cli("run", built, "--input", samples, "--json").json["outputs"]["scores"])
    expected = float(np.mean(outputs.reshape(6, -1).argmax(axis=1) == 0))
    assert document["accuracy"] == pytest.approx(expected)


@pytest.mark.qemu
def test_run_writes_outputs_and_counts(
    cli: Cli, built: Path, samples: Path, tmp_path: Path
) -> None:
    target = tmp_path / "deep" / "outputs.npz"
    ended = cli("run", built, "-i", samples, "-o", target)
    assert ended.code == 0, ended.err
    with np.load(target) as archive:
        assert archive["scores"].shape == (6, 5)
        assert archive["scores"].dtype == np.int8
    assert "instructions per inference" in ended.out
    host = cli("run", built, "-i", samples, "--on", "host", "--json").json
    emulated = cli("run", built, "-i", samples, "--json").json
    assert host["outputs"] == emulated["outputs"]
    assert host["instructions"] is None
    assert len(emulated["instructions"]) == 6


@pytest.mark.qemu
def test_without_input_a_seeded_sample_runs(cli: Cli, built: Path) -> None:
    assert cli("run", built, "--json").json == cli("run", built, "--json").json


@pytest.mark.qemu
def test_the_html_report_needs_nothing_from_outside(built: Path) -> None:
    page = (built / "report.html").read_text()
    assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")
    assert "<script" not in page
    assert "arm_softmax_s8" in page


@pytest.mark.qemu
def test_an_output_that_is_a_link_is_followed(cli: Cli, model: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk" / "there", target_is_directory=True)
    for _ in range(2):
        assert cli("build", model, "-b", "qemu-m4", "-o", tmp_path / "out").code == 0
        assert (tmp_path / "out").is_symlink()
        assert (tmp_path / "disk" / "there" / "report.json").is_file()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    (tmp_path / "other").symlink_to(tmp_path / "mine")
    ended = cli("build", model, "-b", "qemu-m4", "-o", tmp_path / "other")
    assert "error[output-in-use]" in ended.err
