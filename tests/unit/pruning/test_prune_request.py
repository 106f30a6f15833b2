"""What --prune takes, and what it says about the rest."""

import pytest

from edgec.errors import EdgecError, ExitCode
from edgec.pruning import PruneRequest, parse_request


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("channels=0.25", PruneRequest(channels=0.25)),
        ("weights=.5", PruneRequest(weights=0.5)),
        ("weights=0.5,global", PruneRequest(weights=0.5, across_layers=True)),
        (" global , channels = 0.5 ", PruneRequest(channels=0.5, across_layers=True)),
        ("channels=0.25,weights=0.5", PruneRequest(channels=0.25, weights=0.5)),
    ],
)
def test_requests(text: str, expected: PruneRequest) -> None:
    assert parse_request(text) == expected
    assert parse_request(str(expected)) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("channels=1.5", "must be between 0 and 1"),
        ("channels=1", "must be between 0 and 1"),
        ("channels=0", "must be between 0 and 1"),
        ("weights=-0.1", "must be between 0 and 1"),
        ("weights=nan", "must be between 0 and 1"),
        ("weights=half", "needs a number"),
        ("weights", "needs a number"),
        ("chanels=0.5", "did you mean 'channels'"),
        ("filters=0.5", "is none of channels, weights, global"),
        ("channels=0.5,channels=0.2", "given twice"),
        ("channels=0.5,", "is none of"),
        ("global", "does not say what"),
    ],
)
def test_mistakes(text: str, said: str) -> None:
    with pytest.raises(EdgecError, match=said) as caught:
        parse_request(text)
    assert caught.value.code == "invalid-prune"
    assert caught.value.exit_code is ExitCode.USAGE
    assert text in caught.value.message
    assert "--prune channels=0.25" in caught.value.help
