"""report.html: the report as one page without outside resources; all numbers are made here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgec.codegen.render import render_html
from edgec.driver.reports.memory_picture import Picture, memory_picture

_TEMPLATE = "report/report.html.j2"
Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Card:
    """One number of the summary."""

    title: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a memory bar; ``share`` is in percent of the limit."""

    title: str
    bytes: str
    share: float
    colour: int


@dataclass(frozen=True, slots=True)
class Bar:
    """How a memory is filled."""

    title: str
    text: str
    overfull: bool
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class PortRow:
    role: str
    name: str
    shape: str
    dtype: str
    quantization: str


@dataclass(frozen=True, slots=True)
class LayerRow:
    """``share`` is the layer's part of all instructions (or MACs), in percent."""

    name: str
    short_name: str
    op: str
    dtype: str
    input: str
    output: str
    kernel: str
    backend: str
    macs: str
    weights: str
    scratch: str
    instructions: str
    per_mac: str
    share: float
    sqnr: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Layers that share one width; the outputs' SQNR if nothing but them were int8."""

    layers: str
    dtype: str
    sqnr: str


@dataclass(frozen=True, slots=True)
class WeakRow:
    """A layer with a low SQNR, and the likely cause."""

    layer: str
    sqnr: str
    hint: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """All that the template prints."""

    title: str
    subtitle: str
    cards: tuple[Card, ...]
    bars: tuple[Bar, ...]
    picture: Picture
    arena: str
    ports: tuple[PortRow, ...]
    layers: tuple[LayerRow, ...]
    passes: tuple[tuple[str, bool], ...]
    quantization: str
    widths: str
    groups: tuple[GroupRow, ...]
    weak: tuple[WeakRow, ...]
    config: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    version: str
    sha256: str


def html_report(report: dict[str, Any]) -> bytes:
    """Render ``report.json`` as a page. Equal reports give equal bytes; names are escaped."""
    return render_html(_TEMPLATE, _view(report))


def _options(report: Table) -> list[tuple[str, str]]:
    return [(key, str(value)) for key, value in report["config"].items() if value]


def _libraries(report: Table) -> list[tuple[str, str]]:
    return [(each["name"], each["revision"]) for each in report["libraries"]]


def _view(report: Table) -> ReportView:
    model, memory, layers = report["model"], report["memory"], report["layers"]
    return ReportView(
        title=model["name"],
        subtitle=f"{model['source_format']} model on {report['board']} ({report['cpu']})",
        cards=_cards(report),
        bars=_bars(memory),
        picture=memory_picture(memory["plan"], memory["arena_bytes"], len(layers)),
        arena=_arena_text(memory),
        ports=tuple(_ports("input", model["inputs"]) + _ports("output", model["outputs"])),
        layers=_layers(layers, report["quantization"]["per_layer"]),
        passes=tuple((each["name"], each["changed"]) for each in report["passes"]),
        quantization=_quantization_text(report["quantization"]),
        widths=_widths_text(report["quantization"]["widths"]),
        groups=_groups(report["quantization"]["widths"]),
        weak=_weak(report["quantization"]),
        config=(*_options(report), *_libraries(report)),
        warnings=tuple(report["warnings"]),
        version=report["edgec_version"],
        sha256=model["sha256"],
    )


def _cards(report: Table) -> tuple[Card, ...]:
    model, memory, count = report["model"], report["memory"], report["instructions_total"]
    per_mac = f"{count / model['macs']:.2f} per MAC" if count and model["macs"] else ""
    cards = [
        Card("instructions per inference", _number(count), per_mac),
        Card("multiply-accumulates", _number(model["macs"]), f"{_number(model['params'])} params"),
        _memory_card("RAM", "ram", memory),
        _memory_card("flash", "flash", memory),
    ]
    cards += _pruning_cards(report.get("pruning"))
    cards += _accuracy_cards(report["accuracy"])
    return tuple(cards)


def _accuracy_cards(accuracy: Table | None) -> list[Card]:
    """Return a card for each model; those of edgec's first versions had no loss."""
    if accuracy is None:
        return []
    better = "higher" if accuracy.get("higher_is_better", True) else "lower"
    loss = accuracy.get("loss")
    notes = {"float": f"{better} is better"}
    notes["quantized"] = notes["float"] if loss is None else f"loss {_decimal(loss)}"
    return [
        Card(f"{accuracy['metric']}, {key}", _decimal(accuracy[key]), note)
        for key, note in notes.items()
        if accuracy[key] is not None
    ]


def _pruning_cards(pruning: Table | None) -> list[Card]:
    if pruning is None:
        return []
    macs, weights = pruning["macs_before"], pruning["nonzero_weights_before"]
    sqnr = pruning["output_sqnr_db"]
    return [
        Card("MACs before pruning", _number(macs), f"now {_number(pruning['macs_after'])}"),
        Card(
            "weights before pruning",
            _number(weights),
            f"now {_number(pruning['nonzero_weights_after'])}",
        ),
        Card("pruned float output, dB", _decimal(sqnr), f"pruned by {pruning['requested']}"),
    ]


def _memory_card(title: str, key: str, memory: Table) -> Card:
    used, limit = memory[f"{key}_total_bytes"], memory[f"{key}_limit_bytes"]
    return Card(f"{title} (bytes)", _number(used), f"{_percent(used, limit):.1f} % of {limit:,}")


def _bars(memory: Table) -> tuple[Bar, ...]:
    arena, static = memory["arena_bytes"], memory["static_ram_bytes"]
    stack = memory["ram_total_bytes"] - arena - static
    ram = {"arena": arena, "variables": static, "stack and its margin": stack}
    flash = {"weights": memory["weights_bytes"], "code": memory["code_bytes"]}
    return _bar("RAM", "ram", ram, memory), _bar("flash", "flash", flash, memory)


def _bar(title: str, key: str, parts: Mapping[str, int], memory: Table) -> Bar:
    used, limit = memory[f"{key}_total_bytes"], memory[f"{key}_limit_bytes"]
    scale = max(limit, sum(parts.values()), 1)
    segments = [
        Segment(name, _number(size), round(_percent(size, scale), 3), number)
        for number, (name, size) in enumerate(parts.items())
    ]
    return Bar(title, f"{used:,} of {limit:,} bytes", used > limit, tuple(segments))


def _arena_text(memory: Table) -> str:
    size, bound = memory["arena_bytes"], memory["arena_lower_bound_bytes"]
    text = f"The arena takes {size:,} bytes"
    if size == bound:
        return f"{text}, the least that is possible for this order of layers."
    return f"{text}; no plan can be below {bound:,}."


def _ports(role: str, ports: Sequence[Table]) -> list[PortRow]:
    return [
        PortRow(role, each["name"], _shape(each["shape"]), each["dtype"], _scale(each))
        for each in ports
    ]


def _scale(port: Table) -> str:
    if port["scale"] is None:
        return "-"
    return f"scale {port['scale']:.9g}, zero point {port['zero_point']}"


def _layers(layers: Sequence[Table], quality: Sequence[Table]) -> tuple[LayerRow, ...]:
    counted = any(each["instructions"] is not None for each in layers)
    key = "instructions" if counted else "macs"
    total = sum(each[key] or 0 for each in layers)
    sqnr = {each["name"]: each["sqnr_db"] for each in quality}
    return tuple(_layer(each, each[key] or 0, total, sqnr.get(each["name"])) for each in layers)


def _layer(layer: Table, cost: int, total: int, sqnr: float | None) -> LayerRow:
    count, macs = layer["instructions"], layer["macs"]
    return LayerRow(
        name=layer["name"],
        short_name=_short(layer["name"]),
        op=layer["op"],
        dtype=layer["dtype"],
        input=", ".join(map(_shape, layer["in"][:1])),
        output=", ".join(map(_shape, layer["out"])),
        kernel=layer["kernel"],
        backend=layer["backend"],
        macs=_number(macs),
        weights=_number(layer["weights_bytes"]),
        scratch=_number(layer["scratch_bytes"]),
        instructions=_number(count),
        per_mac=f"{count / macs:.2f}" if count and macs else "-",
        share=round(_percent(cost, total), 2),
        sqnr="-" if sqnr is None else f"{sqnr:.1f}",
    )


def _quantization_text(quantization: Table) -> str:
    quality = quantization["output_sqnr_db"]
    text = f"Scheme: {quantization['scheme']}."
    if quality is not None:
        judged = [each["sqnr_db"] for each in quantization.get("parts", ()) if each["judged"]]
        worst = f", {min(judged):.1f} dB in their worst part" if len(judged) > 1 else ""
        on = quantization.get("measured_on")
        where = f", measured on {on}" if on else ""
        text += f" Signal to noise at the outputs: {quality:.1f} dB{worst}{where}."
    return text + _missed_text(quantization.get("max_drop"))


def _missed_text(drop: Table | None) -> str:
    """Return where --max-drop is missed, and by how much; nothing where nobody asked for it."""
    if drop is None or drop["met"] or not drop["asked"]:
        return ""
    missed = [
        f" {_by(each, drop['unit'])} on {each['measured_on']}"
        for each in drop["findings"]
        if not each["met"]
    ]
    return f" This misses {drop['requirement']}:{','.join(missed)}."


def _by(finding: Table, unit: str) -> str:
    missed_by = finding["missed_by"]
    return "parts are lost" if missed_by is None else f"by {missed_by:.2f} {unit}"


def _widths_text(widths: Table | None) -> str:
    if widths is None:
        return ""
    tried = ", ".join(
        f"{each['int16_layers']} ({_decibels(_worst(each))})" for each in widths["trials"]
    )
    met = "meets" if widths["met"] else "misses"
    count = f"{widths['int16_layers']} of {widths['layers']} layers are int16"
    return f"{count}, which {met} {widths['requirement']}. Tried numbers of int16 layers: {tried}."


def _worst(trial: Table) -> float | None:
    """Return what a trial was judged by; reports of before know the figure for all only."""
    found: float | None = trial.get("worst_part_sqnr_db", trial["output_sqnr_db"])
    return found


def _groups(widths: Table | None) -> tuple[GroupRow, ...]:
    return tuple(
        GroupRow(
            ", ".join(map(_short, each["layers"])), each["type"], _decibels(each["sqnr_db_if_int8"])
        )
        for each in (widths or {}).get("groups", ())
    )


def _weak(quantization: Table) -> tuple[WeakRow, ...]:
    known = {each["name"]: each for each in quantization["per_layer"]}
    rows = [known[name] for name in quantization.get("weakest", ())]
    return tuple(
        WeakRow(_short(each["name"]), _decibels(each["sqnr_db"]), each["hint"]) for each in rows
    )


def _decibels(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} dB"


def _shape(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape)) or "scalar"  # noqa: RUF001 - a multiplication sign


def _short(name: str) -> str:
    """Return the first of the names that TFLite's converter joined."""
    first, *others = name.split(";")
    return f"{first};…" if others else first


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _decimal(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0
