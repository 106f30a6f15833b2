"""The files that mutants are made of: those that the project's tests make, and given folders."""

import io
import shutil
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import onnx
from fuzz import deciding
from fuzz.attempts import Bench
from fuzz.mutant import Form, Specimen
from onnx_models import MODELS
from ops.case import Case, case_modules, cases_of
from random_models import RandomModel
from ten_models import models as ten_models
from tflite_files import two_convolutions

from edgec.driver import BuildOptions, build
from edgec.driver.compile.compile import compile_model
from edgec.exporters import write_tflite
from edgec.target_file import write_target

ROOT = Path(__file__).parents[2]
SHARED = tuple(ROOT.parent / "shared" / each for each in ("models", "cases"))
_LARGEST = 1 << 19  # bytes of a file: with larger ones a mutant takes seconds
_PER_OPERATOR = 12
_CONFIG = """\
model = "model.onnx"
board = "qemu-m4"
calib = "random"
name = "net"
kernels = "auto"
calibration = "minmax"
quantize = "int8"
effort = "fast"
prune = ""
shape = ""
state = ""
allow_poor = false
"""


def small() -> list[Specimen]:
    """Return a few files of every form, made in a second."""
    return [
        *(_onnx(name, model) for name, model in MODELS.items()),
        Specimen("two_convolutions", Form.TFLITE, write_tflite(two_convolutions())),
        *_operators(1),
        _samples(),
        Specimen("config", Form.CONFIG, _CONFIG.encode()),
        *_boards(),
    ]


def full(folder: Path) -> list[Specimen]:
    """Return what the project's tests have: nets, one model per operator and case.

    ``folder`` is for files in between. Where the tools to build firmware are installed, the files
    of an output folder belong to it (see :func:`bench`).
    """
    return [
        *small(),
        *_operators(_PER_OPERATOR),
        *(_onnx(f"random_{seed}", _random_model(seed)) for seed in range(40)),
        *_onnx_nodes(),
        *deciding.specimens(),
        *_nets(folder),
        *_output(folder / "OUT"),
    ]


def of_folder(folder: Path) -> Iterator[Specimen]:
    """Yield the model files below a folder, but for large ones."""
    for path in sorted(folder.rglob("*")):
        form = next((each for each in Form if path.name.endswith(f".{each}")), None)
        if form in {Form.ONNX, Form.TFLITE, Form.TARGET} and path.stat().st_size <= _LARGEST:
            yield Specimen(path.relative_to(folder).as_posix(), form, path.read_bytes())


def bench(folder: Path, *, build_one: bool) -> Bench:
    """Write the good files that mutants of samples, boards and reports need beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    models = [folder / "lenet.onnx", folder / "signal.onnx", folder / "two.tflite"]
    for path, name in zip(models, ("lenet", "signal"), strict=False):
        path.write_bytes(MODELS[name].SerializeToString())
    models[2].write_bytes(write_tflite(two_convolutions()))
    out = folder / "OUT"
    if not build_one or not _has_tools():
        return Bench(models)
    if not out.exists():
        build(BuildOptions(model=str(models[2]), board="qemu-m4", output=str(out)))
    return Bench(models, out)


def unique(specimens: Sequence[Specimen]) -> list[Specimen]:
    """Return each file once, in an order that depends on contents alone."""
    return sorted({each.key: each for each in specimens}.values(), key=lambda each: each.key)


def _has_tools() -> bool:
    return all(shutil.which(each) for each in ("arm-none-eabi-gcc", "qemu-system-arm"))


def _onnx(name: str, model: onnx.ModelProto) -> Specimen:
    return Specimen(name, Form.ONNX, model.SerializeToString(deterministic=True))


def _operators(count: int) -> Iterator[Specimen]:
    """Yield cases of each operator, as .tflite where TFLite has it, and as target graphs."""
    for module in case_modules():
        chosen = _spread([each for each in cases_of(module) if each.graph.inputs], count)
        for case in chosen:
            if case.oracle:
                yield Specimen(f"{module}.{case}", Form.TFLITE, write_tflite(case.graph))
        yield Specimen(f"{module}.{chosen[0]}", Form.TARGET, write_target(chosen[0].graph))


def _spread(cases: Sequence[Case], count: int) -> Sequence[Case]:
    return cases[:: max(1, len(cases) // count)][:count]


@cache
def _random_model(seed: int) -> onnx.ModelProto:
    rng = Random(seed)
    shape = rng.choice([(1, 3, 6, 5), (1, 1, 6, 6), (1, 4, 8), (1, 6), (1, 2, 1, 7)])
    model = RandomModel(shape)
    for _ in range(8):
        model.add((rng.randrange(100), rng.randrange(10), rng.randrange(100)))
    return model.model(rng.randrange(8))


def _onnx_nodes() -> Iterator[Specimen]:
    """Yield the models of the onnx package's own tests that are of interest to edgec."""
    from differential.test_onnx_backend import in_scope  # noqa: PLC0415 - takes seconds

    for case in in_scope():
        yield _onnx(case.name, case.model)


def _nets(folder: Path) -> Iterator[Specimen]:
    """Yield whole nets, quantized in all the ways that files have, and what they become."""
    for each in ten_models():
        place = folder / each.name
        place.mkdir(parents=True, exist_ok=True)
        options = each.make(place)
        path = Path(options.model)
        if path.stat().st_size <= _LARGEST:
            form = Form.ONNX if path.suffix == ".onnx" else Form.TFLITE
            yield Specimen(each.name, form, path.read_bytes())
        if each.name in {"int8_tflite", "qdq", "svdf", "lstm_tflite"}:
            compiled = compile_model(BuildOptions(model=str(path), board="qemu-m4"))
            yield Specimen(f"{each.name}_target", Form.TARGET, write_target(compiled.graph))


def _samples() -> Specimen:
    """Return samples that fit all models of the bench, with labels."""
    rng = np.random.default_rng(0)
    shapes = {"image": (6, 2, 6, 6), "imu": (6, 3, 16)}
    arrays = {name: rng.standard_normal(s).astype(np.float32) for name, s in shapes.items()}
    x = rng.integers(-128, 128, (6, 4, 4, 2)).astype(np.int8)
    file = io.BytesIO()
    np.savez(file, label=np.arange(6) % 3, x=x, **arrays)
    return Specimen("samples", Form.SAMPLES, file.getvalue())


def _boards() -> Iterator[Specimen]:
    for path in sorted((ROOT / "boards").glob("*/board.toml")):
        yield Specimen(path.parent.name, Form.BOARD, path.read_bytes())


def _output(out: Path) -> Iterator[Specimen]:
    if out.exists():
        yield Specimen("report", Form.REPORT, (out / "report.json").read_bytes())
        yield Specimen("golden", Form.GOLDEN, (out / "golden.npz").read_bytes())
