"""Names: what is found without a search is what a search finds."""

from hypothesis import given
from hypothesis import strategies as st

from edgec.ir import Names
from edgec.passes.rewrite import unused

NAMES = st.sampled_from(["a", "b", "a.2", "a.3", "a.4", "a.1", "a.03", "b.2", "a.2.2", "a.x"])
SETS = st.sets(NAMES, max_size=4)
STEPS = st.lists(st.tuples(st.booleans(), NAMES, SETS, SETS), max_size=30)


@given(STEPS)
def test_names_are_found_as_by_a_search(steps: list[tuple[bool, str, set[str], set[str]]]) -> None:
    names, present = Names(["a", "a.2"]), ["a", "a.2"]
    for add, name, free, taken in steps:
        if add:
            names.add(name)
            present.append(name)
        elif name in present:
            names.remove(name)
            present.remove(name)
        wanted = unused(name, set(present) - free, taken)
        assert names.unused(name, free=free, taken=taken) == wanted
        assert (name in names) == (name in present)


def test_numbers_without_end_are_no_numbers() -> None:
    names = Names(["a", "a.2"])
    names.add("a." + "9" * 5000)
    names.remove("a." + "9" * 5000)
    assert names.unused("a") == "a.3"
