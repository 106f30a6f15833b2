"""What a firmware's self-test runs, and what the integer reference says to it."""

import zlib

import numpy as np

from edgec.driver.compile.golden import reference_outputs
from edgec.driver.progress import Quiet
from edgec.ir import DType, Graph

_SEED = 0x2545F491
_ANY_BYTES = {DType.INT8, DType.UINT8, DType.INT16}


def expected_output_crc(graph: Graph) -> int | None:
    """Return the CRC-32 of the reference's outputs for made-up inputs.

    None where an input has a type of which not every byte is a sensible value: no run then. Nor is
    there one where an output is float: its last bits may differ.
    """
    if any(graph.types[name].dtype is DType.FLOAT32 for name in graph.outputs):
        return None
    kinds = [graph.types[name] for name in graph.without_states(graph.inputs)]
    if any(kind.dtype not in _ANY_BYTES for kind in kinds):
        return None
    sizes = [kind.bytes for kind in kinds]
    made_up = made_up_bytes(sum(sizes))
    ends = np.cumsum(sizes)
    inputs = [made_up[end - size : end] for size, end in zip(sizes, ends, strict=True)]
    (outputs,) = reference_outputs(graph, [inputs], Quiet())
    return zlib.crc32(b"".join(outputs))


def made_up_bytes(count: int) -> bytes:
    """Return what runtime_c/runner/self_test.c fills the inputs with: Marsaglia's xorshift."""
    made = bytearray()
    state = _SEED
    for _ in range(count):
        state ^= state << 13 & 0xFFFF_FFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFF_FFFF
        made.append(state >> 24)
    return bytes(made)
