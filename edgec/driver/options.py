"""What a build is asked for: flags, or the same keys in an ``edgec.toml``; flags win."""

import difflib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from errno import ELOOP, ENAMETOOLONG
from pathlib import Path
from typing import Any

from edgec.backends.backend import choices as kernel_choices
from edgec.codegen.c_names import identifier, plain_identifier
from edgec.driver.compile.requirements import Requirement
from edgec.errors import EdgecError, ExitCode, Place, raise_all
from edgec.frontends.shapes import Shapes, parse_shapes
from edgec.pruning import parse_request
from edgec.quantization.quality.metrics.choice import NAMES as METRICS
from edgec.quantization.ranges.observers import METHODS
from edgec.quantization.samples.model_states import parse_states
from edgec.reading import read_limited

CONFIG_FILE = "edgec.toml"
_MAX_BYTES = 1 << 20
_SHOWN = 80
RANDOM = "random"
"""In the place of a file of calibration samples: draw some."""

_PATHS = ("model", "calib", "output", "cmsis_nn")
_CHOICES = {
    "calibration": ("auto", *METHODS),
    "quantize": ("int8", "int16x8", "auto"),
    "effort": ("best", "fast"),
    "metric": ("", *METRICS),
}
_VALUES = {  # in a config file
    str: ("a string", "put the value in double quotes"),
    bool: ("true or false", "write true or false, without quotes"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """The effective options of a build. Empty text, or False, stands for "not given"."""

    model: str = ""
    board: str = ""
    calib: str = ""
    output: str = ""
    name: str = ""
    kernels: str = "auto"
    cmsis_nn: str = ""
    prune: str = ""
    calibration: str = "auto"
    quantize: str = ""
    effort: str = "best"
    max_drop: str = ""
    shape: str = ""
    state: str = ""
    allow_poor: bool = False
    metric: str = ""

    def checked(self) -> "BuildOptions":
        """Return these options; raise everything that is missing or wrong at once."""
        errors = self._quantization_problems()
        if not self.board:
            errors.append(_missing("board", "name a board with --board; `edgec boards` lists them"))
        if self.kernels not in kernel_choices():
            known = ", ".join(kernel_choices())
            errors.append(_wrong("kernels", f"{self.kernels!r} is none of {known}", known))
        raise_all(errors)
        return self

    def quantization_checked(self) -> "BuildOptions":
        """Return these options where they do for quantizing, without a board to build for."""
        raise_all(self._quantization_problems())
        return self

    def _quantization_problems(self) -> list[EdgecError]:
        errors = [error for key in _PATHS for error in _path_problems(key, getattr(self, key))]
        if not self.model:
            errors.append(_missing("model", "name a model file: edgec build MODEL --board BOARD"))
        for key, choices in _CHOICES.items():
            value = self.width if key == "quantize" else getattr(self, key)
            if value not in choices:
                known = ", ".join(filter(None, choices))
                errors.append(_wrong(key, f"{value!r} is none of {known}", known))
        errors += _problems_of(parse_request, self.prune)
        errors += _problems_of(parse_shapes, self.shape)
        errors += _problems_of(parse_states, self.state)
        return errors + _problems_of(Requirement.parse, self.max_drop)

    @property
    def width(self) -> str:
        """What --quantize says; --max-drop alone stands for ``auto``, nothing for ``int8``."""
        return self.quantize or ("auto" if self.max_drop else "int8")

    @property
    def shapes(self) -> Shapes:
        """The shapes of inputs with open axes, by name; ``invalid-shape``."""
        return parse_shapes(self.shape)

    @property
    def model_name(self) -> str:
        """The C prefix of the model: the name asked for, or the file's."""
        return identifier(self._asked_name)

    @property
    def _asked_name(self) -> str:
        return self.name or Path(self.model).stem

    @property
    def name_warnings(self) -> tuple[str, ...]:
        """What to say where the model cannot be called in C as it is."""
        made, asked = self.model_name, plain_identifier(self._asked_name)
        if not asked or made == asked:
            return ()
        why = f"{asked}_ may begin a name of C, of its library, or of edgec"
        return (f"the model is called {made} in C: {why}; --name chooses another name",)

    @property
    def output_folder(self) -> Path:
        return Path(self.output) if self.output else Path("build") / Path(self.model).stem

    def as_config(self) -> dict[str, str]:
        """Return the options as they go into the report: file names without their folders.

        The place of the output is left out: equal builds in two places are equal.
        """
        values = {each.name: str(getattr(self, each.name)) for each in fields(self)}
        del values["output"]
        values["quantize"] = self.width
        values["allow_poor"] = "true" if self.allow_poor else ""
        for key in ("model", "calib", "cmsis_nn"):
            values[key] = Path(values[key]).name if values[key] else ""
        values["board"] = Path(values["board"]).name if "/" in values["board"] else values["board"]
        return {key: value.encode("utf-8", "replace").decode() for key, value in values.items()}


def read_config(path: Path | None) -> BuildOptions:
    """Read ``edgec.toml``; paths in it are relative to its folder. No file, no options.

    Raises ``file-not-found``, ``malformed-config`` and one ``unknown-option`` per unknown key.
    """
    chosen = path or Path(CONFIG_FILE)
    if not chosen.exists():
        if path is None:
            return BuildOptions()
        raise EdgecError("file-not-found", "there is no such file", place=Place(str(path)))
    table = _parse(chosen)
    raise_all(_problems(table, chosen))
    options = replace(BuildOptions(), **table)
    return _relative_to(options, chosen.parent)


def merged(config: BuildOptions, flags: Mapping[str, str | bool]) -> BuildOptions:
    """Return ``config`` with every flag that was given on the command line."""
    given: dict[str, Any] = {key: value for key, value in flags.items() if value}
    return replace(config, **given)


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_limited(path, _MAX_BYTES).decode("utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        raise EdgecError(
            "malformed-config",
            f"not a TOML file: {error}",
            place=Place(str(path)),
            help='`model = "m.onnx"` and `board = "stm32"` are enough',
        ) from None


def _problems(table: dict[str, Any], path: Path) -> list[EdgecError]:
    known = {each.name: type(each.default) for each in fields(BuildOptions)}
    errors = []
    for key, value in table.items():
        near = difflib.get_close_matches(key, known, n=1)
        if key not in known:
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
            errors.append(
                EdgecError(
                    "unknown-option", f"unknown key {key!r}", place=Place(str(path), key), help=hint
                )
            )
        elif not isinstance(value, known[key]):
            wanted, hint = _VALUES[known[key]]
            errors.append(
                EdgecError(
                    "malformed-config",
                    f"{key}: expected {wanted}, got {value!r}",
                    place=Place(str(path), key),
                    help=hint,
                )
            )
    return errors


def _relative_to(options: BuildOptions, folder: Path) -> BuildOptions:
    """Resolve the paths of a config file against its folder."""
    paths: dict[str, Any] = {
        key: str(folder / getattr(options, key))
        for key in _PATHS
        if getattr(options, key) and (key, getattr(options, key)) != ("calib", RANDOM)
    }
    if options.board.endswith(".toml"):
        paths["board"] = str(folder / options.board)
    return replace(options, **paths)


def _problems_of(parse: Callable[[str], object], text: str) -> list[EdgecError]:
    try:
        if text:
            parse(text)
    except EdgecError as error:
        return [error]
    return []


def _path_problems(key: str, text: str) -> Iterator[EdgecError]:
    """Yield what no system takes for a path: a NUL, or too long a name."""
    try:
        Path(text).lstat()
    except ValueError as error:
        yield _wrong(key, f"{text!r}: {error}", "a path without such characters")
    except OSError as error:
        if error.errno in {ENAMETOOLONG, ELOOP}:
            yield _wrong(key, f"{_cut(text)}: {error.strerror}", "a shorter path")


def _cut(text: str) -> str:
    return repr(text) if len(text) <= _SHOWN else repr(text[:_SHOWN]) + "…"


def _missing(key: str, hint: str) -> EdgecError:
    return EdgecError("missing-option", f"no {key} is given", help=hint, exit_code=ExitCode.USAGE)


def _wrong(key: str, message: str, known: str) -> EdgecError:
    return EdgecError(
        "invalid-option",
        f"--{key}: {message}",
        help=f"use one of: {known}",
        exit_code=ExitCode.USAGE,
    )
