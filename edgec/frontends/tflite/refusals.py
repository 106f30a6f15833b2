"""Operators that edgec does not compile, by what they are for: the reason, and what to do instead.

One cause is one problem: all operators of a file that share an entry are told of together.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why operators are not compiled: ``reason`` goes behind their names, ``remedy`` is help.

    ``ends_before`` says that the model may end at what the operator reads: these are named.
    """

    reason: str
    remedy: str
    ends_before: bool = False


_CUT = "end the model before it ({end}), and do the rest in the application"
_UNROLL = (
    "convert the recurrent layer again, written out or for one batch: Keras "
    "LSTM(units, unroll=True), or tf.keras.Input(shape, batch_size=1) with "
    "converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS] and without "
    "converter._experimental_lower_tensor_list_ops = False"
)
_FIXED = (
    "convert or export with fixed shapes (tf.keras.Input(shape, batch_size=1)), so that this is "
    "known beforehand; or end the model before it and do this step in the application"
)

LISTS = Refusal("a recurrent layer that the converter left as lists of TensorFlow", _UNROLL)
LOOP = Refusal(
    "a loop whose number of steps the file does not tell",
    "convert with the recurrent layer unrolled (Keras: unroll=True) and for a fixed length",
)
FLEX = Refusal(
    "an operator of TensorFlow itself (SELECT_TF_OPS), which no microcontroller has",
    "convert with converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS], and "
    "replace the layer that the converter then names",
)
VARIABLES = Refusal(
    "a streaming model, which keeps its state in resource variables",
    "convert the model without streaming (the whole window as its input), or with its states as "
    "inputs and outputs, which --state in=out keeps between runs",
)
ETHOS_U = Refusal(
    "a model compiled by Vela for an Ethos-U, whose commands nothing else runs",
    "give the .tflite file from before Vela",
)
EDGE_TPU = Refusal(
    "a model compiled for the Edge TPU, whose commands nothing else runs",
    "give the .tflite file from before edgetpu_compiler",
)
POSENET = Refusal(
    "the decoder of PoseNet, which searches poses in the heatmaps",
    _CUT.format(end="at the heatmaps and offsets, the inputs of this operator"),
    ends_before=True,
)
DETECTION = Refusal(
    "the post-processing of a detector: decoding of boxes and non-maximum suppression",
    _CUT.format(end="at its first two inputs, the boxes and the scores of classes")
    + "; the anchors are its third input",
    ends_before=True,
)
SUPPRESSION = Refusal(
    "non-maximum suppression, whose number of results depends on the data",
    _CUT.format(end="at the boxes and scores that it reads"),
    ends_before=True,
)
RANDOM = Refusal(
    "random numbers: no two runs give the same",
    "convert the model for inference (Keras: training=False), or give the "
    "noise to the model as an input",
)
AUDIO = Refusal(
    "the audio front end of TensorFlow Lite Micro (window, FFT, filter bank)",
    "compute the features in the application (tflite-micro's signal library has the code in C), "
    "and give edgec the model that reads them",
)
TABLES = Refusal(
    "a table of texts or keys, looked up at run time",
    "do the lookup in the application, and give the model the numbers",
)
TEXTS = Refusal(
    "an operator on texts",
    "do it in the application, and give the model numbers",
)
RESULT_SIZE = Refusal("an operator whose result's size depends on the data", _FIXED)
BRANCH = Refusal(
    "a branch, or a call of another graph of the file",
    "export the one branch that is needed, or compute both and choose with tf.where",
)
COMPILER = Refusal(
    "an operator of StableHLO, the language of a compiler",
    "convert with operators of TFLite: tf.lite.TFLiteConverter, or ai_edge_torch.convert without "
    "experimental StableHLO options",
)
SPECTRUM = Refusal(
    "a Fourier transform, whose results are complex numbers",
    "compute the spectrum in the application, and give its magnitudes to the model",
)
POOLED_INDICES = Refusal(
    "pooling that hands on where the largest element was (MediaPipe)",
    "replace the pair of pooling and unpooling by strided and transposed convolutions",
)
SPARSE = Refusal(
    "sparse weights in a form that edgec does not read",
    "convert without converter.optimizations = [tf.lite.Optimize.EXPERIMENTAL_SPARSITY]",
)
THREE_AXES = Refusal(
    "an operator on volumes, of three spatial axes",
    "express it on two axes, for instance one convolution per slice",
)
CUSTOM = Refusal(
    "an operator that TFLite itself does not have",
    "convert without custom operators (allow_custom_ops), or end the model before it and do this "
    "step in the application",
)

_BY_REASON = {
    VARIABLES: ("CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"),
    SUPPRESSION: (
        "NON_MAX_SUPPRESSION_V4",
        "NON_MAX_SUPPRESSION_V5",
        "CUSTOM NonMaxSuppression",
    ),
    RANDOM: (
        "RANDOM_UNIFORM",
        "RANDOM_STANDARD_NORMAL",
        "MULTINOMIAL",
        "STABLEHLO_RNG_BIT_GENERATOR",
    ),
    TABLES: ("EMBEDDING_LOOKUP_SPARSE", "LSH_PROJECTION"),
    TEXTS: ("SKIP_GRAM",),
    RESULT_SIZE: (
        "DYNAMIC_UPDATE_SLICE",
        "RANGE",
        "SHAPE",
        "SPARSE_TO_DENSE",
        "UNIQUE",
        "WHERE",
    ),
    BRANCH: ("CALL", "IF", "STABLEHLO_CASE"),
    LOOP: ("STABLEHLO_WHILE", "WHILE"),
    SPECTRUM: ("COMPLEX_ABS", "IMAG", "REAL", "RFFT2D", "CUSTOM Rfft"),
    SPARSE: ("DENSIFY",),
    THREE_AXES: ("CONV_3D", "CONV_3D_TRANSPOSE"),
    ETHOS_U: ("CUSTOM ethos-u",),
    POSENET: ("CUSTOM PosenetDecoderOp",),
    DETECTION: ("CUSTOM TFLite_Detection_PostProcess",),
    POOLED_INDICES: ("CUSTOM MaxPoolingWithArgmax2D", "CUSTOM MaxUnpooling2D"),
}
_BY_NAME = {name: refusal for refusal, names in _BY_REASON.items() for name in names}
_BY_BEGINNING = (  # the first that fits
    ("CUSTOM FlexTensorList", LISTS),
    ("CUSTOM FlexRandom", RANDOM),
    ("CUSTOM FlexVar", VARIABLES),
    ("CUSTOM FlexReadVariable", VARIABLES),
    ("CUSTOM FlexAssign", VARIABLES),
    ("CUSTOM FlexNonMaxSuppression", SUPPRESSION),
    ("CUSTOM FlexCombinedNonMaxSuppression", SUPPRESSION),
    ("CUSTOM FlexHashTable", TABLES),
    ("CUSTOM FlexLookupTable", TABLES),
    ("CUSTOM FlexString", TEXTS),
    ("CUSTOM FlexRegex", TEXTS),
    ("CUSTOM Flex", FLEX),
    ("CUSTOM Signal", AUDIO),
    ("CUSTOM AudioSpectrogram", AUDIO),
    ("CUSTOM Mfcc", AUDIO),
    ("CUSTOM edgetpu-custom-op", EDGE_TPU),
    ("CUSTOM", CUSTOM),
    ("HASHTABLE", TABLES),
    ("STABLEHLO_", COMPILER),
)


def refusal_of(operator: str) -> Refusal | None:
    """Return why an operator that nothing imports is not compiled, None where nothing is known.

    ``operator`` is called as the reader calls it: ``WHERE``, ``CUSTOM ethos-u``.
    """
    if operator in _BY_NAME:
        return _BY_NAME[operator]
    return next((each for start, each in _BY_BEGINNING if operator.startswith(start)), None)
