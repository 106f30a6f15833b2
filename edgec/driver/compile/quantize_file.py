"""``edgec quantize``: a float model becomes a quantized .tflite, and nothing else."""

from dataclasses import dataclass
from pathlib import Path

from edgec.codegen.source_tree import replaceable_file
from edgec.driver.compile.compile import integer_model
from edgec.driver.compile.quantization import QuantizationReport
from edgec.driver.options import BuildOptions
from edgec.driver.progress import Progress, Quiet
from edgec.errors import EdgecError, ExitCode, Place
from edgec.exporters.proof import why_it_does_not_load
from edgec.exporters.tflite import write_tflite
from edgec.scratch import write_whole


@dataclass(frozen=True)
class QuantizeResult:
    """Where the file is, how large, and how good; no figures for a model that was quantized.

    ``missed`` is there where --max-drop is missed; ``remarks`` are those of the warnings where
    nothing is wrong.
    """

    path: Path
    size: int
    quantization: QuantizationReport | None
    warnings: tuple[str, ...]
    missed: EdgecError | None = None
    remarks: tuple[str, ...] = ()


def quantize_file(
    options: BuildOptions, output: Path, progress: Progress | None = None
) -> QuantizeResult:
    """Write the quantized model as .tflite, whole or not at all.

    Raises ``invalid-option`` for an output that is the model itself or no .tflite file,
    ``unwritable-output`` where it cannot be written.
    """
    progress = progress or Quiet()
    options = options.quantization_checked()
    _check_output(Path(options.model), output)
    made = integer_model(options, progress)
    data = write_tflite(made.graph)
    _write(output, data)
    report = made.quantization.report if made.quantization else None
    missed = made.missed(options.model)
    refused = why_it_does_not_load(data, made.graph)
    warnings = (*made.warnings, *([refused] if refused else []))
    return QuantizeResult(output, len(data), report, warnings, missed, made.graph.remarks)


def _check_output(model: Path, output: Path) -> None:
    """Raise ``invalid-option`` for what a typing mistake would overwrite."""
    wrong = "" if output.name.endswith(".tflite") else "the quantized model is a .tflite file"
    if output.exists() and model.exists() and output.samefile(model):
        wrong = "this is the model itself"
    if wrong:
        raise EdgecError(
            "invalid-option",
            f"-o {output}: {wrong}",
            help=f"name a new file, for instance -o {model.stem}-int8.tflite",
            exit_code=ExitCode.USAGE,
        )


def _write(path: Path, data: bytes) -> None:
    path = replaceable_file(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    except OSError as error:
        raise EdgecError(
            "unwritable-output",
            f"cannot write the model: {error.strerror or error}",
            place=Place(str(path)),
            help="choose another place with -o, or make this one writable",
        ) from None
