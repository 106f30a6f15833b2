"""Errors of fitting a model on a board and of building its firmware."""

from edgec.error_catalog.page import page

PAGES = (
    page(
        "does-not-fit",
        "the model needs more memory than the board has",
        meaning="""
            RAM holds the arena (all activations, planned so that they share space), static data
            and the stack; flash holds weights and code. The message says by how many bytes it
            misses and which buffers are alive when the most memory is in use. The exit code is 4.
            `edgec check` knows the weights exactly and estimates the code: it warns where that is
            close.
        """,
        example="""
            edgec build vww_96_int8.tflite --board small.toml
            error[does-not-fit]: ... sram of small has 32,768: 22,528 bytes too few
        """,
        remedy="""
            Choose a larger board (`edgec boards`), smaller inputs, or fewer channels in the
            layers that the notes name: the first layers usually set the peak.
        """,
    ),
    page(
        "max-drop-missed",
        "the quantized model loses more than --max-drop allows",
        meaning="""
            Everything was written: build, file or figures are there to look at, but the model is
            not as good as was asked for, and the exit code is 4. The message says what was
            reached, on which samples, against what, and by how much it misses; the notes name
            other samples that it is missed on. Samples are the calibration samples, those held
            out from a trial that is made of the others, and the data of `edgec eval`. report.json
            and --json have all of it under `max_drop`.
        """,
        example="""
            edgec build digits.onnx -b stm32 --calib calib.npz --quantize int8 --max-drop 50dB
            error[max-drop-missed]: --max-drop asks for 50 dB of output SQNR; reached: 38.4 dB,
            11.6 dB too few, on 128 calibration samples, against the float model
        """,
        remedy="""
            Leave --quantize away, or write --quantize auto: layers that need it become int16.
            Otherwise calibrate with more samples like the real input, ask for less, or look at
            the weak layers that `edgec eval` names. With --prune the model before pruning is what
            counts: remove less.
        """,
    ),
    page(
        "max-drop-needs-float",
        "what a quantized model has lost cannot be told",
        meaning="""
            --max-drop compares with a float model. A file of integers has none; one that states
            its quantization beside floats (QDQ) can be compared with these, on samples.
        """,
        example="edgec build m_int8.tflite -b stm32 --max-drop 30dB",
        remedy="""
            Give the float model with --calib, or for a QDQ file samples with --calib; or leave
            --max-drop away. `edgec eval` measures accuracy where there are labels.
        """,
    ),
    page(
        "damaged-target",
        "an .edgec file is not what edgec writes",
        meaning="""
            A build leaves <name>.edgec, the target graph that its firmware computes. This one is
            cut off, or something else has changed it.
        """,
        example="edgec test build/kws --data test.npz      (after a download that stopped halfway)",
        remedy="Build again, or copy the folder again.",
    ),
    page(
        "other-target-version",
        "an .edgec file has the format of another edgec",
        meaning="""
            The target graph of a build (<name>.edgec) has a version of its own. This edgec reads
            the one that it writes.
        """,
        example="edgec run build/kws --on host      (built by a newer edgec)",
        remedy="Build again with this edgec, or use the edgec that built it.",
    ),
    page(
        "older-output",
        "an output folder has no target graph, which this command needs",
        meaning="""
            Folders of older versions hold no <name>.edgec. What needs the firmware and its golden
            vectors only (`edgec test`, `edgec run`, `edgec compare`) works with them; what
            evaluates the model anew (--data, --layers, --on host) does not.
        """,
        example="edgec test build/kws --data test.npz      (built by edgec 0.1)",
        remedy="Build again.",
    ),
    page(
        "missing-tool",
        "a program that edgec needs is not installed",
        meaning="""
            Firmware is compiled with arm-none-eabi-gcc and run in qemu-system-arm; `--on host`
            uses cc.
        """,
        example="error[missing-tool]: arm-none-eabi-gcc is needed, but it is not on PATH",
        remedy="""
            On Debian, Ubuntu and macOS:

                sudo apt install gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm
                brew install --cask gcc-arm-embedded; brew install qemu

            Elsewhere set EDGEC_ARM_GCC, EDGEC_ARM_OBJCOPY, EDGEC_QEMU or EDGEC_CC to the program.
            `edgec doctor` shows what is found.
        """,
    ),
    page(
        "tool-failed",
        "a compiler or the emulator ended with an error",
        meaning="The notes are the last lines that the tool said.",
        example="a compiler too old to know -mcpu=cortex-m55",
        remedy="""
            `edgec doctor` shows versions; edgec is tested with arm-none-eabi-gcc 12 and QEMU 7.2.
            If the versions are newer than these, please report it.
        """,
    ),
    page(
        "cmsis-nn-missing",
        "the sources of CMSIS-NN are not found",
        meaning="""
            They come with a Python package that edgec depends on, or from --cmsis-nn /
            EDGEC_CMSIS_NN. These name the folder that has Include and Source (of a checkout, of a
            CMSIS-Pack), or the one above it: CMSIS/NN, CMSIS-NN and a single version's folder are
            found inside.
        """,
        example="edgec build ... --cmsis-nn ~/packs/ARM/CMSIS-NN      (which has 6.0.0 and 7.0.0)",
        remedy="""
            pip install aidge-export-arm-cortexm==0.2.1, or name one folder that has Include and
            Source. --kernels portable needs no CMSIS-NN.
        """,
    ),
    page(
        "cmsis-nn-changed",
        "the packaged CMSIS-NN is not the one edgec was tested with",
        meaning="""
            The sources are compared with a pinned hash, because wrong kernels would give wrong
            results.
        """,
        example="a file in site-packages was edited",
        remedy="""
            pip install --force-reinstall aidge-export-arm-cortexm==0.2.1. To use a copy of your
            own on purpose, name it with --cmsis-nn.
        """,
    ),
    page(
        "cmsis-nn-function-missing",
        "this copy of CMSIS-NN lacks a function",
        meaning="Functions were added over time; edgec needs v5.0.0 or newer.",
        example="--cmsis-nn with a checkout of 2020",
        remedy="Use a newer checkout, leave --cmsis-nn away, or build with --kernels portable.",
    ),
    page(
        "stack-too-small",
        "the stack that was asked for is smaller than the worst case",
        meaning="The worst case is computed from the compiler's stack usage and the call graph.",
        example="a reserve of 256 bytes where kernels need 700",
        remedy="Reserve at least the number in the message, or leave the size to edgec.",
    ),
    page(
        "unbounded-stack",
        "the worst-case stack cannot be computed",
        meaning="""
            A function has a frame of variable size or calls through a pointer, so no bound is
            known.
        """,
        example="alloca or a variable-length array in a kernel of your own CMSIS-NN copy",
        remedy="""
            Remove these constructs from the function that the message names, or use the packaged
            kernels.
        """,
    ),
    page(
        "recursive-call",
        "functions in the firmware call each other in a circle",
        meaning="Recursion has no bound on its stack.",
        example="a kernel that calls itself",
        remedy="Rewrite it as a loop. In unmodified edgec this is a bug: please report it.",
    ),
)
