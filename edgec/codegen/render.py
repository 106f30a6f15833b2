"""The only user of Jinja2: one view in, one file out."""

import re
from collections.abc import Iterable
from dataclasses import fields
from functools import cache
from typing import NoReturn

import jinja2

from edgec.resources import data_folder

_C_KEYWORDS_TEXT = """
auto break case char const continue default do double else enum extern float for goto if
inline int long register restrict return short signed sizeof static struct switch typedef
union unsigned void volatile while _Bool _Complex _Imaginary asm typeof bool true false
nullptr alignas alignof constexpr static_assert thread_local class delete friend namespace
new operator private protected public template this throw try using virtual catch export
main
"""
C_KEYWORDS = frozenset(_C_KEYWORDS_TEXT.split())
MAX_IDENTIFIER = 48


def render(template: str, view: object) -> bytes:
    """Render ``templates/<template>`` with the fields of the dataclass ``view``."""
    values = {each.name: getattr(view, each.name) for each in fields(view)}  # type: ignore[arg-type]
    return _environment().get_template(template).render(values).encode()


def render_html(template: str, view: object) -> bytes:
    """Render a page; everything in ``view`` is escaped, names in a model may hold any text."""
    values = {each.name: getattr(view, each.name) for each in fields(view)}  # type: ignore[arg-type]
    text = _html_environment().get_template(template).render(values)
    return text.encode("utf-8", "replace")


def identifier(text: str) -> str:
    """Map any text to a C identifier ``[a-z_][a-z0-9_]*`` that is no keyword."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:MAX_IDENTIFIER].strip("_")
    if not name or name[0].isdigit() or name in C_KEYWORDS:
        name = f"m_{name}".rstrip("_") if name else "m"
    return name


def identifiers(texts: Iterable[str]) -> dict[str, str]:
    """Map distinct texts to distinct identifiers; a clash gets the first free number."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for text in texts:
        if text in names:
            continue
        base = name = identifier(text)
        number = 2
        while name in taken:
            name = f"{base}_{number}"
            number += 1
        taken.add(name)
        names[text] = name
    return names


def comment(text: str) -> str:
    """Make any text safe inside a C comment of either style, on one line of printable ASCII."""
    line = "".join(char if char.isascii() and char.isprintable() else "?" for char in text)
    return line.replace("*/", "* /").replace("/*", "/ *").replace("??/", "? ?/").rstrip("\\")


def _unreachable(value: object) -> NoReturn:
    message = f"template reached a branch that does not exist: {value!r}"
    raise AssertionError(message)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(data_folder("templates")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - C, not HTML; names pass through identifier() and comment()
    )
    environment.filters["identifier"] = identifier
    environment.filters["comment"] = comment
    environment.globals["unreachable"] = _unreachable
    return environment


@cache
def _html_environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(data_folder("templates")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=True,
    )
