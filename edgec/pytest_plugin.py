"""Built models in a pytest suite: ``pytest --edgec OUT``, and the fixture ``edgec_model``.

Every golden sample becomes a test. The firmware runs all of them once, when the first is asked for.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from edgec.driver import RegressionResult
    from edgec.ir import Array

_OPTION = "--edgec"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--edgec OUT``, any number of times."""
    parser.getgroup("edgec").addoption(
        _OPTION,
        action="append",
        default=[],
        metavar="OUT",
        help="test an output folder of `edgec build`: one test per golden sample",
    )


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Append the tests of every folder that was named."""
    for folder in config.getoption(_OPTION):
        built = BuiltModel.from_parent(session, name=f"edgec:{folder}", folder=Path(folder))
        items += built.collect()


class BuiltModel(pytest.Collector):
    """An output folder; its children are its golden samples."""

    def __init__(self, *, folder: Path, **others: Any) -> None:
        super().__init__(**others)
        self.folder = folder
        self._result: RegressionResult | None = None

    def collect(self) -> list[pytest.Item]:
        """Return one test per golden sample. Raises ``pytest.UsageError``."""
        # A pytest run without models should not import a compiler.
        from edgec.driver import open_output  # noqa: PLC0415
        from edgec.driver.compile.golden import golden_of  # noqa: PLC0415
        from edgec.errors import EdgecError  # noqa: PLC0415

        try:
            built = open_output(self.folder)
            inputs, _ = golden_of(built)
        except EdgecError as error:
            raise pytest.UsageError(str(error)) from None
        return [
            GoldenSample.from_parent(self, name=f"sample{number}", number=number)
            for number in range(len(inputs))
        ]

    def result(self) -> "RegressionResult":
        """Run all samples, once."""
        from edgec.driver import run_regression  # noqa: PLC0415

        if self._result is None:
            self._result = run_regression(self.folder, layers=True)
        return self._result


class GoldenSample(pytest.Item):
    """One golden sample: the firmware's outputs are the reference's."""

    parent: BuiltModel

    def __init__(self, *, number: int, **others: Any) -> None:
        super().__init__(**others)
        self._number = number

    def runtest(self) -> None:
        """Fail with the first element that differs."""
        from edgec.driver.reports.junit import layer_text, mismatch_text  # noqa: PLC0415

        result = self.parent.result()
        for each in result.different:
            if each.sample == self._number:
                where = result.layer if each is result.first else None
                text = mismatch_text(each) + (f"\n{layer_text(where)}" if where else "")
                raise MismatchError(text)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """Show a mismatch, or edgec's own error, without a traceback."""
        from edgec.errors import EdgecError  # noqa: PLC0415

        if isinstance(excinfo.value, MismatchError | EdgecError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the test comes from: the folder."""
        return self.parent.folder, None, f"{self.parent.name}::{self.name}"


class MismatchError(AssertionError):
    """A firmware differs from its reference."""


class Model:
    """A built model for tests: run samples through its firmware, look at its report."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        from edgec.driver import open_output  # noqa: PLC0415

        self.folder = folder
        self.report = open_output(folder).report
        self._scratch = scratch

    def run(self, inputs: "dict[str, Array]", on: str = "emulator") -> "dict[str, Array]":
        """Return the outputs for inputs by name, samples along the first axis."""
        from edgec.driver import run  # noqa: PLC0415
        from edgec.driver.ports import write_npz  # noqa: PLC0415

        file = self._scratch / "edgec_inputs.npz"
        write_npz(file, inputs)
        return run(self.folder, file, on=on).outputs

    def check(self) -> None:
        """Assert that the firmware equals the reference on every golden sample."""
        from edgec.driver import run_regression  # noqa: PLC0415
        from edgec.driver.reports.junit import mismatch_text  # noqa: PLC0415

        result = run_regression(self.folder)
        if result.first is not None:
            raise MismatchError(mismatch_text(result.first))


@pytest.fixture
def edgec_model(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Model]:
    """Return a function: output folder -> :class:`Model`; without one, the only ``--edgec``."""

    def open_model(folder: str | Path | None = None) -> Model:
        named = request.config.getoption(_OPTION)
        if folder is None and len(named) != 1:
            pytest.fail(f"name a folder, or give one {_OPTION} OUT (given: {len(named)})")
        return Model(Path(named[0] if folder is None else folder), tmp_path)

    return open_model
