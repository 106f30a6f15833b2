"""What keeps ONNX operators from being compiled, and what to do: by operator and by domain."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgec.frontends.onnx.tool_advice import TOOL_ADVICE
from edgec.ops.registry import IMPORTERS, Format


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an operator is not supported, empty where there is no more to say, and a way out.

    Both are parts of sentences.
    """

    why: str
    help: str


def _all(names: str, why: str, remedy: str) -> dict[str, Refusal]:
    return dict.fromkeys(names.split(), Refusal(why, remedy))


_STATIC = "quantize statically in the QDQ format (onnxruntime: quantize_static)"
_CUT = "cut the model in front of it (onnx.utils.extract_model) and do it in the application"

_TABLE: Mapping[str, Refusal] = {
    **_all(
        "Bernoulli Multinomial RandomNormal RandomNormalLike RandomUniform RandomUniformLike",
        "it draws random numbers, so that no two runs agree and nothing can be tested",
        "export for inference (model.eval()); what has to be random, such as the noise of a "
        "generator, becomes an input of the model that the application fills",
    ),
    **_all(
        "NonMaxSuppression",
        "how many boxes it keeps is known at run time only",
        f"{_CUT}: boxes and scores are outputs then",
    ),
    **_all(
        "NonZero Unique Compress",
        "how large its result is depends on the data",
        "use a mask of fixed size: multiply by it, or Where",
    ),
    **_all(
        "StringConcat StringNormalizer StringSplit RegexFullMatch TfIdfVectorizer "
        "ai.onnx.ml::CategoryMapper ai.onnx.ml::DictVectorizer com.microsoft::Tokenizer",
        "it works on texts",
        "turn texts into numbers in the application, and give the model these",
    ),
    **_all(
        "ImageDecoder DFT STFT MelWeightMatrix BlackmanWindow HammingWindow HannWindow "
        "com.microsoft::Rfft com.microsoft::Irfft",
        "it prepares data, it is no layer of a network",
        "do it in the application (with a library for signals), and export the model from "
        "its result on",
    ),
    **_all(
        "GridSample AffineGrid RoiAlign MaxRoiPool MaxUnpool DeformConv",
        "where it reads depends on the data",
        "train with a layer whose places are fixed (Resize, a strided or transposed convolution)",
    ),
    **_all(
        "Scatter ScatterElements ScatterND TensorScatter",
        "it writes to places that its inputs say",
        "write the part that changes with Concat, Where or a mask of constants",
    ),
    **_all("Det", "it is linear algebra that no layer is", _CUT),
    **_all(
        "SoftmaxCrossEntropyLoss NegativeLogLikelihoodLoss ai.onnx.preview.training::Adagrad "
        "ai.onnx.preview.training::Adam ai.onnx.preview.training::Gradient "
        "ai.onnx.preview.training::GraphCall ai.onnx.preview.training::Momentum",
        "it is for training",
        "export for inference: model.eval(), the outputs without the loss",
    ),
    **_all("SequenceMap", "it works on sequences", "stack the tensors, and work on these at once"),
    **_all(
        "ConvInteger MatMulInteger",
        "",
        _STATIC,
    ),
    **_all(
        "DynamicQuantizeLinear",
        "",
        "integers whose scale is computed at run time may only go into MatMulInteger or "
        "ConvInteger; quantize statically (onnxruntime: quantize_static)",
    ),
}

_HARDWARE = Refusal(
    "onnxruntime optimized this file for one kind of CPU",
    "save it with ORT_ENABLE_EXTENDED instead of ORT_ENABLE_ALL, or give the model it was made "
    "from",
)
_NO_TOOL = "export with standard ONNX operators only (no custom or fused ones)"
_BEGINNINGS: Sequence[tuple[str, Refusal]] = (  # of operators with their domains; the first counts
    ("com.microsoft.nchwc::", _HARDWARE),
    ("com.microsoft::Nhwc", _HARDWARE),
    ("com.microsoft::QLinear", _HARDWARE),  # of channels-last data: others are supported
    ("com.ms.internal.nhwc::", _HARDWARE),
    (
        "com.microsoft::",
        Refusal(
            "onnxruntime's optimizer or its model builder made it",
            "give the model it was made from, or save it with ORT_ENABLE_BASIC",
        ),
    ),
    (
        "ai.onnx.ml::",
        Refusal(
            "it prepares the columns of a table, it is no layer of a network",
            "do this step in the application, and export the pipeline from its columns on; trees "
            "need no one-hot columns: fit them on the numbers of the categories",
        ),
    ),
    (
        "ai.onnx.preview.training::",
        Refusal("it is for training", "export for inference: model.eval()"),
    ),
    (
        "ai.onnx.contrib::",
        Refusal(
            "it is of onnxruntime-extensions, which prepares data",
            "do it in the application, and export the model without pre- and post-processing",
        ),
    ),
    ("trt.plugins::", Refusal("it is a plugin of TensorRT", "export without TensorRT's plugins")),
    ("qonnx.", Refusal("it is of QONNX (Brevitas)", "export in the QDQ format (export_onnx_qcdq)")),
    (
        "onnx.brevitas::",
        Refusal("Brevitas made it", "export with brevitas.export.export_onnx_qcdq"),
    ),
    ("finn.", Refusal("it is of FINN, for FPGAs", "export the model before FINN's passes")),
    (
        "org.pytorch.aten::",
        Refusal(
            "PyTorch's exporter fell back to ATen",
            "export with operator_export_type ONNX, or with a newer PyTorch (dynamo=True)",
        ),
    ),
    (
        "aten::",
        Refusal(
            "PyTorch's exporter fell back to ATen", "export with a newer PyTorch (dynamo=True)"
        ),
    ),
    (
        "pkg.onnxscript.torch_lib",
        Refusal("its function is not in the file", "export with a newer PyTorch and onnxscript"),
    ),
    ("mmcv::", Refusal("it is of OpenMMLab's mmcv", "deploy with mmdeploy's plain ONNX rewrites")),
    ("mmdeploy::", Refusal("it is of OpenMMLab's mmdeploy", "export for plain onnxruntime")),
    (
        "org.openvinotoolkit::",
        Refusal("it is of OpenVINO", "export before OpenVINO's quantization, or in the QDQ format"),
    ),
    ("com.xilinx::", Refusal("it is of Vitis AI", "quantize in the QDQ format")),
    ("vai_q_onnx::", Refusal("it is of Vitis AI", "quantize in the QDQ format")),
    ("com.amd.quark::", Refusal("it is of AMD Quark", "quantize in the QDQ format of ONNX itself")),
    ("ai.graphcore::", Refusal("it is for Graphcore's IPU", "export for plain onnxruntime")),
)


def refusal(key: str) -> Refusal:
    """Return what to say of an operator that has no importer; its domain is spelled out."""
    if key in _TABLE:
        return _TABLE[key]
    if key in TOOL_ADVICE:
        return Refusal("", TOOL_ADVICE[key])
    known = next((each for start, each in _BEGINNINGS if key.startswith(start)), None)
    if known is not None:
        return known
    if "::" in key:
        domain = key.partition("::")[0]
        return Refusal(f"the domain {domain!r} is that of the tool that wrote it", _NO_TOOL)
    names = [name for source, name in IMPORTERS if source is Format.ONNX]
    near = difflib.get_close_matches(key, names, n=1)
    advice = f"perhaps {near[0]} does; " if near else ""
    return Refusal("", f"{advice}`edgec ops` lists what is supported")
