"""What kind of work a Thumb instruction is, from its disassembly."""

import re
from functools import cache

from edgec.targets.instruction_class import Kind

_RULES: tuple[tuple[str, Kind], ...] = (
    (r"vld[24]\d?|vldr[bhwd]|vldrw", Kind.VECTOR_LOAD),
    (r"vst[24]\d?|vstr[bhwd]", Kind.VECTOR_STORE),
    (
        r"vml[as]l?dava?v?x?a?|vmla[ds]?a?v?a?|vrml[as]ldavh|vmlav|vaddl?va?|vadda?va?",
        Kind.VECTOR_ACCUMULATE,
    ),
    (r"vdiv|vsqrt", Kind.FLOAT_DIVIDE),
    (r"vf?n?m(la|ls|a|s)|vfn?m[as]", Kind.FLOAT_ACCUMULATE),
    (r"vldr", Kind.LOAD),
    (r"vstr", Kind.STORE),
    (r"vpush|vstm\w*", Kind.STORE_MANY),
    (r"vpop|vldm\w*", Kind.LOAD_MANY),
    (r"pop|ldm\w*|ldrd", Kind.LOAD_MANY),
    (r"push|stm\w*|strd", Kind.STORE_MANY),
    (r"ldr\w*", Kind.LOAD),
    (r"str\w*", Kind.STORE),
    (r"tb[bh]", Kind.LOAD),
    (r"[su]div", Kind.DIVIDE),
    (r"[su]mull", Kind.LONG_MULTIPLY),
    (r"[su]mlal\w*|umaal|smlsld\w*", Kind.LONG_ACCUMULATE),
    (r"mla|mls|smla\w*|smls\w*|smmla\w*|smmls\w*", Kind.ACCUMULATE),
    (r"muls?|smul\w*|smmul\w*|smuad\w*|smusd\w*", Kind.MULTIPLY),
    (r"it[te]{0,3}", Kind.CONDITION),
    (r"wlst?p?|dlst?p?|letp|le|lctp", Kind.LOOP),
    (r"blx?|blx", Kind.CALL),
    (r"b(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|hs|lo)?|bx\w*|cbn?z", Kind.BRANCH),
)
_COMPILED = tuple((re.compile(pattern), kind) for pattern, kind in _RULES)
_LIST = re.compile(r"\{([^}]*)\}")
_QUAD = re.compile(r"\bq\d")
_SUFFIX = re.compile(r"\.[nw]$")


@cache
def classify(mnemonic: str, operands: str) -> tuple[Kind, int]:
    """Return the kind of an instruction, and how many words it moves (0: it moves none)."""
    base = _SUFFIX.sub("", mnemonic).split(".")[0]
    kind = next((kind for rule, kind in _COMPILED if rule.fullmatch(base)), None)
    if base.startswith("v"):
        kind = _vector(kind, base, operands)
    kind = kind or Kind.ALU
    return kind, _words(kind, base, operands)


def _vector(kind: Kind | None, base: str, operands: str) -> Kind:
    """Tell vectors from scalars in floating-point registers: only the former name a q register."""
    is_vector = bool(_QUAD.search(operands))
    if kind in {Kind.VECTOR_LOAD, Kind.VECTOR_STORE}:
        if re.search(r"\[\w+, q\d", operands):
            return Kind.VECTOR_GATHER
        scalar = Kind.LOAD if kind is Kind.VECTOR_LOAD else Kind.STORE
        return kind if is_vector else scalar
    if is_vector:
        sums = {Kind.VECTOR_ACCUMULATE, Kind.FLOAT_ACCUMULATE}
        return Kind.VECTOR_ACCUMULATE if kind in sums else Kind.VECTOR
    return Kind.FLOAT if kind is None or kind is Kind.VECTOR_ACCUMULATE else kind


def _words(kind: Kind, base: str, operands: str) -> int:
    if kind not in {Kind.LOAD_MANY, Kind.STORE_MANY}:
        return int(kind in {Kind.LOAD, Kind.STORE})
    if base in {"ldrd", "strd"}:
        return 2
    found = _LIST.search(operands)
    return sum(map(_range_words, found[1].split(","))) if found else 2


def _range_words(item: str) -> int:
    """Return the words of ``r4`` (1), ``r4-r7`` (4) or ``d8-d15`` (16) in a list of registers."""
    numbers = [int(each) for each in re.findall(r"\d+", item)]
    registers = numbers[-1] - numbers[0] + 1 if len(numbers) > 1 else 1
    return registers * (2 if item.strip().startswith("d") else 1)
