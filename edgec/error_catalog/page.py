"""The form of a page in the error catalog."""

from dataclasses import dataclass
from inspect import cleandoc


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What ``edgec explain CODE`` prints: title, meaning, an example, what to do."""

    code: str
    title: str
    meaning: str
    example: str
    remedy: str


def page(code: str, title: str, *, meaning: str, example: str, remedy: str) -> ErrorPage:
    """Return a page from indented texts."""
    return ErrorPage(code, title, cleandoc(meaning), cleandoc(example), cleandoc(remedy))
