"""report.html: well-formed, self-contained, escaped, the same every time."""

import copy
from html.parser import HTMLParser
from typing import Any

import pytest

from edgec.driver.reports.html import html_report
from edgec.driver.reports.memory_picture import HEIGHT, WIDTH, memory_picture

HOSTILE = '</td><script>alert(1)</script>" onload="x" & \u202e'
VOID = {"meta"}


def report(name: str = "model", *, counted: bool = True) -> dict[str, Any]:
    """Return a small report whose texts all contain ``name``."""
    count = 900 if counted else None
    port = {
        "name": f"{name} in",
        "shape": [1, 4, 4, 2],
        "dtype": "int8",
        "scale": 0.5,
        "zero_point": 3,
    }
    layer = {
        "name": f"{name} conv",
        "op": "conv2d",
        "kernel": f"{name} kernel",
        "backend": "cmsis_nn",
        "dtype": "int16",
        "macs": 300,
        "weights_bytes": 40,
        "scratch_bytes": 8,
        "in": [[1, 4, 4, 2]],
        "out": [[1, 2, 2, 1]],
        "instructions": count,
    }
    memory = {
        "arena_bytes": 64,
        "arena_lower_bound_bytes": 48,
        "static_ram_bytes": 10,
        "stack_bytes": 20,
        "ram_total_bytes": 100,
        "ram_limit_bytes": 1000,
        "weights_bytes": 40,
        "code_bytes": 50,
        "flash_total_bytes": 90,
        "flash_limit_bytes": 80,
        "plan": [
            {"tensor": f"{name} in", "offset": 0, "size": 32, "first": -1, "last": 0},
            {"tensor": f"{name} out", "offset": 32, "size": 32, "first": 0, "last": 1},
        ],
    }
    return {
        "edgec_version": "1.2.3",
        "model": {
            "name": name,
            "source_format": "ONNX",
            "sha256": "ab" * 32,
            "inputs": [port],
            "outputs": [{**port, "scale": None}],
            "macs": 300,
            "params": 40,
        },
        "board": f"{name} board",
        "cpu": "cortex-m4",
        "config": {"model": f"{name}.onnx", "calib": ""},
        "libraries": [{"name": f"NN of {name}", "revision": "V.18.0.0", "sha256": "ab" * 32}],
        "memory": memory,
        "layers": [layer],
        "instructions_total": count,
        "quantization": {
            "scheme": "mixed",
            "widths": widths(name),
            "per_layer": [
                {"name": f"{name} conv", "sqnr_db": 12.34, "hint": f"outlier channel in {name}"}
            ],
            "weakest": [f"{name} conv"],
            "output_sqnr_db": None,
        },
        "accuracy": None,
        "passes": [{"name": "fold", "changed": True}],
        "warnings": [f"{name} warning"],
    }


def widths(name: str) -> dict[str, Any]:
    """Return a report's ``quantization.widths``: one group in int16."""
    return {
        "requirement": "38 dB of output SQNR",
        "met": True,
        "layers": 2,
        "int16_layers": 1,
        "trials": [
            {"int16_layers": 0, "output_sqnr_db": 35.31, "met": False},
            {"int16_layers": 1, "output_sqnr_db": 38.52, "met": True},
        ],
        "groups": [{"layers": [f"{name} conv"], "type": "int16", "sqnr_db_if_int8": 41.74}],
    }


class Strict(HTMLParser):
    """Fails on tags that do not match; collects tags and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag not in VOID | {"br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(page: bytes) -> Strict:
    parser = Strict()
    parser.feed(page.decode())
    assert parser.open == []
    return parser


def test_hostile_names_stay_text() -> None:
    tame, hostile = html_report(report("tame")), html_report(report(HOSTILE))
    assert b"<script" not in hostile
    assert parsed(hostile).tags == parsed(tame).tags
    assert parsed(hostile).attributes == parsed(tame).attributes


def test_names_that_are_no_unicode_text() -> None:
    assert html_report(report("half a \ud83d pair"))


@pytest.mark.parametrize("counted", [True, False])
def test_page_is_well_formed_and_self_contained(*, counted: bool) -> None:
    page = html_report(report(counted=counted))
    parser = parsed(page)
    assert not parser.tags & {"script", "link", "img", "iframe", "object"}
    assert not parser.attributes & {"src", "href", "onload", "onclick"}


def test_linked_libraries_are_named() -> None:
    page = html_report(report()).decode()
    assert "NN of model" in page
    assert "V.18.0.0" in page


def test_equal_reports_give_equal_pages() -> None:
    assert html_report(report()) == html_report(copy.deepcopy(report()))


def test_numbers_are_shown() -> None:
    page = html_report(report()).decode()
    for text in ("900", "3.00 per MAC", "100 of 1,000 bytes", "1×4×4×2", "no plan can be below 48"):  # noqa: RUF001
        assert text in page
    assert 'class="over">90 of 80 bytes' in page


def test_widths_are_explained() -> None:
    page = html_report(report()).decode()
    assert "1 of 2 layers are int16, which meets 38 dB of output SQNR." in page
    assert "Tried numbers of int16 layers: 0 (35.3 dB), 1 (38.5 dB)." in page
    assert '<td class="name">model conv</td><td>int16</td><td class="n">41.7 dB</td>' in page
    plain = report()
    plain["quantization"]["widths"] = None
    assert "share a width" not in html_report(plain).decode()


def test_weak_layers_come_with_their_causes() -> None:
    page = html_report(report()).decode()
    assert '<td class="name">model conv</td><td class="n">12.3 dB</td>' in page
    assert "<td>outlier channel in model</td>" in page
    fine = report()
    fine["quantization"]["weakest"] = []
    assert "likely cause" not in html_report(fine).decode()


def test_picture_places_boxes_by_time_and_address() -> None:
    plan = report()["memory"]["plan"]
    first, second = memory_picture(plan, 64, 1).boxes
    column = WIDTH / 3  # input, one call, output
    assert first.x == 0
    assert first.width == pytest.approx(2 * column)
    assert second.x == pytest.approx(column)
    assert second.width == pytest.approx(2 * column)
    assert first.y + first.height == pytest.approx(HEIGHT), "address 0 is at the bottom"
    assert second.y == pytest.approx(0)
    assert "32 bytes at 0, calls -1 to 0" in first.tooltip


def test_empty_plan_has_a_picture() -> None:
    assert memory_picture([], 0, 0).boxes == ()
