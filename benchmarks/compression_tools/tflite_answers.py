"""What the reference kernels of TFLite answer, with the interpreter that is installed.

edgec's integers are those of tflite-runtime 2.14, which the tools cannot have beside them. So run
this afterwards, in the environment of edgec: where 2.14 has the same classes, its answers are kept.
Elsewhere it does not know the file (a scale per output where weights multiply more than one row,
or activations in float):
python benchmarks/compression_tools/tflite_answers.py
"""

from importlib import import_module
from typing import Any

import numpy as np
from samples import KEPT, Array, keep


def _runtime() -> tuple[Any, Any]:
    """Return the class of interpreters, and the kinds of kernels to choose from."""
    for name in ("tflite_runtime.interpreter", "ai_edge_litert.interpreter"):
        try:
            module = import_module(name)
        except ImportError:
            continue
        return module.Interpreter, module.OpResolverType
    lite = import_module("tensorflow").lite
    return lite.Interpreter, lite.experimental.OpResolverType


def keep_tflite(tool: str, name: str, data: bytes | None, x: Array) -> None:
    """Keep a TFLite file as :func:`samples.keep` does: with integers where its ends have some."""
    if data is not None:
        keep(tool, name, data, _entering(data, x), _answers)


def _answers(data: bytes, x: Array) -> Array:
    interpreter = _interpreter(data)
    (source,), (result,) = interpreter.get_input_details(), interpreter.get_output_details()
    answers = []
    for row in x:
        interpreter.reset_all_variables()
        interpreter.set_tensor(source["index"], row.reshape(source["shape"]))
        interpreter.invoke()
        answers.append(interpreter.get_tensor(result["index"]))
    return np.concatenate(answers)


def _entering(data: bytes, x: Array) -> Array:
    (source,) = _interpreter(data).get_input_details()
    scale, zero = source["quantization"]
    if not scale:
        return x.astype(source["dtype"])
    limits = np.iinfo(source["dtype"])
    steps = np.rint(x / np.float32(scale)) + zero
    return np.clip(steps, limits.min, limits.max).astype(source["dtype"])


def _interpreter(data: bytes) -> Any:
    kind, kernels = _runtime()
    reference = kernels.BUILTIN_REF
    interpreter = kind(model_content=data, experimental_op_resolver_type=reference)
    interpreter.allocate_tensors()
    return interpreter


def main() -> None:
    """Ask again about all TFLite files that are kept."""
    for path in sorted(KEPT.rglob("*.tflite")):
        with np.load(f"{path}.npz") as kept:
            x, theirs = kept["x"], kept["y"]
        try:
            answers = _answers(path.read_bytes(), x)
        except RuntimeError as error:
            print(f"{path.name}: {str(error)[:80]}")
            continue
        known = np.array_equal(_classes(answers), _classes(theirs))
        print(f"{path.name}: {'as' if known else 'not'} known to this runtime")
        if known:
            keep(path.parent.name, path.name, path.read_bytes(), x, _answers)


def _classes(answers: Array) -> Array:
    return np.asarray(answers.reshape(len(answers), -1).argmax(axis=1))


if __name__ == "__main__":
    main()
