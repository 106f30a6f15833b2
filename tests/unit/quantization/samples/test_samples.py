"""Samples: what fits reaches the graph in its own layout; what does not has its own error."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from equivalence import floats, graph_of
from ops.case import int8

from edgec.errors import EdgecError
from edgec.ir import Array, Graph, ValueName
from edgec.ops.activations.relu import Relu
from edgec.quantization.samples.samples import Samples, read_samples, sample_shape, source_shape

IMAGE = ValueName("image")


def nhwc() -> Graph:
    """Return a graph whose source had [1,3,4,2]; ours is [1,4,2,3]."""
    graph = graph_of(lambda g: [g.add1(Relu(), g.input("image", floats(1, 4, 2, 3)))])
    return replace(graph, layouts={IMAGE: (0, 2, 3, 1)})


def images(count: int = 20) -> Array:
    return np.random.default_rng(0).standard_normal((count, 3, 4, 2)).astype(np.float32)


def read(folder: Path, graph: Graph, **arrays: Array) -> Samples:
    path = folder / "calib.npz"
    np.savez(path, **arrays)
    return read_samples(path, graph)


def error_of(folder: Path, graph: Graph, **arrays: Array) -> EdgecError:
    with pytest.raises(EdgecError) as caught:
        read(folder, graph, **arrays)
    return caught.value


def test_shapes_are_those_of_the_source() -> None:
    assert source_shape(nhwc(), IMAGE) == (1, 3, 4, 2)
    assert sample_shape(nhwc(), IMAGE) == (3, 4, 2)


def test_samples_come_in_the_graphs_layout(tmp_path: Path) -> None:
    samples = read(tmp_path, nhwc(), image=images(), label=np.arange(20))
    assert len(samples) == 20
    np.testing.assert_array_equal(samples.sample(3)[IMAGE], images()[3:4].transpose(0, 2, 3, 1))
    (labels,) = samples.labels
    assert labels.values.tolist() == list(range(20))
    assert samples.warnings == ()


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_floats_become_float32(dtype: type, tmp_path: Path) -> None:
    samples = read(tmp_path, nhwc(), image=images().astype(dtype))
    assert samples.arrays[IMAGE].dtype == np.float32


def test_arrays_of_other_names_do_not_matter(tmp_path: Path) -> None:
    samples = read(tmp_path, nhwc(), image=images(), note=np.zeros(3, bool))
    assert list(samples.arrays) == [IMAGE]


def test_an_integer_graph_takes_its_integers_or_floats(tmp_path: Path) -> None:
    graph = graph_of(lambda g: [g.add1(Relu(), g.input("x", int8((1, 4), 0.5, 3)))])
    data = np.array([[-1, 0, 1.2, 900]], np.float32)
    assert read(tmp_path, graph, x=data).sample(0)[ValueName("x")].tolist() == [[1, 3, 5, 127]]
    integers = np.array([[1, 2, 3, 4]], np.int8)
    assert read(tmp_path, graph, x=integers).sample(0)[ValueName("x")].tolist() == [[1, 2, 3, 4]]


def test_a_wrong_key_names_the_nearest(tmp_path: Path) -> None:
    error = error_of(tmp_path, nhwc(), images=images(), label=np.arange(10))
    assert error.code == "samples-keys"
    assert "'images', 'label'" in error.message
    assert error.help == "rename 'images' to 'image', the name of the model's input"


def test_a_file_without_arrays_says_how_to_make_one(tmp_path: Path) -> None:
    error = error_of(tmp_path, nhwc())
    assert error.code == "samples-keys"
    assert "numpy.savez" in error.help


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((10, 4, 2, 3), "array.transpose(0, 3, 1, 2)"),
        ((10, 4, 3, 2), "array.transpose(0, 2, 1, 3)"),
        ((10, 24), "array.reshape(-1, 3, 4, 2)"),
        ((10, 3, 5, 2), "only axis 2 differs, 5 in place of 4"),
        ((3, 4, 2), "newaxis"),
        ((10, 1, 3, 4, 2), "array[:, 0]"),
        ((10, 3, 5, 5), "first axis counts"),
        ((), "first axis counts"),
    ],
)
def test_a_wrong_shape_is_explained(shape: tuple[int, ...], hint: str, tmp_path: Path) -> None:
    error = error_of(tmp_path, nhwc(), image=np.zeros(shape, np.float32))
    assert error.code == "samples-shape"
    assert str(shape) in error.message
    assert "(samples, 3, 4, 2)" in error.message
    assert hint in error.help


def test_no_samples_at_all(tmp_path: Path) -> None:
    assert error_of(tmp_path, nhwc(), image=images(0)).code == "samples-empty"


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.bool_, np.complex64])
def test_a_wrong_element_type_says_what_to_save(dtype: type, tmp_path: Path) -> None:
    error = error_of(tmp_path, nhwc(), image=np.ones((10, 3, 4, 2), dtype))
    assert error.code == "samples-dtype"
    assert ("/ 255" in error.help) == (dtype is np.uint8)


def test_integers_of_another_type_than_the_files_are_not_called_floats(tmp_path: Path) -> None:
    """As floats they would mean other numbers than the file's integers."""
    kind = int8((1, 4), 0.0125, -3)
    graph = graph_of(lambda g: [g.add1(Relu(), g.input("image", kind), qparams=kind.qparams)])
    error = error_of(tmp_path, graph, image=np.full((10, 4), 5, np.int64))
    assert error.code == "samples-dtype"
    assert "numpy.int8" in error.help
    assert "the real numbers 0.0125 * (integer - -3)" in error.help


def test_values_beyond_float32_are_too_large(tmp_path: Path) -> None:
    error = error_of(tmp_path, nhwc(), image=images().astype(np.float64) * 1e300)
    assert error.code == "samples-values"
    assert "too large for float32" in error.message


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_counted_and_placed(bad: float, tmp_path: Path) -> None:
    data = images()
    data[4, 2, 1, 0] = data[5, 0, 0, 0] = bad
    error = error_of(tmp_path, nhwc(), image=data)
    assert error.code == "samples-values"
    assert error.message.startswith("2 of 480 values")
    assert "(4, 2, 1, 0)" in error.message


def test_several_problems_come_together(tmp_path: Path) -> None:
    graph = graph_of(lambda g: [g.input(name, floats(1, 2)) for name in "abc"])
    nan = np.full((3, 2), np.nan, np.float32)
    error = error_of(tmp_path, graph, a=np.zeros((3, 5), np.float32), b=nan)
    codes = [each.code for each in error.problems()]
    assert codes == ["samples-shape", "samples-values", "samples-keys"]


def test_inputs_need_the_same_number_of_samples(tmp_path: Path) -> None:
    graph = graph_of(lambda g: [g.input(name, floats(1, 2)) for name in "ab"])
    arrays = {name: np.zeros((n, 2), np.float32) for name, n in (("a", 3), ("b", 4))}
    error = error_of(tmp_path, graph, **arrays)
    assert error.code == "samples-shape"
    assert "'a' has 3, 'b' has 4" in error.message


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no archive", b"text"])
def test_other_files_are_malformed(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "calib.npz"
    path.write_bytes(data)
    with pytest.raises(EdgecError) as caught:
        read_samples(path, nhwc())
    assert caught.value.code == "malformed-samples"


def test_pickles_are_not_run(tmp_path: Path) -> None:
    error = error_of(tmp_path, nhwc(), image=np.array([{"a": 1}], object))
    assert error.code == "malformed-samples"
    assert "pickle" in error.message


def test_a_npy_file_a_folder_and_half_a_file_are_told_apart(tmp_path: Path) -> None:
    npy, whole, half = (tmp_path / name for name in ("x.npy", "whole.npz", "half.npz"))
    np.save(npy, images())
    np.savez(whole, image=images())
    half.write_bytes(whole.read_bytes()[:-200])
    for path, said in ((npy, ".npy file"), (tmp_path, "folder"), (half, "cut off or damaged")):
        with pytest.raises(EdgecError, match=said) as caught:
            read_samples(path, nhwc())
        assert caught.value.code == "malformed-samples"


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(EdgecError) as caught:
        read_samples(tmp_path / "none.npz", nhwc())
    assert caught.value.code == "file-not-found"


def test_pixels_and_constant_and_few_samples_are_warned_about(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 3, 4, 2)).astype(np.float32)
    (warning,) = read(tmp_path, nhwc(), image=pixels).warnings
    assert "255" in warning
    (warning,) = read(tmp_path, nhwc(), image=np.ones_like(pixels)).warnings
    assert "all values of 'image' are 1" in warning
    for count in (2, 15):
        (warning,) = read(tmp_path, nhwc(), image=images(count)).warnings
        assert f"only {count} samples" in warning
    (warning,) = read(tmp_path, nhwc(), image=np.tile(images(4), (9, 1, 1, 1))).warnings
    assert "only 4 of 36 samples of 'image' differ" in warning


def test_every_sample_has_one_label(tmp_path: Path) -> None:
    error = error_of(tmp_path, nhwc(), image=images(), label=np.zeros(3, np.int64))
    assert error.code == "samples-shape"
    assert "'label' has 3" in error.message


def test_samples_that_are_all_alike_or_of_odd_magnitude_are_warned_about(tmp_path: Path) -> None:
    (warning,) = read(tmp_path, nhwc(), image=np.repeat(images(1), 20, axis=0)).warnings
    assert warning == "calib.npz: all 20 samples of 'image' are the same"
    for factor in (1e-12, 1e12):
        (warning,) = read(tmp_path, nhwc(), image=images() * np.float32(factor)).warnings
        assert "is it scaled as in training?" in warning


def quantized_image() -> Graph:
    """Return a graph with an int8 input that stands for pixels from 0 to 1."""
    kind = int8((1, 4, 2, 3), 1 / 255, -128)
    return graph_of(lambda g: [g.add1(Relu(), g.input("image", kind))])


@pytest.mark.parametrize(
    ("factor", "said"), [(255, "divide pixels by 255"), (0.01, "is it scaled as in training?")]
)
def test_floats_that_a_quantized_input_cannot_hold(
    factor: float, said: str, tmp_path: Path
) -> None:
    pixels = np.random.default_rng(0).random((10, 4, 2, 3), np.float32)
    assert read(tmp_path, quantized_image(), image=pixels).warnings == ()
    (warning,) = read(tmp_path, quantized_image(), image=pixels * np.float32(factor)).warnings
    assert said in warning


def test_labels_are_limited_by_what_they_become(tmp_path: Path) -> None:
    """A few hundred kilobytes of zeros are gigabytes in 64 bits."""
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, image=images(), label=np.zeros((20, 1 << 21), np.uint8))
    tracemalloc.start()
    try:
        with pytest.raises(EdgecError) as caught:
            read_samples(path, nhwc())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "labels take, in 64 bits, 335,544,320 bytes" in caught.value.message
    assert peak < 1 << 25


def test_many_values_that_are_no_numbers_are_not_listed(tmp_path: Path) -> None:
    data = np.full((20_000, 3, 4, 2), np.nan, np.float32)
    tracemalloc.start()
    try:
        error = error_of(tmp_path, nhwc(), image=data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "the first at (0, 0, 0, 0)" in error.message
    assert peak < 8 * data.nbytes
