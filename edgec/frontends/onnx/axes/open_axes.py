"""Open axes of an ONNX model's inputs: as asked for, as the model needs them, or as a batch.

All inputs are looked at together: what one of them is to be tells of the others, and what has to
be asked for is one line to type.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from shlex import quote
from typing import Any

from edgec.errors import EdgecError, ExitCode, Place
from edgec.frontends.limits import MAX_RANK
from edgec.frontends.onnx.axes.axis_reading import Meeting, Role
from edgec.frontends.onnx.axes.axis_roles import AxisRoles
from edgec.frontends.onnx.axes.known_shapes import Shape, extent, is_consistent
from edgec.frontends.shapes import Shapes, bound

_STEPS = 16  # of an example
_Spot = tuple[str, int]  # an input, and an axis of it
# fmt: off
_TIMES = frozenset({  # names of axes that are no batch
    "frames", "len", "length", "n_frames", "num_frames", "num_steps", "seq", "seq_len",
    "seq_length", "seqlen", "sequence", "sequence_length", "steps", "t", "time", "time_steps",
    "times", "timesteps", "window",
})
# fmt: on


@dataclass(eq=False)
class OpenAxes:
    """The shapes of a model's inputs (``ValueInfoProto``), closed as far as they can be.

    ``problems`` are those of inputs that cannot, by name; ``remarks`` say what was taken where that
    is no batch of 1, and ``typed`` is the line that asks for it all.
    """

    model: Any
    inputs: Sequence[Any]
    shapes: Shapes
    place: Place
    closed: dict[str, tuple[int, ...]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    problems: dict[str, EdgecError] = field(default_factory=dict)
    _open: dict[_Spot, Any] = field(default_factory=dict)  # -> dim; of those in ``_known``
    _known: dict[str, list[int | None]] = field(default_factory=dict)
    _found: dict[_Spot, Role] = field(default_factory=dict)
    _meetings: dict[_Spot, list[Meeting]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for each in self.inputs:
            try:
                self._state(each)
            except EdgecError as error:
                self.problems[each.name] = error
        if self._open:
            self._close(AxisRoles(self.model))
        for name, shape in self._known.items():
            known = [each for each in shape if each is not None]
            if len(known) == len(shape) and name not in self.problems:
                self.closed[name] = tuple(known)
            elif name not in self.problems:
                self.problems[name] = self._unknown(name)

    @property
    def typed(self) -> str:
        """Return the line that gives all open axes, with ? for those that nobody knows."""
        names = dict.fromkeys(name for name, _ in self._open)
        return " ".join(f"--shape {quote(name)}={_shown(self._known[name])}" for name in names)

    def blamed(self, error: EdgecError) -> EdgecError:
        """Return an error that calls the file malformed, as one of the shapes that were taken.

        It is none where the file contradicts itself whatever the open axes are, or has none.
        """
        if error.code != "malformed-model" or not self._open or not is_consistent(self.model):
            return error
        names = dict.fromkeys(name for name, _ in self._open)
        taken = ", ".join(f"{name!r} is ({_shown(self._known[name])})" for name in names)
        asked = any(name in self.shapes for name in names)
        return EdgecError(
            "invalid-shape" if asked else "dynamic-shape",
            f"{error.message}, where input {taken}",
            place=error.place,
            help=f"give a shape that fits: {self._asking(names)}",
            exit_code=ExitCode.USAGE if asked else ExitCode.MODEL,
        )

    def _asking(self, names: Iterable[str]) -> str:
        """Return the line that asks for all open axes again, whatever they were taken as."""
        shapes = {name: list(self._known[name]) for name in names}
        for name, axis in self._open:
            shapes[name][axis] = None
        return " ".join(f"--shape {quote(name)}={_shown(each)}" for name, each in shapes.items())

    def _state(self, value: Any) -> None:
        """Note the shape as stated and as asked for; ``dynamic-shape`` where there is none."""
        tensor, name = value.type.tensor_type, value.name
        inside = Place(self.place.file, f"input {name!r}")
        if not tensor.HasField("shape") and name in self.shapes:
            self.closed[name] = self.shapes[name]
            return
        if not tensor.HasField("shape") or len(tensor.shape.dim) > MAX_RANK:
            message = f"input {name!r} has no known shape of at most {MAX_RANK} axes"
            hint = f"give it with --shape {quote(name)}=1,..., or export with its shape fixed"
            raise EdgecError("dynamic-shape", message, place=inside, help=hint)
        own = tuple(extent(dim) for dim in tensor.shape.dim)
        self._known[name] = list(bound(name, own, self.shapes, inside))
        dims = enumerate(tensor.shape.dim)
        self._open |= {(name, axis): dim for axis, dim in dims if own[axis] is None}

    def _close(self, roles: AxisRoles) -> None:
        """Give open axes their extents: first batches, then what the model needs."""
        for name, axis in self._open:
            role = roles.of(name, axis, len(self._known[name]))
            if role is not None:
                self._found[name, axis] = role
        while True:
            before = {name: tuple(shape) for name, shape in self._known.items()}
            roles.learn(self._with_batches())
            for spot in self._open:
                self._meet(spot, roles)
            if before == {name: tuple(shape) for name, shape in self._known.items()}:
                break
        for spot in self._open:
            if self._at(spot) is None:
                self._call_alike(spot)
        for spot in self._open:
            if self._at(spot) is None and self._is_batch(spot):
                self._set(spot, 1)
                self.remarks += self._first_axis_remark(spot)

    def _with_batches(self) -> Mapping[str, Shape]:
        """Return what is known of the inputs, a batch that is open being 1."""
        closed = {name: list(shape) for name, shape in self._known.items()}
        for name, axis in self._open:
            if closed[name][axis] is None and self._is_batch((name, axis)):
                closed[name][axis] = 1
        return {name: tuple(shape) for name, shape in closed.items()}

    def _is_batch(self, spot: _Spot) -> bool:
        role = self._found.get(spot)
        return role.is_batch if role else spot[1] == 0

    def _at(self, spot: _Spot) -> int | None:
        name, axis = spot
        return self._known[name][axis]

    def _set(self, spot: _Spot, taken: int) -> None:
        name, axis = spot
        self._known[name][axis] = taken

    def _meet(self, spot: _Spot, roles: AxisRoles) -> None:
        """Take the extent that operators need; a batch may be broadcast."""
        name, axis = spot
        met = roles.extents(name, axis, len(self._known[name]))
        asked, strict = self._at(spot), [each for each in met if not each.is_loose]
        role = self._found.get(spot)
        if len(strict) > 1:
            self.problems.setdefault(name, self._contradiction(spot, strict))
        elif strict and asked is not None and asked != strict[0].extent:
            self.problems.setdefault(name, self._misfit(spot, asked, strict[0]))
        elif len(met) == 1 and asked is None and (strict or role is None or not role.is_batch):
            self._set(spot, met[0].extent)
            if met[0].extent != 1 or not self._is_batch(spot):
                self.remarks.append(
                    f"{self._called(spot)} was taken as {met[0].extent}, {met[0].why}"
                )

    def _call_alike(self, spot: _Spot) -> None:
        """Take the extent of an axis of the same name in another input, but for batches."""
        called = self._open[spot].dim_param
        alike = {
            self._at(each): each
            for each, dim in self._open.items()
            if called
            and dim.dim_param == called
            and self._at(each) is not None
            and each[0] != spot[0]
        }
        if len(alike) == 1 and not self._is_batch(spot):
            ((taken, other),) = alike.items()
            self._set(spot, taken or 1)
            self.remarks.append(
                f"{self._called(spot)} was taken as {taken}, as in input {other[0]!r}"
            )

    def _called(self, spot: _Spot) -> str:
        called = self._open[spot].dim_param
        return f"axis {spot[1]} of input {spot[0]!r}" + (f" (named {called!r})" if called else "")

    def _contradiction(self, spot: _Spot, met: Sequence[Meeting]) -> EdgecError:
        first, second = met[:2]
        return EdgecError(
            "dynamic-shape",
            f"{self._called(spot)} would have to be {first.extent}, {first.why}, and "
            f"{second.extent}, {second.why}",
            place=Place(self.place.file, f"input {spot[0]!r}"),
            help="no --shape fits both: correct the model where it is made, and export it again",
        )

    def _misfit(self, spot: _Spot, asked: int, met: Meeting) -> EdgecError:
        if spot[0] not in self.shapes:
            return self._contradiction(spot, [Meeting(asked, "as was found before"), met])
        self._set(spot, met.extent)
        return EdgecError(
            "invalid-shape",
            f"--shape: {asked} for {self._called(spot)}, which has to be {met.extent}, {met.why}",
            place=Place(self.place.file, f"input {spot[0]!r}"),
            help=self.typed,
            exit_code=ExitCode.USAGE,
        )

    def _first_axis_remark(self, spot: _Spot) -> Iterator[str]:
        """Say that an open first axis became 1 where only its name says it is no batch."""
        name, axis = spot
        called = self._open[spot].dim_param
        if axis or called.lower() not in _TIMES or spot in self._found:
            return
        example = ",".join(str(each or 1) for each in [_STEPS, *self._known[name][1:]])
        yield (
            f"axis 0 of input {name!r} is open and named {called!r}; 1 was taken, as for a batch: "
            f"one element a run. For more in one run: --shape {name}={example}"
        )

    def _unknown(self, name: str) -> EdgecError:
        """Return ``dynamic-shape`` for an input, with what to type for all of them."""
        first, *others = (axis for axis, each in enumerate(self._known[name]) if each is None)
        hint = f"give it with {self.typed}, or export with this axis fixed"
        return EdgecError(
            "dynamic-shape",
            f"axis {first} of input {name!r} is dynamic {self._described((name, first))}",
            place=Place(self.place.file, f"input {name!r}"),
            notes=[f"so is axis {axis} {self._described((name, axis))}" for axis in others],
            help=hint + self._example(name, self._found.get((name, first))),
        )

    def _described(self, spot: _Spot) -> str:
        """Say how the file calls an open axis, and what it is."""
        dim, role = self._open[spot], self._found.get(spot)
        given = str(dim.dim_value) if dim.WhichOneof("value") == "dim_value" else "not given"
        called = f"named {dim.dim_param!r}" if dim.dim_param else given
        return f"({called})" + (f"; it is {role.text}" if role else "")

    def _example(self, name: str, role: Role | None) -> str:
        """Return what to type for sequences; a recurrent layer may run step by step, too."""
        if role is None or not role.is_time:
            return ""
        many, one = (self.typed.replace("?", str(steps)) for steps in (_STEPS, 1))
        return (
            f". For runs of {_STEPS} steps, each from a zero state: {many}; for one "
            f"step a run: {one}, with the states among the model's inputs and outputs, "
            "which --state H_IN=H_OUT keeps"
        )


def _shown(shape: Sequence[int | None]) -> str:
    return ",".join("?" if each is None else str(each) for each in shape)
