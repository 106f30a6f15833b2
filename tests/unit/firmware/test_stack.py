"""The worst case of the stack is the deepest chain; what has no bound is an error."""

from pathlib import Path

import pytest

from edgec.errors import EdgecError
from edgec.firmware.stack import LIBRARY_FRAME_BYTES, read_call_graph, worst_case

ENTRY = "edgec_reset"


def ci_file(folder: Path, name: str, frames: dict[str, str], calls: list[tuple[str, str]]) -> Path:
    """Write a file as gcc's -fcallgraph-info=su does."""
    nodes = [
        f'node: {{ title: "{title}" label: "{title}\\na.c:1:1\\n{frame}" }}'
        for title, frame in frames.items()
    ]
    edges = [f'edge: {{ sourcename: "{a}" targetname: "{b}" label: "a.c:2:3" }}' for a, b in calls]
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(['graph: { title: "a.c"', *nodes, *edges, "}"]))
    return path


def test_deepest_chain_plus_interrupt(tmp_path: Path) -> None:
    frames = {
        "edgec_reset": "8 bytes (static)",
        "a": "100 bytes (static)",
        "b": "16 bytes (static)",
    }
    calls = [("edgec_reset", "a"), ("edgec_reset", "b"), ("b", "memcpy"), ("b", "a")]
    use = worst_case(read_call_graph([ci_file(tmp_path, "a.ci", frames, calls)]), 36, ENTRY)
    assert use.bytes == 8 + 16 + 100 + 36
    assert use.chain == ("edgec_reset", "b", "a")


def test_library_functions_count_as_a_fixed_frame(tmp_path: Path) -> None:
    file = ci_file(
        tmp_path, "a.ci", {"edgec_reset": "8 bytes (static)"}, [("edgec_reset", "memcpy")]
    )
    assert worst_case(read_call_graph([file]), 0, ENTRY).bytes == 8 + LIBRARY_FRAME_BYTES


def test_pointers_of_the_runner_lead_to_the_model(tmp_path: Path) -> None:
    main = {"firmware/main.c:run": "24 bytes (static)", "edgec_reset": "0 bytes (static)"}
    runner = {"edgec_measure": "40 bytes (static)"}
    files = [
        ci_file(tmp_path, "main.ci", main, [("edgec_reset", "edgec_measure")]),
        ci_file(tmp_path, "runner/measure.ci", runner, [("edgec_measure", "__indirect_call")]),
    ]
    use = worst_case(read_call_graph(files), 0, ENTRY)
    assert use.chain == ("edgec_reset", "edgec_measure", "firmware/main.c:run")


@pytest.mark.parametrize(
    ("frame", "calls", "code"),
    [
        ("8 bytes (dynamic)", [], "unbounded-stack"),
        ("8 bytes (static)", [("edgec_reset", "__indirect_call")], "unbounded-stack"),
        ("8 bytes (static)", [("edgec_reset", "x"), ("x", "edgec_reset")], "recursive-call"),
        ("8 bytes (static)", [("edgec_reset", "edgec_reset")], "recursive-call"),
    ],
)
def test_no_bound(tmp_path: Path, frame: str, calls: list[tuple[str, str]], code: str) -> None:
    file = ci_file(tmp_path, "a.ci", {"edgec_reset": frame, "x": "0 bytes (static)"}, calls)
    with pytest.raises(EdgecError) as caught:
        worst_case(read_call_graph([file]), 0, ENTRY)
    assert caught.value.code == code
    assert "edgec_reset" in caught.value.message


def test_a_bounded_dynamic_frame_is_fine(tmp_path: Path) -> None:
    file = ci_file(tmp_path, "a.ci", {"edgec_reset": "48 bytes (dynamic,bounded)"}, [])
    assert worst_case(read_call_graph([file]), 0, ENTRY).bytes == 48
