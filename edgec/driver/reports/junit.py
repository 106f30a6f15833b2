"""A regression as JUnit XML, which every CI system reads."""

from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from edgec.driver.output import open_output
from edgec.driver.run.first_layer import LayerDifference
from edgec.driver.run.regression import Mismatch, RegressionResult
from edgec.errors import EdgecError, Place
from edgec.scratch import write_whole


def write_junit(path: Path, result: RegressionResult, folder: Path) -> None:
    """Write the regression of a build. Raises ``unwritable-output``."""
    built = open_output(folder)
    try:
        write_whole(path, junit_xml(result, built.name, str(built.report["board"])))
    except OSError as error:
        raise EdgecError(
            "unwritable-output",
            f"cannot write the file: {error.strerror}",
            place=Place(str(path)),
            help="name another file, or make its folder",
        ) from None


def junit_xml(result: RegressionResult, model: str, board: str) -> bytes:
    """Return one test case per sample; no time stamps, so equal results are equal files."""
    suite = Element(
        "testsuite",
        name=_plain(f"edgec {model} on {board}"),
        tests=str(result.samples),
        failures=str(result.mismatches),
        errors="0",
        skipped="0",
    )
    failed = {each.sample: each for each in result.different}
    for sample in range(result.samples):
        case = SubElement(suite, "testcase", classname=_plain(model), name=f"sample {sample}")
        if sample in failed:
            first = result.first is failed[sample]
            _fail(case, failed[sample], result.layer if first else None)
    root = Element("testsuites")
    root.append(suite)
    indent(root)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _fail(case: Element, mismatch: Mismatch, layer: LayerDifference | None) -> None:
    message = mismatch_text(mismatch)
    failure = SubElement(case, "failure", type="mismatch", message=_plain(message))
    failure.text = _plain(layer_text(layer)) if layer else None


def mismatch_text(mismatch: Mismatch) -> str:
    """Return one sentence on what differs."""
    index = ", ".join(map(str, mismatch.index))
    return (
        f"sample {mismatch.sample}, output {mismatch.output}[{index}] "
        f"is {mismatch.actual}, expected {mismatch.expected}"
    )


def layer_text(layer: LayerDifference) -> str:
    """Return one sentence on where it began."""
    text = (
        f"the first layer that differs is {layer.name!r} (number {layer.number}, {layer.op}, "
        f"{layer.kernel})"
    )
    if layer.index is None:
        return text
    index = ", ".join(map(str, layer.index))
    return f"{text}: [{index}] is {layer.actual}, expected {layer.expected}"


def _plain(text: str) -> str:
    """Replace what XML 1.0 cannot hold; names come from model files."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
