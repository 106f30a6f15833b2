"""Errors about samples (.npz) and about folders that edgec build made."""

from edgec.error_catalog.page import page

PAGES = (
    page(
        "calibration-needed",
        "a float model needs samples to be quantized",
        meaning="""
            To map activations to int8, edgec must know their ranges, and finds them by running
            the model on samples of real input.
        """,
        example="edgec build model.onnx --board stm32        (without --calib)",
        remedy="""
            Save 50 to 500 typical inputs and name the file:

                numpy.savez("calib.npz", input_name=array)      # float32, first axis = samples
                edgec build model.onnx --board stm32 --calib calib.npz

            `edgec inspect model.onnx` shows the names and shapes of the inputs.
        """,
    ),
    page(
        "malformed-samples",
        "a file of samples is no readable .npz",
        meaning="Samples travel as NumPy archives of named arrays, without pickled objects.",
        example="numpy.save(...) instead of numpy.savez(...), or an array of Python objects",
        remedy="""
            Write it with numpy.savez("x.npz", input_name=array).
        """,
    ),
    page(
        "samples-keys",
        "the samples have no array for an input of the model",
        meaning="The arrays of an .npz file are found by the names of the model's inputs.",
        example='numpy.savez("x.npz", data=array) for a model whose input is called image',
        remedy="""
            Save the array under the input's name; `edgec inspect MODEL` shows it:

                numpy.savez("x.npz", image=array)
        """,
    ),
    page(
        "samples-shape",
        "the samples do not have the shape of the model's input",
        meaning="""
            The first axis counts samples, the others are the input as the model has it. Every
            input, and the labels where there are any, needs the same number of samples.
        """,
        example="an array (28, 28, 100) where (100, 1, 28, 28) is needed",
        remedy="""
            Transpose or reshape the array. Images of ONNX models stay NCHW: edgec does the change
            of layout itself.
        """,
    ),
    page(
        "labels-unfit",
        "the labels fit no output of the model",
        meaning="""
            Labels lie beside the samples, under a key that says what they are: label, anomaly,
            mask, target, boxes or boxes_center; `label:OUTPUT` names an output. Their shape says
            what they judge, and by which metric; these fit no output.
        """,
        example="a mask of 96x96 pixels for a model whose output is 48x48",
        remedy="""
            The message has the labels' shape, the outputs', and what the key takes. Resize masks
            to the output (nearest neighbour), decode boxes in the model, or leave the array out:
            without labels `edgec eval` says how often the model answers as in float. A build only
            warns of them, unless --metric or a --max-drop in points needs them.
        """,
    ),
    page(
        "samples-dtype",
        "the samples have an element type that the input does not take",
        meaning="""
            Samples are float32, or integers of exactly the type of a quantized input. Inputs that
            count or decide take whole numbers or truth values only.
        """,
        example="pixels as uint8 for a model that was trained on values from 0 to 1",
        remedy="""
            Save array.astype(numpy.float32), scaled as in training: for pixels often array / 255.
            Of an input that is integers in the file, save these in the type that `edgec inspect`
            shows.
        """,
    ),
    page(
        "samples-values",
        "the samples hold NaN, infinity, or numbers that float32 cannot hold",
        meaning="Ranges cannot be measured and outputs not compared with such values.",
        example="a division by a standard deviation of 0 in the preprocessing",
        remedy="Remove these samples, or repair how they are made.",
    ),
    page(
        "samples-empty",
        "the file of samples holds no sample",
        meaning="The first axis of the array, which counts samples, is 0.",
        example="a filter that removed everything before numpy.savez",
        remedy="Save at least one sample; for calibration 50 to 500 typical ones.",
    ),
    page(
        "non-finite-activation",
        "the float model computes infinity, NaN or vast numbers on the samples",
        meaning="""
            While ranges were measured, the output of a node was not finite, or it or a weight was
            beyond 1e18, so that there is no range to quantize.
        """,
        example="samples from 0 to 255 for a model with an Exp that was trained on 0 to 1",
        remedy="""
            Scale the samples as in training. If that is so, run the model in onnxruntime: its
            weights may hold NaN.
        """,
    ),
    page(
        "not-an-output",
        "the folder was not made by edgec build",
        meaning="""
            `run` and `test` work on the folder that `build` left: it holds report.json and the
            firmware.
        """,
        example="edgec run model.onnx, or edgec run build/      (one level too high)",
        remedy="Build first (edgec build MODEL --board BOARD) and name the folder it prints.",
    ),
    page(
        "damaged-output",
        "a folder of edgec build is incomplete or was changed",
        meaning="A file is missing, unreadable, or of another version of edgec.",
        example="firmware.elf was deleted, or report.json was edited by hand",
        remedy="Build again; the folder is replaced as a whole.",
    ),
    page(
        "unwritable-output",
        "an output cannot be written",
        meaning="""
            The folder cannot be created or replaced: permissions, a read-only or full disk, or a
            file of that name in the way.
        """,
        example="edgec build m.tflite -b stm32 -o /usr/kws",
        remedy="Choose another place with -o / --output, or make this one writable.",
    ),
    page(
        "output-in-use",
        "the output folder holds something that edgec did not make",
        meaning="""
            A build replaces its output folder as a whole. Where the folder exists, is not empty
            and has no report.json of an earlier build, edgec does not touch it.
        """,
        example="edgec build m.tflite -b stm32 -o .        (a folder with your own files)",
        remedy="Name a new folder, for instance -o build/m, or empty this one yourself.",
    ),
)
