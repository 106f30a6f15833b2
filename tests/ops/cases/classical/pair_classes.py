"""Decisions between every two classes: votes, probabilities and shares of two to five classes."""

import numpy as np
from ops.case import Case, Constant, op_case

from edgec.ir import TensorType
from edgec.ops.classical.pair_classes import PairProbabilities, PairVotes, pairs_of
from edgec.ops.classical.pair_shares import PairShares


def pair_cases(rows: int, classes: int) -> list[Case]:
    rng = np.random.default_rng(classes)
    pairs = pairs_of(classes)
    x = TensorType((rows, pairs))
    a = Constant(-np.abs(rng.normal(size=pairs)).astype(np.float32) - np.float32(0.5))
    b = Constant(rng.normal(size=pairs).astype(np.float32))
    name = f"{rows}x{classes}"
    return [  # none of them is in TFLite
        op_case(
            f"pair_votes_{name}", PairVotes(labels=tuple(range(3, 3 + classes))), [x], oracle=False
        ),
        op_case(
            f"pair_probabilities_{name}",
            PairProbabilities(classes=classes),
            [x, a, b],
            samples=6,
            oracle=False,
        ),
        op_case(f"pair_shares_{name}", PairShares(classes=classes), [x], oracle=False),
    ]


CASES = [case for sizes in [(1, 2), (3, 3), (2, 5)] for case in pair_cases(*sizes)]
