"""Damage to what is written as text: TOML by lines, JSON by its tree."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from fuzz import wild

_DEEP = 50_000  # brackets: more than any parser of ours may follow
_OTHER_LINES = ("[x]", "[[memory]]", "x = 1", "# x", "", "[" * _DEEP, "= 3", "[a.b.c]")
_HEAD = 16  # bytes before the description of an .edgec file


def damage_toml(data: bytes, rng: Random) -> bytes:
    """Return a TOML file with one or two lines changed."""
    lines = data.decode().splitlines()
    for _ in range(rng.choice((1, 1, 1, 2))):
        at = rng.randrange(len(lines))
        way = rng.randrange(10)
        if way == 0:
            del lines[at]
            lines = lines or [""]
        elif way == 1:
            lines.insert(rng.randrange(len(lines)), lines[at])
        elif "=" in lines[at]:
            key, value = lines[at].split("=", 1)
            lines[at] = f"{key}= {_toml_value(value.strip(), rng)}"
        else:
            lines[at] = rng.choice(_OTHER_LINES)
    return "\n".join(lines).encode()


def _toml_value(old: str, rng: Random) -> str:
    values: tuple[Callable[[], str], ...] = (
        lambda: json.dumps(wild.text(rng)),
        lambda: str(wild.integer(rng, 64)),
        lambda: hex(abs(wild.integer(rng, 64))),
        lambda: rng.choice(("true", "nan", "inf", "-1.5", "[]", "{}", "1979-05-27", "'x'", "")),
        lambda: f"[{old}, {old}]",
        lambda: f"{{ x = {old} }}",
        lambda: old + "0",
        lambda: "[" * _DEEP,
        lambda: "9" * 5000,
    )
    return rng.choice(values)()


def damage_json(data: bytes, rng: Random) -> bytes:
    """Return a JSON file with one to three values changed."""
    tree = json.loads(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        tree = _changed(tree, rng)
    text = json.dumps(tree)
    if rng.random() < 0.02:
        text = text[:-1] + ', "x": ' + "[" * _DEEP
    return text.encode()


def damage_target(data: bytes, rng: Random) -> bytes:
    """Return an .edgec file whose description has values changed; the head goes with it."""
    size = int.from_bytes(data[_HEAD - 4 : _HEAD], "little")
    text = damage_json(data[_HEAD : _HEAD + size], rng)
    head = data[: _HEAD - 4] + len(text).to_bytes(4, "little") + text
    rest = data[_HEAD + size + -(_HEAD + size) % _HEAD :]
    return head + bytes(-len(head) % _HEAD) + rest


def _changed(tree: Any, rng: Random) -> Any:
    """Return the tree with one value changed, somewhere below."""
    if not isinstance(tree, dict | list) or not tree or rng.random() < 0.05:
        return _json_value(tree, rng)
    key: Any = rng.choice(sorted(tree)) if isinstance(tree, dict) else rng.randrange(len(tree))
    if rng.random() < 0.1:
        del tree[key]
    elif rng.random() < 0.1 and isinstance(tree, dict):
        tree[wild.text(rng)] = tree.pop(key)
    else:
        tree[key] = _changed(tree[key], rng)
    return tree


def _json_value(old: Any, rng: Random) -> Any:
    if isinstance(old, int) and rng.random() < 0.5:
        return wild.integer(rng, 64, near=old)
    values: tuple[Any, ...] = (
        None,
        True,
        [],
        {},
        [old],
        {"x": old},
        -1,
        0.5,
        10**400,
        wild.real(rng),
    )
    return rng.choice((*values, wild.real(rng), wild.text(rng), wild.text(rng)))
