"""Errors about single operators and tensors of a model."""

from edgec.error_catalog.page import page

PAGES = (
    page(
        "unsupported-operator",
        "the model uses an operator that edgec cannot compile",
        meaning="""
            There is no importer for this operator; the message says why where there is a reason
            (it draws random numbers, the size of its result depends on the data, a tool made it).
            An If, Loop, Scan or sequence of ONNX is written out where the file tells what it does;
            one that is decided at run time is refused. All such operators of a model are named at
            once, in TFLite files those with one cause together (resource variables, lists of a
            recurrent layer, Ethos-U, Edge TPU); what only reads their results is not.
        """,
        example="""
            edgec check model.onnx
            error[unsupported-operator]: operator NonMaxSuppression is not supported (used once)
        """,
        remedy="""
            Replace it by operators that `edgec ops` lists (the message often says which), or cut
            the model before it and do the rest in the application, as is usual for box decoding.
        """,
    ),
    page(
        "unsupported-attribute",
        "an operator is supported, but not with this setting",
        meaning="""
            An attribute has a value that edgec does not implement, or that nobody reads: nothing
            in a model is dropped silently.
        """,
        example="MaxPool with ceil_mode = 1, or a Reshape whose shape is computed at run time",
        remedy="""
            The message names the attribute. Change the layer in the training code, or simplify
            the exported file with onnxslim.
        """,
    ),
    page(
        "operator-misfit",
        "an operator of a TFLite file and its tensors do not go together",
        meaning="""
            What the file states of an operator's inputs, outputs and options is not what edgec
            computes from them: another type of the result, an axis that is not there, channels
            that differ. Most such files are damaged, and TFLite's interpreter refuses them too.
        """,
        example="""
            error[operator-misfit]: CONV_2D: does not fit its tensors: 3 channels, the weights
            have 2
        """,
        remedy="""
            Convert the model again. If TFLite's interpreter runs the file, this is a mistake of
            edgec: please report it.
        """,
    ),
    page(
        "unsupported-shape",
        "an operator is supported, but not for tensors of this shape",
        meaning="Windows work on one or two spatial axes; a few operators are limited to a rank.",
        example="Conv3d, or a slice of which nothing is left",
        remedy="""
            Express the layer in one or two dimensions. A batch other than 1 is best set to 1 when
            the model is exported.
        """,
    ),
    page(
        "unsupported-output",
        "an optional second output of an operator is used",
        meaning="""
            Some operators can give more than their main result; edgec computes the main result
            only.
        """,
        example="MaxPool with indices (for max-unpooling)",
        remedy="Leave the optional output unused, or replace the layer that reads it.",
    ),
    page(
        "unsupported-dtype",
        "a tensor has an element type that edgec does not compute with",
        meaning="ONNX models enter as float32. Half precision, double and strings do not.",
        example="a model exported after model.half()",
        remedy="Export in float32: model.float() in PyTorch before torch.onnx.export.",
    ),
    page(
        "unsupported-tensor",
        "a TFLite tensor is stored in a way that edgec does not read",
        meaning="""
            The tensor is a variable, empty, of too many axes, or of an element type that edgec does
            not compute with: texts, complex numbers, double precision, handles of resources. Half
            precision, 4 bits and sparse encodings are read where they are weights.
        """,
        example="""
            error[unsupported-tensor]: RELU uses 'x', which is of type float16
        """,
        remedy="""
            The message says what this type asks for; in most cases to convert again with full
            integer (int8) quantization, or with inputs and outputs of float32.
        """,
    ),
    page(
        "unsupported-quantization",
        "the quantization of a tensor is outside TFLite's int8 scheme",
        meaning="""
            Scales are missing or not finite, two tensors that must share one scale do not, weights
            have a zero point, or an operator computes in uint8 (the scheme before int8) other
            numbers than in int8, as CAST does inside a model.
        """,
        example="a model of TensorFlow 1 that was quantized to uint8 and casts what it computes",
        remedy="""
            Convert again with a current TFLite converter and full integer (int8) quantization.
        """,
    ),
    page(
        "dynamic-shape",
        "the shape of an input is not fixed in the model",
        meaning="""
            Memory is planned when the model is compiled, so every axis must be known. A dynamic
            batch becomes 1 by itself: the first axis, unless an operator has it otherwise. An axis
            that meets something known is as long as that: the rows of a matrix, the channels of a
            convolution, a constant beside it, the elements of a fixed shape; a remark says so. What
            an LSTM, GRU or RNN takes its steps along is time, whichever axis that is; what a
            convolution runs along, or an operator sums, normalizes or compares along, is no batch
            either. The message says which operator it was, the help what to type for all inputs.
            Where two operators need different lengths, or a node cannot run with what was taken,
            this is the error, too.
        """,
        example="torch.onnx.export(..., dynamic_axes={'x': {2: 'height', 3: 'width'}})",
        remedy="""
            Give the whole shape, --shape x=1,3,96,96; for a time axis as many steps as one run is
            to have. Or export with a fixed input shape: leave dynamic_axes / dynamic_shapes out.
            A recurrent layer that is to run step by step keeps its state only where that is an
            input and an output of the model: --shape x=1,1,6 --state h_in=h_out.
        """,
    ),
    page(
        "unsupported-state",
        "a state cannot be kept between runs",
        meaning="""
            After a run, what the model left is copied to where the next run reads it. That cannot
            be done where two states change places, or where an output of the model is the state
            as it was before the run: the copy would overwrite what is still needed. Nor can it be
            done where the input and the output differ in shape, quantization or order of axes.
        """,
        example="--state a=b_out,b=a_out for a model that passes a and b on as they are",
        remedy="""
            Leave these states inputs and outputs of the model, and copy them from one run to the
            next in the application. Or give both ends one shape and one quantization.
        """,
    ),
    page(
        "unknown-state",
        "no input or output of the model has the name of a state",
        meaning="""
            A state is a pair: an input of the model, and the output that it gets at the next run.
            One of the names is not among the inputs, or the outputs, of this model.
        """,
        example="--state hidden=h_next for a model whose inputs are x and h",
        remedy="`edgec inspect MODEL` lists the inputs and outputs by name.",
    ),
    page(
        "no-kernel",
        "no kernel can run a node",
        meaning="""
            The operator is known, but each kernel for it needs something this node does not have.
            The notes list, kernel by kernel, what is required.
        """,
        example="""
            an operator between two tensors with different scales, where the kernel needs one scale
        """,
        remedy="""
            `edgec ops --markdown` lists what the kernels need. With --kernels cmsis-nn or auto,
            plain C kernels step in where CMSIS-NN has none.
        """,
    ),
    page(
        "cannot-export",
        "the quantized model cannot be written as a .tflite file",
        meaning="""
            `edgec quantize` writes TFLite files, and an operator of this model has no equal in
            TFLite. `edgec build` builds the model all the same: it then leaves out the .tflite
            file that stands beside other builds, and a remark in the report says why.
        """,
        example="edgec quantize dilated_pool.onnx --calib calib.npz -o dilated_pool.tflite",
        remedy="""
            Build it, or replace the operator in the model. The target graph that a build leaves
            (<name>.edgec) holds what firmware computes.
        """,
    ),
)
