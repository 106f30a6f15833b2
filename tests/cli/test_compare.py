"""edgec compare: the change of every metric, limits on it, three ways to print it."""

import json
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Cli

from edgec.driver.reports.compare import METRICS, compare, parse_limits
from edgec.errors import EdgecError


def report(**changes: Any) -> dict[str, Any]:
    """Return the parts of a report that are compared."""
    memory = {
        "ram_total_bytes": 5000,
        "arena_bytes": 4000,
        "stack_bytes": 700,
        "flash_total_bytes": 30_000,
        "weights_bytes": 8000,
        "code_bytes": 22_000,
    }
    return {
        "memory": memory | changes.pop("memory", {}),
        "model": {"macs": 85_632, "params": 7510},
        "layers": [{"cycles_estimate": None}],
        "instructions_total": 500_000,
        "accuracy": None,
        "quantization": {"output_sqnr_db": 38.5},
        **changes,
    }


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(report()))
    new.write_text(json.dumps(report(instructions_total=510_000, memory={"ram_total_bytes": 4900})))
    return old, new


def test_rows_state_the_change(pair: tuple[Path, Path]) -> None:
    rows = {row.metric: row for row in compare(*pair).rows}
    assert rows["instructions"].change == 10_000
    assert rows["instructions"].percent == pytest.approx(2.0)
    assert rows["ram"].change == -100
    assert rows["sqnr"].change == 0
    assert "accuracy" not in rows
    assert "cycles" not in rows


@pytest.mark.parametrize(
    ("limits", "failed"),
    [
        ("instructions>+1%", ["instructions>+1%"]),
        ("instructions>2%", []),
        ("instructions>9999,ram>0", ["instructions>9999"]),
        ("ram<-50", ["ram<-50"]),
        ("ram>0, flash>0", []),
        ("accuracy<-0.01", []),
    ],
)
def test_limits(pair: tuple[Path, Path], limits: str, failed: list[str]) -> None:
    assert [limit.text for limit in compare(*pair, limits).failed] == failed


def test_growth_from_zero_exceeds_a_percentage(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(report(memory={"stack_bytes": 0})))
    new.write_text(json.dumps(report()))
    assert compare(old, new, "stack>5%").failed


def test_every_wrong_limit_is_named() -> None:
    with pytest.raises(EdgecError) as caught:
        parse_limits("instructons>1%,ram=3,arena>0")
    assert caught.value.code == "invalid-limit"
    text = str(caught.value)
    assert "did you mean 'instructions'?" in text
    assert "'ram=3' is no condition" in text
    assert caught.value.exit_code == 2


def test_command(cli: Any, pair: tuple[Path, Path]) -> None:
    ended = cli("compare", *pair, "--json", "--fail-if", "instructions>1%")
    assert ended.code == 4
    assert ended.json["failed"] == ["instructions>1%"]
    row = next(each for each in ended.json["rows"] if each["metric"] == "instructions")
    assert (row["old"], row["new"], row["change"]) == (500_000, 510_000, 10_000)
    assert cli("compare", *pair).code == 0
    table = cli("compare", *pair, "--markdown", "--fail-if", "instructions>1%")
    assert (
        "| **instructions** (limit exceeded) | 500,000 | 510,000 | +10,000 | +2.00 % |" in table.out
    )


def test_a_folder_that_is_no_build(cli: Any, tmp_path: Path) -> None:
    ended = cli("compare", tmp_path, tmp_path)
    assert ended.code == 1
    assert "error[not-an-output]" in ended.err


@pytest.mark.parametrize("side", ["old", "new", "both"])
@pytest.mark.parametrize("metric", METRICS)
def test_a_limit_on_what_is_absent_is_a_failure(
    cli: Any, tmp_path: Path, metric: str, side: str
) -> None:
    files = [tmp_path / "old.json", tmp_path / "new.json"]
    bare: dict[str, Any] = {"memory": {}, "model": {}}
    whole = report(layers=[{"cycles_estimate": 7}], accuracy={"quantized": 0.9})
    for file, lacks in zip(files, (side != "new", side != "old"), strict=True):
        file.write_text(json.dumps(bare if lacks else whole))
    ended = cli("compare", *files, "--json", "--fail-if", f"{metric}>5%,{metric}<-3")
    assert ended.code == 4
    assert ended.json["failed"] == []
    assert [each["limit"] for each in ended.json["unjudged"]] == [f"{metric}>5%", f"{metric}<-3"]
    sides = {"both": ("old", "new")}.get(side, (side,))
    assert all(f"no {metric} in the" in each["why"] for each in ended.json["unjudged"])
    assert all(each in ended.json["unjudged"][0]["why"].partition(":")[0] for each in sides)
    for form in ((), ("--markdown",)):
        said = cli("compare", *files, *form, "--fail-if", f"{metric}>5%")
        assert said.code == 4
        assert f"limit cannot be judged: {metric}>5%" in said.err
    assert cli("compare", *files).code == 0


@pytest.mark.parametrize("value", [float("nan"), "38.5", True, [1], None])
def test_what_is_no_number_is_absent(cli: Any, tmp_path: Path, value: object) -> None:
    files = [tmp_path / "old.json", tmp_path / "new.json"]
    for file in files:
        file.write_text(json.dumps(report(quantization={"output_sqnr_db": value})))
    assert cli("compare", *files, "--fail-if", "sqnr<-1").code == 4


def test_an_exact_output_stays_exact(cli: Any, tmp_path: Path) -> None:
    files = [tmp_path / "old.json", tmp_path / "new.json"]
    for file in files:
        file.write_text(json.dumps(report(quantization={"output_sqnr_db": float("inf")})))
    assert cli("compare", *files, "--fail-if", "sqnr<-1").code == 0
    files[1].write_text(json.dumps(report()))
    assert cli("compare", *files, "--fail-if", "sqnr<-1").code == 4


def errors_of(quantized: float, **more: Any) -> dict[str, Any]:
    return {"metric": "MAE", "higher_is_better": False, "quantized": quantized} | more


@pytest.mark.parametrize(
    ("limit", "fails_up", "fails_down"),
    [
        ("accuracy<-0.005", True, False),
        ("accuracy<-1%", True, False),
        ("accuracy>0.005", False, True),
        ("accuracy<-0.5", False, False),
    ],
)
def test_limits_of_accuracy_take_more_as_better(
    limit: str, fails_up: bool, fails_down: bool, tmp_path: Path
) -> None:
    small, large = tmp_path / "small.json", tmp_path / "large.json"
    small.write_text(json.dumps(report(accuracy=errors_of(0.25))))
    large.write_text(json.dumps(report(accuracy=errors_of(0.375))))
    grown, shrunk = compare(small, large, limit), compare(large, small, limit)
    assert (bool(grown.failed), bool(shrunk.failed)) == (fails_up, fails_down)
    (row,) = (each for each in grown.rows if each.metric == "accuracy")
    assert (row.change, row.percent) == (0.125, 50.0)  # as it is


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            {"metric": "top-1", "quantized": 0.9},
            errors_of(0.1),
            "by top-1 in the old report, by MAE",
        ),
        (errors_of(0.2, labels="target:a"), errors_of(0.1, labels="target:b"), "MAE of 'target:a'"),
    ],
)
def test_accuracies_of_different_kinds_are_not_compared(
    old: dict[str, Any], new: dict[str, Any], said: str, cli: Cli, tmp_path: Path
) -> None:
    files = [tmp_path / "old.json", tmp_path / "new.json"]
    for file, accuracy in zip(files, (old, new), strict=True):
        file.write_text(json.dumps(report(accuracy=accuracy)))
    ended = cli("compare", *files, "--json", "--fail-if", "accuracy<-0.5")
    assert ended.code == 4
    (unjudged,) = ended.json["unjudged"]
    assert said in unjudged["why"]
    (row,) = (each for each in ended.json["rows"] if each["metric"] == "accuracy")
    assert (row["change"], row["old"]) == (None, old["quantized"])
    assert " -> " in cli("compare", *files).out


def test_reports_without_the_metric_are_compared_as_before(tmp_path: Path) -> None:
    files = [tmp_path / "old.json", tmp_path / "new.json"]
    for file, accuracy in zip(files, (0.9, 0.8), strict=True):
        file.write_text(json.dumps(report(accuracy={"quantized": accuracy})))
    old, new = files
    assert [each.text for each in compare(old, new, "accuracy<-0.05").failed] == ["accuracy<-0.05"]


def test_the_metric_of_an_accuracy_breaks_no_table(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    file.write_text(json.dumps(report(accuracy=errors_of(0.5, metric="a|b\x1b[31m"))))
    assert "accuracy (a\\|b" in cli("compare", file, file, "--markdown").out
    assert "\x1b" not in cli("compare", file, file).out
