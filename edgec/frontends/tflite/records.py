"""What a TFLite file holds, as plain records: tensors, operators, graphs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgec.ir import Array, DType, QParams


@dataclass(frozen=True, slots=True)
class FileTensor:
    """One tensor: ``dtype`` is None where edgec has no such type, ``data`` where it is computed.

    ``oddity`` names a feature of the file format that edgec does not know (rank 9, ...), and
    ``odd_scales`` a quantization that contradicts itself; ``open_axes`` are those that the file
    leaves open beside a shape it was made with.
    """

    name: str
    shape: tuple[int, ...]
    type_name: str
    dtype: DType | None
    qparams: QParams | None
    data: Array | None
    oddity: str
    variable: bool = False  # keeps its value between runs
    open_axes: tuple[int, ...] = ()
    odd_scales: str = ""
    alias: str = ""  # its own name, where the file's signature has another


@dataclass(frozen=True, slots=True)
class FileOperator:
    """One operator; inputs and outputs are numbers of tensors, None for an absent input.

    Some have no output: they write to variables. ``oddity`` is what its options say that edgec
    does not know. An ``unsigned`` one computed in uint8, which has become int8 since.
    """

    op: str
    version: int
    inputs: tuple[int | None, ...]
    outputs: tuple[int, ...]
    attrs: Mapping[str, Any]
    oddity: str = ""
    unsigned: bool = False

    @property
    def refers_to_subgraphs(self) -> bool:
        """Whether it runs other graphs of the file: a loop, a branch, an initialization."""
        return any(name.endswith("subgraph_index") for name in self.attrs)


@dataclass(frozen=True, slots=True)
class FileModel:
    """A subgraph, well-formed: all numbers of tensors exist.

    ``bodies`` of the first one are the others, which its WHILE operators refer to, counted from 1;
    ``oddities`` are what is legal for the format and yet no graph for edgec.
    """

    tensors: tuple[FileTensor, ...]
    operators: tuple[FileOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    bodies: tuple["FileModel", ...] = ()
    oddities: tuple[str, ...] = ()
