"""Under which keys of an .npz file the arrays of a model may stand."""

import pytest

from edgec.quantization.samples.spellings import chosen_keys, spelled


@pytest.mark.parametrize(
    ("key", "names", "aliases", "wanted"),
    [
        ("image", ["image"], {"image": "serving_default_image:0"}, "image"),
        ("serving_default_image:0", ["image"], {"image": "serving_default_image:0"}, "image"),
        ("serving_default_image", ["image"], {"image": "serving_default_image:0"}, "image"),
        ("serving_default_image_0", ["image"], {"image": "serving_default_image:0"}, "image"),
        ("input_1", ["input_1:0"], {}, "input_1:0"),
        ("input_1", ["input.1"], {}, "input.1"),
        ("x/y", ["x/y"], {}, "x/y"),
        ("x_y", ["x/y"], {}, "x/y"),
        ("a_b", ["a\\b"], {}, "a\\b"),
        ("b", ["a", "b"], {"a": "b"}, "b"),
        ("b", ["a", "c"], {"a": "b", "c": "b"}, None),
        ("x_1", ["x.1", "x:1"], {}, None),
        ("label", ["label:0"], {}, None),
        ("label", ["label"], {}, "label"),
        ("nothing", ["a"], {}, None),
    ],
)
def test_a_key_means(
    key: str, names: list[str], aliases: dict[str, str], wanted: str | None
) -> None:
    assert spelled(names, aliases).get(key) == wanted


def test_the_most_exact_key_wins() -> None:
    spellings = spelled(["x"], {"x": "serving_default_x:0"})
    assert chosen_keys(["serving_default_x:0", "x"], spellings) == {"x": "x"}
    assert chosen_keys(["serving_default_x", "serving_default_x:0"], spellings) == {
        "serving_default_x:0": "x"
    }
