"""Functions of one int8 element that edgec's own exporter has spelled out: CAST, ADD 128, GATHER.

Reading them back as one operator lets a file that edgec wrote be built again, to the same bytes.
"""

from collections import Counter
from dataclasses import replace

from edgec.frontends.tflite_reader import FileModel, FileOperator, FileTensor
from edgec.ir import Array, DType

TABLE = "EDGEC_TABLE"
"""Stands for the three operators. Inputs: the int8 tensor and its table of 256 results."""
_ENTRIES, _OFFSET = 256, 128


def with_tables(model: FileModel) -> FileModel:
    """Return the model with each such chain as one operator; other operators stay."""
    found = _Chains(model)
    chains = [found.ending_in(each) for each in model.operators if each.op == "GATHER"]
    joined = {id(chain[-1]): _joined(chain) for chain in chains if chain}
    gone = {id(each) for chain in chains for each in chain[:-1]}
    if not joined:
        return model
    kept = (each for each in model.operators if id(each) not in gone)
    return replace(model, operators=tuple(joined.get(id(each), each) for each in kept))


def _joined(chain: "tuple[FileOperator, ...]") -> FileOperator:
    cast, _, gather = chain
    return FileOperator(TABLE, 1, (cast.inputs[0], gather.inputs[0]), gather.outputs, {})


class _Chains:
    """Lookups in a model; tensors that more than one operator reads end no chain."""

    def __init__(self, model: FileModel) -> None:
        self._tensors = model.tensors
        self._makers = {out: each for each in model.operators for out in each.outputs}
        self._reads = Counter(number for each in model.operators for number in each.inputs)
        self._reads.update(model.outputs)

    def ending_in(self, gather: FileOperator) -> tuple[FileOperator, ...]:
        """Return the three operators, or nothing."""
        add = self._maker(gather, 1, "ADD")
        cast = self._maker(add, 0, "CAST") if add else None
        if add is None or cast is None or not _is_plain(gather, add):
            return ()
        source, table = self._tensor(cast, 0), self._tensor(gather, 0)
        fits = table is not None and table.shape == (_ENTRIES,) and table.dtype is DType.INT8
        if not fits or source is None or source.dtype is not DType.INT8:
            return ()
        offset = self._data(add, 1)
        is_offset = offset is not None and offset.size == 1 and int(offset.flat[0]) == _OFFSET
        return (cast, add, gather) if is_offset and self._data(gather, 0) is not None else ()

    def _maker(self, reader: FileOperator, index: int, op: str) -> FileOperator | None:
        number = reader.inputs[index] if index < len(reader.inputs) else None
        maker = None if number is None else self._makers.get(number)
        private = maker is not None and maker.op == op and self._reads[number] == 1
        return maker if private else None

    def _tensor(self, operator: FileOperator, index: int) -> FileTensor | None:
        number = operator.inputs[index] if index < len(operator.inputs) else None
        return None if number is None else self._tensors[number]

    def _data(self, operator: FileOperator, index: int) -> Array | None:
        tensor = self._tensor(operator, index)
        return None if tensor is None else tensor.data


def _is_plain(gather: FileOperator, add: FileOperator) -> bool:
    """Tell whether the operators have no options that change what they do."""
    axes = gather.attrs.get("axis", 0), gather.attrs.get("batch_dims", 0)
    return axes == (0, 0) and add.attrs.get("fused_activation_function", "NONE") == "NONE"
