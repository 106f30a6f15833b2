"""Nothing is skipped silently: each run counts its skips by reason, CI allows few of them."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
CONFTEST = (Path(__file__).parents[1] / "conftest.py").read_text()
TESTS = """
import os
import pytest

def test_works():
    pass

@pytest.mark.parametrize("number", range(3))
def test_asks_for_a_module(number):
    pytest.importorskip("no_such_module")

@pytest.mark.skipif(True, reason="root may write everywhere")
def test_of_the_platform():
    pass

@pytest.mark.shared
def test_of_shared_models():
    pass
"""
MODULE = """
import pytest
pytest.importorskip("no_such_package")
"""
INI = "[pytest]\nmarkers =\n    shared: x\n    svd: x\n    cc: x\n"


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Return a suite with our conftest, whose ../shared is absent."""
    monkeypatch.delenv("EDGEC_REQUIRE_TOOLS", raising=False)
    pytester.makeini(INI)
    folder = pytester.mkdir("tests")
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_some.py").write_text(TESTS)
    return pytester


def run(suite: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    plain = ("-p", "no:cacheprovider", "-p", "no:edgec", "-p", "no:hypothesispytest")
    return suite.runpytest_subprocess(*plain, "tests", *arguments)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_skips_are_counted_by_reason(suite: pytest.Pytester, workers: tuple[str, ...]) -> None:
    (suite.path / "tests" / "test_module.py").write_text(MODULE)
    result = run(suite, *workers)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "*skipped, by reason*",
            "    3  could not import 'no_such_module'*",
            "    1  could not import 'no_such_package'*",
            "    1  (platform: root writes everywhere) root may write everywhere",
            "    1  (no ../shared) the shared models are not at *",
            "    6  skipped in all, for 4 reasons",
        ]
    )


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_skip_fails_ci(
    suite: pytest.Pytester, workers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEC_REQUIRE_TOOLS", "1")
    result = run(suite, *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["    3  NOT ALLOWED IN CI: could not import 'no_such_module'*"])
    result.stdout.no_fnmatch_line("*NOT ALLOWED IN CI: root*")
    result.stdout.no_fnmatch_line("*NOT ALLOWED IN CI: the shared*")


def test_a_skipped_module_fails_ci(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEC_REQUIRE_TOOLS", "1")
    (suite.path / "tests" / "test_module.py").write_text(MODULE)
    result = run(suite, "-k", "not module")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*NOT ALLOWED IN CI: could not import 'no_such_package'*"])


def test_allowed_skips_do_not_fail_ci(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEC_REQUIRE_TOOLS", "1")
    result = run(suite, "-k", "not module")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["    2  skipped in all, for 2 reasons"])


def test_models_that_vanished_fail_ci(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where ../shared is there, nothing may be skipped for its sake."""
    monkeypatch.setenv("EDGEC_REQUIRE_TOOLS", "1")
    empty = 'import pytest\n\n@pytest.mark.parametrize("model", [])\ndef test_x(model): pass\n'
    (suite.path / "tests" / "test_some.py").write_text(empty)
    (suite.path.parent / "shared").mkdir(exist_ok=True)
    try:
        result = run(suite)
    finally:
        (suite.path.parent / "shared").rmdir()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*NOT ALLOWED IN CI: got empty parameter set*"])


def test_a_missing_tool_fails_ci_and_skips_elsewhere(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = "import pytest\n\n@pytest.mark.cc\ndef test_x(): pass\n"
    (suite.path / "tests" / "test_some.py").write_text(marked)
    monkeypatch.setenv("PATH", str(suite.path))
    result = run(suite)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["    1  cc not found: apt install gcc"])
    monkeypatch.setenv("EDGEC_REQUIRE_TOOLS", "1")
    run(suite).assert_outcomes(errors=1)
