"""Errors about the command line and edgec.toml."""

from edgec.error_catalog.page import page

PAGES = (
    page(
        "usage",
        "the command line could not be understood",
        meaning="An option does not exist or lacks its value, or there are too many arguments.",
        example="edgec build m.tflite --bord stm32",
        remedy="`edgec COMMAND --help` shows what a command takes.",
    ),
    page(
        "unknown-command",
        "there is no such command",
        meaning="The first word after edgec names a command.",
        example="edgec compile m.tflite",
        remedy="The message names the nearest command; `edgec --help` lists them all.",
    ),
    page(
        "missing-option",
        "a build needs an option that was not given",
        meaning="Model and board must be known, from the command line or from edgec.toml.",
        example="edgec build model.tflite",
        remedy="""
            Give both, or write them into an edgec.toml in the current folder:

                model = "model.tflite"
                board = "stm32"
        """,
    ),
    page(
        "missing-extra",
        "an option needs a package that is not installed",
        meaning="Some options use packages that most users do without; pip calls them extras.",
        example="edgec matrix *.tflite --boards stm32 --backend dask",
        remedy="The message has the command that installs it.",
    ),
    page(
        "no-scheduler",
        "dask's scheduler cannot be reached",
        meaning="`edgec matrix --backend dask` gives its cells to the workers of a scheduler.",
        example="edgec matrix *.tflite --boards stm32 --backend dask --scheduler tcp://gone:8786",
        remedy="""
            Start one, and its workers, each where edgec and the toolchain are installed and the
            files have the same paths:

                dask scheduler
                dask worker tcp://HOST:8786
        """,
    ),
    page(
        "invalid-option",
        "an option has a value that it does not take",
        meaning="The option takes one of a few words.",
        example="edgec build m.tflite -b stm32 --kernels fast",
        remedy="The message lists the possible values.",
    ),
    page(
        "invalid-limit",
        "a condition of --fail-if cannot be read",
        meaning="A limit is a metric, > or <, and a bound on its change, absolute or in percent.",
        example="edgec compare old new --fail-if 'instructons>1%'",
        remedy="Write for instance --fail-if 'instructions>+1%,ram>0,accuracy<-0.005'.",
    ),
    page(
        "unknown-option",
        "edgec.toml has a key that edgec does not know",
        meaning="Unknown keys are errors, so that a misspelt option is not ignored.",
        example="""
            bord = "stm32"
        """,
        remedy="""
            The message names the nearest key; the keys are the options of `edgec build`, with _
            for -.
        """,
    ),
    page(
        "malformed-config",
        "edgec.toml is not valid",
        meaning="The file is no TOML, or a value has the wrong type: all options are strings.",
        example="board = stm32      (without quotes)",
        remedy="""
            Write key = "value", one per line; https://toml.io has the rules.
        """,
    ),
    page(
        "unknown-code",
        "there is no error code of this name",
        meaning="Codes are the words in brackets of a message: error[does-not-fit].",
        example="edgec explain no-fit",
        remedy="`edgec explain` lists all codes.",
    ),
    page(
        "unknown-pass",
        "no pass of this name runs on the model",
        meaning="""
            `edgec dump --after PASS` takes the name of a pass that runs on the model at hand.
        """,
        example="edgec dump m.onnx --after fold_batchnorm",
        remedy="""
            The message lists the passes in their order; `import` is the graph before any of them.
        """,
    ),
    page(
        "system-refused",
        "the operating system refused what a command needs",
        meaning="""
            A disk is full, a path too long, a file or folder vanished meanwhile, or there is no
            memory left. What stood at the place of the output before is still there.
        """,
        example="""
            edgec boards >/dev/full
            error[system-refused]: the system refused: No space left on device
        """,
        remedy="""
            The message names the file where there is one. Make room (df, ulimit -a), or point
            TMPDIR at a disk that has some. EDGEC_DEBUG=1 shows where it happened.
        """,
    ),
    page(
        "bug",
        "edgec itself failed",
        meaning="""
            Something happened that edgec's authors did not foresee. It is not your mistake,
            whatever the input was. The exit code is 70.
        """,
        example="error[bug]: edgec failed in a way it should not: IndexError: ...",
        remedy="""
            Please report it with the file the message names and, if you can share it, the model.
            EDGEC_DEBUG=1 shows the details at once.
        """,
    ),
)
