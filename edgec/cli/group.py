"""A command group that teaches: an unknown command names the one that was probably meant."""

import difflib
from pathlib import Path
from typing import Any

from typer.core import TyperGroup

from edgec.errors import EdgecError, ExitCode

_MEANT = {
    "compile": "build",
    "convert": "build",
    "deploy": "flash",
    "program": "flash",
    "upload": "flash",
    "generate": "build",
    "emulate": "run",
    "infer": "run",
    "simulate": "run",
    "verify": "test",
    "regression": "test",
    "info": "inspect",
    "summary": "inspect",
    "validate": "check",
    "targets": "boards",
    "devices": "boards",
    "operators": "ops",
    "setup": "doctor",
    "error": "explain",
    "version": "--version",
}


class Commands(TyperGroup):
    """Resolves commands as typer does; raises ``unknown-command`` with a suggestion."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the commands in the order of the table in app.py."""
        return list(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise unknown_command(args[0], list(self.commands), ctx.command_path)
        return super().resolve_command(ctx, args)


def unknown_command(name: str, known: list[str], path: str) -> EdgecError:
    """Return the error for a command that does not exist."""
    return EdgecError(
        "unknown-command",
        f"{path} has no command {name!r}",
        help=_suggestion(name, known, path),
        exit_code=ExitCode.USAGE,
    )


def _suggestion(name: str, known: list[str], path: str) -> str:
    if "build" in known and Path(name).suffix in {".onnx", ".tflite"}:
        return f"to compile a model: {path} build {name} --board stm32"
    meant = _MEANT.get(name, "")
    near = [meant] if meant else [*difflib.get_close_matches(name, known, n=1), ""]
    if near[0] in known or near[0].startswith("--"):
        return f"did you mean `{path} {near[0]}`?"
    if "show" in known:
        return f"did you mean `{path} show {name}`?"
    return f"`{path} --help` lists the commands"
