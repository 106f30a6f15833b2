"""Damage to .npz files: heads that lie about the data, members that are none, bombs."""

import io
import struct
import warnings
import zipfile
from random import Random

from fuzz import damaged_bytes, wild

_BOMB = 1 << 24  # bytes of zeros, which compress to some thousands
_MAGIC = b"\x93NUMPY"
_TYPES = ("<f4", ">f4", "<f8", "<f2", "|i1", "|u1", "<i8", "<U4", "|S3", "|O", "<c8", "<M8[s]", "x")
_DTYPES = (*_TYPES, [("a", "<f4"), ("b", "|i1")], ("<f4", (2, 2)))


def damage(data: bytes, rng: Random) -> bytes:
    """Return the archive with one or two members changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(each, archive.read(each)) for each in archive.namelist()]
    for _ in range(rng.choice((1, 1, 2))):
        _change(members, rng)
    made = io.BytesIO()
    method = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w", method) as archive:
        warnings.simplefilter("ignore")  # the same name twice, on purpose
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content)
    return made.getvalue()


def _change(members: list[tuple[str, bytes]], rng: Random) -> None:
    at = rng.randrange(len(members))
    name, content = members[at]
    way = rng.randrange(8)
    if way == 0:
        members[at] = (wild.text(rng).replace("\0", "") or "x", content)
    elif way == 1:
        members.append((rng.choice((name, "label.npy", "labels.npy", "mask.npy")), content))
    elif way == 2 and len(members) > 1:
        del members[at]
    elif way == 3:
        members[at] = (name, damaged_bytes.damage(content, rng))
    elif way == 4:
        members[at] = (name, _with_wild_values(content, rng))
    else:
        members[at] = (name, _with_other_head(content, rng))


def _with_wild_values(content: bytes, rng: Random) -> bytes:
    """Return an array of floats some elements of which are wild."""
    body = bytearray(content)
    for _ in range(rng.choice((1, 3, 50))):
        if len(body) > 132:
            place = 128 + 4 * rng.randrange((len(body) - 128) // 4)
            struct.pack_into("<f", body, place, wild.real(rng))
    return bytes(body)


def _with_other_head(content: bytes, rng: Random) -> bytes:
    """Return an array whose head states another type, shape or order."""
    shape: tuple[int, ...] = tuple(
        wild.integer(rng, 64, near=3) for _ in range(rng.choice((0, 1, 2, 4, 40)))
    )
    if rng.random() < 0.5:
        shape = rng.choice(((), (0,), (1,), (5, 0), (2**40,), (2**33, 2**33)))
    fields = {"descr": rng.choice(_DTYPES), "fortran_order": rng.choice((True, False))}
    text = repr({**fields, "shape": shape}) if rng.random() < 0.9 else wild.text(rng)
    head = text.encode().ljust(128 - 10 - 1) + b"\n"
    version = rng.choice((b"\1\0", b"\1\0", b"\1\0", b"\2\0", b"\7\0"))
    body = bytes(_BOMB) if rng.random() < 0.1 else content[128:]
    return _MAGIC + version + len(head).to_bytes(2, "little") + head + body
