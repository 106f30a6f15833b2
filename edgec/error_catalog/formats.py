"""Errors about model files as a whole."""

from edgec.error_catalog.page import page

PAGES = (
    page(
        "file-not-found",
        "a file that was named does not exist",
        meaning="The path of a model, of samples or of a config file leads nowhere.",
        example="edgec build modle.onnx --board stm32",
        remedy="""
            Check the spelling, and the folder you are in: relative paths start there. Paths in an
            edgec.toml are relative to the folder of that file.
        """,
    ),
    page(
        "unreadable-file",
        "a file exists but cannot be read",
        meaning="The operating system refuses access, or the path is not a regular file.",
        example="edgec check /root/model.tflite      (as another user)",
        remedy="Check the owner and the permissions of the file: ls -l FILE.",
    ),
    page(
        "unknown-format",
        "the file is neither ONNX nor TFLite",
        meaning="""
            edgec looks at the content of a file, not at its name. This one starts like something
            else: a web page saved by a browser, a Git LFS pointer, a PyTorch checkpoint, a Keras
            file.
        """,
        example="""
            edgec build model.pt --board stm32
            error[unknown-format]: ... a PyTorch checkpoint (.pt)
        """,
        remedy="""
            The message says what the file looks like and how to convert it: torch.onnx.export for
            PyTorch, tf.lite.TFLiteConverter for Keras and TensorFlow, `git lfs pull` for a
            pointer.
        """,
    ),
    page(
        "malformed-model",
        "the model file contradicts itself or is damaged",
        meaning="""
            The file starts like ONNX or TFLite, but something in it cannot be: it ends too early,
            an index points outside, shapes do not fit each other, a required attribute is
            missing. Files that onnxruntime or TFLite's interpreter run are not called so.
        """,
        example="a .tflite of which the download stopped halfway",
        remedy="""
            Convert or download the model again. For ONNX, `python -c "import onnx;
            onnx.checker.check_model('m.onnx', full_check=True)"` often says more. If other tools
            accept the file, this may be a mistake of edgec: please report it.
        """,
    ),
    page(
        "unsupported-graph",
        "a model is put together in a way that edgec does not compile",
        meaning="""
            The format allows it: a graph without inputs or without outputs, a tensor that two
            operators make or that is read before it is made, an input that is listed twice.
            edgec compiles graphs in which each tensor is made once, from the model's inputs.
        """,
        example="""
            error[unsupported-graph]: the model has no inputs: its outputs are always the same
        """,
        remedy="""
            Convert or export the model again, from its inputs to its outputs. What is constant
            needs no model.
        """,
    ),
    page(
        "model-too-large",
        "a model file or a tensor is larger than edgec accepts",
        meaning="""
            Files and single tensors are limited to 256 MiB, all tensors together to 1 GiB, graphs
            to a number of nodes. Constants that a file only describes (ConstantOfShape, Expand,
            Tile, Pad and the like on constants) are limited to 64 MiB beside 16 times the file's
            own size, and are refused before they are made. So a damaged or hostile file ends in an
            error instead of filling the memory.
        """,
        example="a shape of [1, 100000, 100000, 64]",
        remedy="""
            Check the shapes in the model. What runs on a microcontroller is far below the limit.
        """,
    ),
    page(
        "external-data",
        "the weights of an ONNX model are not where it says",
        meaning="""
            An ONNX file may keep tensors in a second file beside it. That file is missing or too
            short, or its path leaves the folder of the model, which is not followed for safety.
        """,
        example="model.onnx was copied without model.onnx.data",
        remedy="""
            Put the data file beside the model, or export again with everything in one file:
            torch.onnx.export(..., external_data=False).
        """,
    ),
    page(
        "unsupported-opset",
        "the ONNX model uses a version of the operator set that edgec does not know",
        meaning="""
            ONNX operators change their meaning between opset versions. This version is older than
            the ones edgec implements, or newer than the installed onnx package knows.
        """,
        example="a model with opset 7, or a brand-new one with an old onnx package",
        remedy="""
            Export with opset_version=17 (or 13 to 18), or convert the file with
            onnx.version_converter. For a newer opset: pip install -U onnx.
        """,
    ),
    page(
        "multiple-subgraphs",
        "a TFLite file holds more than one graph",
        meaning="""
            Branches (tf.cond) and several signatures are stored as further subgraphs. edgec
            compiles one graph without branches; loops of a known number of steps (Keras GRU and
            SimpleRNN) it writes out.
        """,
        example="a converter that was given two signatures",
        remedy="""
            Convert without tf.cond and with one signature.
        """,
    ),
    page(
        "invalid-shape",
        "a --shape does not fit the model",
        meaning="""
            --shape gives extents to axes that a model file leaves open. The name must be that of
            an input, every extent 1 or more, and axes that the file fixes must stay as they are. An
            axis that meets the rows of a matrix must be as long as these are, and every node must
            be able to run.
        """,
        example="""
            edgec build m.onnx --board stm32 --shape image=1,3,64
            error[invalid-shape]: --shape: (1, 3, 64) for 'image', whose shape is (1,3,?,?)
        """,
        remedy="""
            Give all extents, in the order of the file: --shape image=1,3,64,64. `edgec inspect`
            shows the inputs. TFLite files leave open what their shape signature says (-1); where a
            RESHAPE holds the old length too, convert the model again.
        """,
    ),
    page(
        "poor-quantization",
        "the integers that a file states are far from the floats they stand for",
        meaning="""
            A file that states its quantization (QDQ, QLinear) is taken at its word. Its integers
            are compared with its own float meaning: the file's weights and clamps, activations not
            rounded. At the named layer less than 10 dB are left: noise is more than a tenth of the
            signal, and answers are wrong. The note says what was measured: the samples of --calib,
            or inputs drawn from the range that the file states for them (uniform, normal and
            smooth; a layer counts by those that suit it best, and not at all where its error is
            about a step of its own). From 10 to 20 dB it is a warning.
        """,
        example="""
            edgec build kws.qdq.onnx --board stm32
            error[poor-quantization]: against the floats they stand for, the integers that the file
            states have 4.5 dB at node '/head/Gemm', 4.5 dB at the output; less than 10 dB
        """,
        remedy="""
            Quantize the model again, with calibration samples like the real inputs: a range that
            is far too wide leaves a few steps to what is really there. Or give the float model
            with --calib. --calib FILE.npz measures on samples of yours; `edgec eval --data
            FILE.npz` shows every layer. --allow-poor (allow_poor = true in edgec.toml) builds the
            model as it is.
        """,
    ),
    page(
        "incomplete-quantization",
        "a quantized model leaves a part of itself in float",
        meaning="""
            The file states scales (QuantizeLinear, DequantizeLinear) for some of its tensors, but
            not for the named ones, and no operator around them passes one on.
        """,
        example="""
            error[incomplete-quantization]: the model states no quantization for
            fully_connected '/head/Gemm'
        """,
        remedy="""
            Quantize the whole network, outputs too (onnxruntime: quantize_static with
            quant_format=QDQ), or add --calib samples.npz: edgec then chooses the missing scales.
        """,
    ),
)
