"""ONNX in: models of both exporters equal onnxruntime; every broken model has its clear error."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_models import (
    MODELS,
    OnnxBuilder,
    assert_close,
    dynamo_cnn,
    evaluate_source,
    random_sample,
    run_onnxruntime,
    save,
    torchscript_cnn,
)

from edgec.errors import EdgecError
from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Graph, GraphBuilder, ValueName, verify
from edgec.ops.activations.relu import Relu
from edgec.ops.registry import IMPORTERS, Format, SourceNode


def loaded(model: onnx.ModelProto, folder: Path) -> Graph:
    return load_onnx(save(model, folder))


def error_of(model: onnx.ModelProto, folder: Path) -> EdgecError:
    with pytest.raises(EdgecError) as caught:
        loaded(model, folder)
    return caught.value


def codes(error: EdgecError) -> list[str]:
    return [each.code for each in error.problems()]


@pytest.mark.parametrize("name", MODELS)
def test_models_of_both_exporters_equal_onnxruntime(name: str, tmp_path: Path) -> None:
    model = MODELS[name]
    graph = loaded(model, tmp_path)
    verify(graph)
    x = random_sample(graph)
    expected = run_onnxruntime(model.SerializeToString(), x)
    actual = evaluate_source(graph, x)
    assert list(actual) == list(expected)
    for output, wanted in expected.items():
        assert_close(actual[ValueName(output)], wanted)


def test_inputs_and_outputs_keep_their_names(tmp_path: Path) -> None:
    graph = loaded(MODELS["branches"], tmp_path)
    assert (graph.inputs, graph.outputs) == (("image",), ("features", "probabilities"))


def test_the_dynamic_batch_becomes_one(tmp_path: Path) -> None:
    graph = loaded(torchscript_cnn("batch"), tmp_path)
    assert graph.types[graph.inputs[0]].shape == (1, 3, 8, 6)
    assert graph.types[graph.outputs[0]].shape == (1, 5)


def test_a_flatten_written_as_shape_arithmetic_is_folded(tmp_path: Path) -> None:
    """x.view(x.size(0), -1) becomes Shape, Gather, Unsqueeze, Concat, Reshape."""
    b = OnnxBuilder()
    x = b.input("x", ["batch", 2, 3])
    size = b.add("Gather", b.add("Shape", x), b.weight(np.array(0, np.int64)), axis=0)
    wanted = b.add("Concat", b.add("Unsqueeze", size, b.ints(0)), b.ints(-1), axis=0)
    b.linear(b.add("Reshape", x, wanted), 6, 4, output="y")
    model = b.model("y")
    graph = loaded(model, tmp_path)
    assert [node.op.name for node in graph.nodes] == ["reshape", "fully_connected"]
    sample = random_sample(graph)
    expected = run_onnxruntime(model.SerializeToString(), sample)
    assert_close(evaluate_source(graph, sample)[graph.outputs[0]], expected["y"])


def test_an_initializer_that_is_also_an_input_is_a_constant(tmp_path: Path) -> None:
    b = OnnxBuilder()
    b.add("Add", b.input("x", [1, 4]), b.random(4), output="y")
    b.input("w0", [4])
    graph = loaded(b.model("y"), tmp_path)
    assert graph.inputs == ("x",)
    assert "w0" in graph.constants


def test_outputs_that_are_inputs_or_constants_or_twice_the_same_are_copied(tmp_path: Path) -> None:
    b = OnnxBuilder()
    x = b.input("x", [1, 4])
    y = b.add("Relu", x, output="y")
    b.add("Identity", x, output="same_as_x")
    b.add("Identity", y, output="same_as_y")
    b.weight(np.ones((1, 2), np.float32), "fixed")
    model = b.model("y", "same_as_x", "same_as_y", "fixed", shapes=[[1, 4]] * 3 + [[1, 2]])
    graph = loaded(model, tmp_path)
    verify(graph)
    assert graph.outputs == ("y", "same_as_x", "same_as_y", "fixed")
    sample = random_sample(graph)
    expected = run_onnxruntime(model.SerializeToString(), sample)
    for name, array in evaluate_source(graph, sample).items():
        assert_close(array, expected[name])


def test_names_that_clash_with_ours_or_are_hostile_are_kept_apart(tmp_path: Path) -> None:
    b = OnnxBuilder()
    x = b.input("x", [1, 2, 4, 4])
    y = b.conv(x, (2, 3))
    b.add("Relu", y, output="x.nhwc")
    b.add("Relu", "x.nhwc", output='y"; */ \n#include \0')
    model = b.model('y"; */ \n#include \0')
    graph = loaded(model, tmp_path)
    verify(graph)
    assert graph.outputs == ('y"; */ \n#include \0',)


def test_a_dropout_mask_that_nobody_reads_does_not_matter(tmp_path: Path) -> None:
    b = OnnxBuilder()
    b.add("Relu", b.add("Dropout", b.input("x", [1, 4]), outputs=2), output="y")
    graph = loaded(b.model("y"), tmp_path)
    assert graph.outputs == ("y",)


def test_local_functions_are_inlined(tmp_path: Path) -> None:
    twice = helper.make_function(
        "local", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])],
        [helper.make_opsetid("", 17)],
    )  # fmt: skip
    node = helper.make_node("Twice", ["x"], ["y"], domain="local", name="n")
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3]) for name in "xy"]
    graph = helper.make_graph([node], "g", info[:1], info[1:])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    model = helper.make_model(graph, functions=[twice], opset_imports=opsets, ir_version=8)
    assert [each.op.name for each in loaded(model, tmp_path).nodes] == ["add"]


def test_all_unsupported_operators_are_named_at_once(tmp_path: Path) -> None:
    b = OnnxBuilder()
    x = b.add("Hardmax", b.input("x", [1, 4]))
    x = b.add("Det", b.add("Relu", b.add("Hardmax", x)))
    b.add("Acos", x, output="y")
    error = error_of(b.model("y", shapes=[[1]]), tmp_path)
    assert codes(error) == ["unsupported-operator"] * 3
    messages = [each.message for each in error.problems()]
    assert messages[0] == "operator Hardmax is not supported (used 2 times)"
    assert "Det" in messages[1]
    assert "Acos" in messages[2]
    first = error.problems()[0]
    assert first.place.inside == "node '/Hardmax_0'"
    assert first.notes == ("also node '/Hardmax_1'",)
    assert "edgec ops" in first.help


@pytest.mark.parametrize(
    ("domain", "why", "advice"),
    [
        ("com.microsoft", "onnxruntime's optimizer", "ORT_ENABLE_BASIC"),
        ("my.tool", "the domain 'my.tool' is that of the tool", "standard ONNX operators"),
        ("trt.plugins", "TensorRT", "plugins"),
    ],
)
def test_an_operator_of_another_domain_is_named_with_it(
    domain: str, why: str, advice: str, tmp_path: Path
) -> None:
    node = helper.make_node("NoSuchOperator", ["x"], ["y"], domain=domain, name="n")
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3]) for name in "xy"]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(domain, 1)]
    graph = helper.make_graph([node], "g", info[:1], info[1:])
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    error = error_of(model, tmp_path)
    assert f"{domain}::NoSuchOperator" in error.message
    assert why in error.message
    assert advice in error.help


def test_rejections_of_several_nodes_come_together(tmp_path: Path) -> None:
    b = OnnxBuilder()
    exponents = b.weight(np.array([1, 2, 3, 4], np.float32))
    x = b.add("Pow", b.input("x", [1, 4]), exponents)
    y = b.add("Pow", b.input("z", [1, 4]), exponents)
    b.add("Add", x, y, output="y")
    error = error_of(b.model("y"), tmp_path)
    assert codes(error) == ["unsupported-attribute"] * 2
    assert [each.place.inside for each in error.problems()] == ["node '/Pow_0'", "node '/Pow_1'"]


@pytest.mark.parametrize(("alpha", "fine"), [(0.01, True), (0.25, False)])
def test_an_attribute_no_importer_asks_for_must_have_its_default(
    alpha: float, fine: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
        return g.add(Relu(), [node.input(0)], outputs=node.outputs)

    monkeypatch.setitem(IMPORTERS, (Format.ONNX, "LeakyRelu"), careless)
    b = OnnxBuilder()
    b.add("LeakyRelu", b.input("x", [1, 2]), output="y", alpha=alpha)
    model = b.model("y")
    if fine:
        assert loaded(model, tmp_path).outputs == ("y",)
        return
    error = error_of(model, tmp_path)
    assert codes(error) == ["unsupported-attribute"]
    assert "alpha = 0.25" in error.message


@pytest.mark.parametrize(
    ("shape", "axis"), [([1, 3, "height", 4], 2), (["batch", None, 4], 1), ([1, 0, 4], 1)]
)
def test_a_dynamic_axis_that_is_not_the_batch_is_named(
    shape: list[int | str | None], axis: int, tmp_path: Path
) -> None:
    b = OnnxBuilder()
    b.add("Relu", b.input("image", shape), output="y")
    error = error_of(b.model("y", shapes=[shape]), tmp_path)
    assert codes(error) == ["dynamic-shape"]
    assert f"axis {axis} of input 'image'" in error.message


def test_an_input_that_is_not_float32_is_refused_with_advice(tmp_path: Path) -> None:
    b = OnnxBuilder()
    x = b.input("x", [1, 4], TensorProto.DOUBLE)
    b.nodes.append(helper.make_node("Cast", [x], ["y"], to=1))
    error = error_of(b.model("y"), tmp_path)
    assert codes(error) == ["unsupported-dtype"]
    assert "double" in error.message
    assert "float32" in error.help


def test_a_constant_of_an_unknown_type_is_named(tmp_path: Path) -> None:
    b = OnnxBuilder()
    x = b.input("x", [1, 4])
    w = b.weight(np.ones((1, 4), np.float64), "weights")
    b.nodes.append(helper.make_node("Mod", [x, w], ["c"], name="c"))
    b.nodes.append(helper.make_node("Reshape", [x, b.ints(4)], ["y"], name="r"))
    b.nodes.append(helper.make_node("Squeeze", [w, x], ["s"], name="s"))
    error = error_of(b.model("y"), tmp_path)
    assert "unsupported-operator" in codes(error)


def _unsorted() -> onnx.ModelProto:
    b = OnnxBuilder()
    b.input("x", [1, 4])
    b.nodes.append(helper.make_node("Add", ["x", "b"], ["a"], name="first"))
    b.nodes.append(helper.make_node("Relu", ["a"], ["b"], name="second"))
    return b.model("b", shapes=[[1, 4]])


def _wrong_size() -> onnx.ModelProto:
    model = dynamo_cnn()
    model.graph.initializer[0].raw_data = b"\0" * 8
    return model


def _no_output() -> onnx.ModelProto:
    model = dynamo_cnn()
    model.graph.output[0].name = "elsewhere"
    return model


def _misfit() -> onnx.ModelProto:
    model = dynamo_cnn()
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 5
    return model


def _absurd_pool() -> onnx.ModelProto:
    b = OnnxBuilder()
    x = b.input("x", [1, 1, 4, 4])
    b.add("MaxPool", x, output="y", kernel_shape=[9, 9])
    return b.model("y", shapes=[[1, 1, 1, 1]])


@pytest.mark.parametrize("make", [_unsorted, _wrong_size, _no_output, _misfit, _absurd_pool])
def test_inconsistent_models_are_malformed(
    make: Callable[[], onnx.ModelProto], tmp_path: Path
) -> None:
    error = error_of(make(), tmp_path)
    assert set(codes(error)) == {"malformed-model"}
    assert str(tmp_path) in error.place.file


@pytest.mark.parametrize("data", [b"\x08\x07\x12\x04abcd", b"\x08\x08", b"\x3a\xff\xff\xff\x0f"])
def test_other_bytes_are_no_onnx_file(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    with pytest.raises(EdgecError) as caught:
        load_onnx(path)
    assert caught.value.code == "malformed-model"


def test_names_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(dynamo_cnn().SerializeToString().replace(b"/Relu_1", b"/Rel\x80_1"))
    with pytest.raises(EdgecError) as caught:
        load_onnx(path)
    assert (caught.value.code, "UTF-8" in caught.value.message) == ("malformed-model", True)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(EdgecError) as caught:
        load_onnx(tmp_path / "none.onnx")
    assert caught.value.code == "file-not-found"


@pytest.mark.parametrize("opset", [6, 999])
def test_an_opset_out_of_reach_is_refused(opset: int, tmp_path: Path) -> None:
    model = dynamo_cnn()
    model.opset_import[0].version = opset
    error = error_of(model, tmp_path)
    assert codes(error) == ["unsupported-opset"]
    assert str(opset) in error.message


def test_huge_tensors_are_refused_before_any_memory_is_taken(tmp_path: Path) -> None:
    b = OnnxBuilder()
    pads = b.ints(0, 0, 0, 0, 0, 0, 2**20, 2**20)
    b.add("Pad", b.input("x", [1, 1, 4, 4]), pads, output="y")
    assert codes(error_of(b.model("y", shapes=[[1, 1, 4, 4]]), tmp_path)) == ["model-too-large"]


def test_huge_inputs_are_refused(tmp_path: Path) -> None:
    b = OnnxBuilder()
    b.add("Relu", b.input("x", [1, 2**40, 2**40]), output="y")
    assert codes(error_of(b.model("y"), tmp_path)) == ["model-too-large"]


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
def test_huge_windows_are_refused_at_once(op: str, tmp_path: Path) -> None:
    b = OnnxBuilder()
    x = b.input("x", [1, 1, 4, 4])
    b.add(op, x, output="y", kernel_shape=[2**31, 2**31], pads=[2**31 - 1] * 4)
    error = error_of(b.model("y", shapes=[[1, 1, 4, 4]]), tmp_path)
    assert {"malformed-model", "model-too-large", "unsupported-attribute"} & set(codes(error))


def test_names_in_errors_are_cut(tmp_path: Path) -> None:
    b = OnnxBuilder()
    b.add("Det", b.input("x", [1, 2, 2]), output="y")
    model = b.model("y")
    model.graph.node[0].name = "n" * 100_000
    assert len(str(error_of(model, tmp_path))) < 1000


def test_shape_arithmetic_cannot_ask_for_huge_constants(tmp_path: Path) -> None:
    b = OnnxBuilder()
    huge = b.add("ConstantOfShape", b.ints(2**20, 2**20))
    b.add("Add", b.input("x", [1, 4]), huge, output="y")
    error = error_of(b.model("y", shapes=[[1, 4]]), tmp_path)
    assert codes(error) == ["model-too-large"]


def _with_external_data(folder: Path, location: str, data: bytes | None = None) -> onnx.ModelProto:
    model = torchscript_cnn()
    tensor = model.graph.initializer[0]
    raw = numpy_helper.to_array(tensor).tobytes()
    if data is None or data:
        (folder / "weights.data").write_bytes(b"\0" * 16 + raw if data is None else data)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entries = {"location": location, "offset": "16", "length": str(len(raw))}
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)
    return model


def test_external_data_in_the_models_folder_is_read(tmp_path: Path) -> None:
    whole = loaded(torchscript_cnn(), tmp_path)
    graph = loaded(_with_external_data(tmp_path, "weights.data"), tmp_path)
    x = random_sample(graph)
    assert_close(
        evaluate_source(graph, x)[graph.outputs[0]], evaluate_source(whole, x)[whole.outputs[0]]
    )


@pytest.mark.parametrize(
    "location", ["../weights.data", "/etc/passwd", "", "link/weights.data", "none", "C:\\x", "a\0b"]
)
def test_external_data_elsewhere_is_refused(location: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    error = error_of(_with_external_data(tmp_path, location), folder)
    assert codes(error) == ["external-data"]


def test_external_data_that_is_too_short_is_refused(tmp_path: Path) -> None:
    model = _with_external_data(tmp_path, "weights.data", b"short")
    assert codes(error_of(model, tmp_path)) == ["external-data"]


def test_training_mode_is_refused(tmp_path: Path) -> None:
    model = torchscript_cnn(1, opset=17)
    node = next(each for each in model.graph.node if each.op_type == "BatchNormalization")
    node.attribute.append(helper.make_attribute("training_mode", 1))
    error = error_of(model, tmp_path)
    assert codes(error) == ["unsupported-attribute"]
    assert "eval()" in error.help
