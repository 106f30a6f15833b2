"""What the headers of a copy of CMSIS-NN declare: the parameters of functions, and plain numbers.

Read with patterns, not with a compiler: what they do not understand is None, and nothing is built
on it.
"""

import re
from collections.abc import Mapping

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_STATEMENTS = frozenset({"return", "else", "do", "case"})
_DIRECTIVE = re.compile(r"^[ \t]*#.*$", re.MULTILINE)


def without_comments(text: str) -> str:
    return _COMMENT.sub(" ", text)


def parameters(declarations: str, function: str) -> Mapping[str, str] | None:
    """Return name -> type of a function's parameters, in order, from text without comments.

    None where it is not declared, or where two prototypes (of two ``#if``) disagree.
    """
    pattern = rf"\b(\w+)[\s*]+{re.escape(function)}\s*\(([^;{{}}()]*)\)\s*;"
    text = _DIRECTIVE.sub("", declarations)
    lists = [listed for before, listed in re.findall(pattern, text) if before not in _STATEMENTS]
    found = [_named(each) for each in lists]
    agree = all(list(each.items()) == list(found[0].items()) for each in found)
    return found[0] if found and agree else None


def number(declarations: str, macro: str) -> int | None:
    """Return the number that a macro stands for; None where it is not defined as one."""
    pattern = rf"^[ \t]*#[ \t]*define[ \t]+{re.escape(macro)}[ \t]+\(?(\d+)\)?[ \t]*$"
    values = set(re.findall(pattern, declarations, re.MULTILINE))
    return int(values.pop()) if len(values) == 1 else None


def _named(listed: str) -> dict[str, str]:
    each = [" ".join(part.replace("*", " * ").split()) for part in listed.split(",")]
    if each in (["void"], [""]):
        return {}
    return {name: kind for kind, _, name in (part.rpartition(" ") for part in each)}
