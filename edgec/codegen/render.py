"""The only user of Jinja2: one view in, one file out.

What a template prints is one line of printable ASCII, or the file is not made: text from outside
passes :func:`comment` (C, linker scripts) or :func:`make_comment` first, or is HTML and escaped.
"""

import re
from dataclasses import fields
from functools import cache
from typing import NoReturn

import jinja2

from edgec.resources import data_folder

_ONE_LINE = re.compile(r"[ -~]*")


def render(template: str, view: object) -> bytes:
    """Render ``templates/<template>`` with the fields of the dataclass ``view``."""
    values = {each.name: getattr(view, each.name) for each in fields(view)}  # type: ignore[arg-type]
    return _environment().get_template(template).render(values).encode()


def render_html(template: str, view: object) -> bytes:
    """Render a page; everything in ``view`` is escaped, names in a model may hold any text."""
    values = {each.name: getattr(view, each.name) for each in fields(view)}  # type: ignore[arg-type]
    text = _html_environment().get_template(template).render(values)
    return text.encode("utf-8", "replace")


def comment(text: str) -> str:
    """Make any text safe inside a C comment of either style, on one line of printable ASCII.

    No compiler may see a line continued: blanks behind a backslash do not stop all of them.
    """
    line = "".join(char if char.isascii() and char.isprintable() else "?" for char in text)
    return line.replace("*/", "* /").replace("/*", "/ *").replace("??/", "? ?/").rstrip("\\ ")


def make_comment(text: str) -> str:
    """Make any text safe in a Makefile, in a comment or not: nothing is expanded or continued."""
    return comment(text).replace("\\", "/").replace("$", "$$").replace("#", r"\#")


def _checked(value: object) -> object:
    """Let through what cannot end a line: whoever forgets to escape a text makes no file of it."""
    if isinstance(value, str) and not _ONE_LINE.fullmatch(value):
        message = f"a text that was not escaped: {value!r}"
        raise AssertionError(message)
    return value


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
        autoescape=False,  # noqa: S701 - C, not HTML; see _checked
        finalize=_checked,
    )
    environment.filters["comment"] = comment
    environment.filters["make_comment"] = make_comment
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
