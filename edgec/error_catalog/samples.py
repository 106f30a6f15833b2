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
        meaning="Samples travel as NumPy archives without pickled objects.",
        example="numpy.save(...) instead of numpy.savez(...), or an array of Python objects",
        remedy="""
            Write it with numpy.savez("x.npz", input_name=array).
        """,
    ),
    page(
        "samples-mismatch",
        "the samples do not fit the inputs of the model",
        meaning="""
            A key is missing, a shape or type differs, values are NaN, or there are not as many
            labels as samples. Keys are the names of the inputs, the first axis counts samples.
        """,
        example="an array 28x28x100 where 100x1x28x28 is expected",
        remedy="""
            `edgec inspect MODEL` shows names, shapes and types. Images of ONNX models stay NCHW:
            edgec does the change of layout itself.
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
