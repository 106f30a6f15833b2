"""Adaptive rounding: integer weights that keep a layer's outputs, not the weights themselves.

A layer's squared error over its calibration inputs is a quadratic form of the weights. Column by
column the rounding error is made up for by the columns still to come (as GPTQ does), then single
steps up or down are taken as long as they help (coordinate descent).
Sources: Nagel et al. 2020 (AdaRound, the objective); Frantar et al. 2022 (GPTQ, OPTQ).
"""

import numpy as np

from edgec.ir import Array

# Chosen by hand; no measurement is on record: of coordinate descent, which ends sooner where
# nothing changes.
_SWEEPS = 4


def round_rows(target: Array, hessian: Array, scales: Array, limit: int | Array) -> Array:
    """Return integers q, float64 [outputs, inputs], for which ``scales * q`` is near ``target``.

    Near is small e' H e for the error e of each row and the positive definite ``hessian`` [inputs,
    inputs]. ``scales`` [outputs]; integers stay within +-``limit``, a number or [outputs, inputs].
    Never worse than rounding each weight to the nearest integer.
    """
    steps = target / scales[:, None]
    limits = np.broadcast_to(np.asarray(limit, np.float64), steps.shape)
    nearest = np.clip(np.rint(steps), -limits, limits)
    carried = _descend(_carry_errors(steps, hessian, limits), steps, hessian, limits)
    plain = _descend(nearest, steps, hessian, limits)
    better = quadratic_error(carried - steps, hessian) < quadratic_error(plain - steps, hessian)
    return np.where(better[:, None], carried, plain)


def quadratic_error(error: Array, hessian: Array) -> Array:
    """Return e' H e for each row e."""
    return np.asarray(np.einsum("oi,oi->o", error @ hessian, error))


def _carry_errors(steps: Array, hessian: Array, limits: Array) -> Array:
    """Round column by column, the most important first; the others make up for the error."""
    order = np.argsort(-np.diag(hessian), kind="stable")
    rest, limits = steps[:, order].copy(), limits[:, order]
    inverse = np.linalg.inv(hessian[np.ix_(order, order)])
    upper = np.linalg.cholesky((inverse + inverse.T) / 2).T
    rounded = np.empty_like(rest)
    for column in range(rest.shape[1]):
        most = limits[:, column]
        rounded[:, column] = np.clip(np.rint(rest[:, column]), -most, most)
        error = (rest[:, column] - rounded[:, column]) / upper[column, column]
        rest[:, column:] -= error[:, None] * upper[column, column:]
    result = np.empty_like(rounded)
    result[:, order] = rounded
    return result


def _descend(rounded: Array, steps: Array, hessian: Array, limits: Array) -> Array:
    """Change one weight after the other by the whole steps that lower the error most."""
    current = rounded.copy()
    slope = (current - steps) @ hessian
    curvature = np.diag(hessian)
    for _ in range(_SWEEPS):
        before = current.copy()
        for column in range(current.shape[1]):
            wanted = current[:, column] - np.rint(slope[:, column] / curvature[column])
            most = limits[:, column]
            change = np.clip(wanted, -most, most) - current[:, column]
            if change.any():
                current[:, column] += change
                slope += change[:, None] * hessian[column]
        if np.array_equal(before, current):
            break
    return current
