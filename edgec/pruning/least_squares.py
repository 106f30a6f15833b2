"""Ridge regression of a layer's weights, from moments, and under a mask where weights are zero.

Weights are looked for near those that the layer has: what the samples do not tell stays as it was.
How near is decided by cross-validation between two halves of the samples.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgec.ir import Array

# Chosen by hand: a factor of ten apart, from no change to almost none of the ridge.
RIDGES = (np.inf, 10.0, 1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-6)
"""Added to the diagonal of the inputs' covariance, times its mean; the first of equals is taken.

With an infinite one the weights stay and only the bias is fitted.
"""

# Chosen by hand; no measurement is on record: the last two bound the time of conjugate gradients.
_NOISE = 1e-10  # of the inputs' mean square: less variance than that is rounding
_CAUTIOUS = 0.1  # the ridge where samples are too few to tell
_STEPS = 200  # of conjugate gradients
_PRECISE = 1e-6  # of the first residual


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over rows of inputs x and wanted outputs y: counts, x [g,i], y [g,o], xx, xy."""

    count: int
    x: Array
    y: Array
    xx: Array
    xy: Array

    @classmethod
    def of(cls, x: Array, y: Array) -> "Sums":
        """Return the sums of x [groups, rows, inputs] and y [groups, rows, outputs]; float64."""
        x, y = x.astype(np.float64), y.astype(np.float64)
        xt = x.transpose(0, 2, 1)
        return cls(x.shape[1], x.sum(axis=1), y.sum(axis=1), xt @ x, xt @ y)

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.count + other.count,
            self.x + other.x,
            self.y + other.y,
            self.xx + other.xx,
            self.xy + other.xy,
        )

    def centered(self) -> tuple[Array, Array]:
        """Return the covariances xx [g,i,i] and xy [g,i,o]."""
        n = self.count
        own = self.xx / n - self.x[:, :, None] * self.x[:, None, :] / n**2
        return own, self.xy / n - self.x[:, :, None] * self.y[:, None, :] / n**2


def refit(halves: Sequence[Sums], weights: Array, mask: Array | None) -> tuple[Array, Array]:
    """Return weights [groups, outputs, inputs] and bias [groups, outputs] that fit best; float64.

    ``weights`` are those to stay near; ``mask``, of their shape, tells which may differ from 0.
    """
    ridge = _best_ridge(halves, weights, mask)
    total = halves[0] if len(halves) == 1 else halves[0] + halves[1]
    fitted = _fit(total, weights, mask, ridge)
    bias = (total.y - np.einsum("goi,gi->go", fitted, total.x)) / total.count
    return fitted, bias


def _best_ridge(halves: Sequence[Sums], weights: Array, mask: Array | None) -> float:
    if len(halves) == 1:
        return _CAUTIOUS
    losses = [
        sum(
            _loss(test, _fit(train, weights, mask, ridge))
            for train, test in (halves, tuple(reversed(halves)))
        )
        for ridge in RIDGES
    ]
    return RIDGES[int(np.argmin(losses))]


def _loss(sums: Sums, weights: Array) -> float:
    """Return the mean squared error of weights and the best bias, but for a constant."""
    own, cross = sums.centered()
    squares = np.einsum("goi,gij,goj->", weights, own, weights, optimize=True)
    return float(squares - 2 * np.einsum("goi,gio->", weights, cross))


def _fit(sums: Sums, weights: Array, mask: Array | None, ridge: float) -> Array:
    if np.isinf(ridge):
        return weights
    own, cross = sums.centered()
    size = own.shape[1]
    power = np.trace(sums.xx, axis1=1, axis2=2) / sums.count
    level = (ridge * np.trace(own, axis1=1, axis2=2) + _NOISE * power) / size
    level += np.finfo(np.float32).tiny
    damped = own + level[:, None, None] * np.eye(size)
    missing: Array = cross.transpose(0, 2, 1) - weights @ own
    if mask is None:
        step = np.linalg.solve(damped, missing.transpose(0, 2, 1)).transpose(0, 2, 1)
    else:
        step = _masked_solve(damped, missing, mask)
    return np.asarray(weights + step)


def _masked_solve(matrix: Array, wanted: Array, mask: Array) -> Array:
    """Solve row @ matrix == wanted at the masked places of each row, which is 0 elsewhere.

    Conjugate gradients on all rows at once, scaled by the diagonal.
    """
    inverse = 1 / np.diagonal(matrix, axis1=1, axis2=2)[:, None, :]
    solution, residual = np.zeros_like(wanted), wanted * mask
    scaled = residual * inverse
    direction, power = scaled, _dots(residual, scaled)
    limit = power * _PRECISE**2
    for _ in range(_STEPS):
        if (power <= limit).all():
            break
        image = (direction @ matrix) * mask
        length = _ratio(power, _dots(direction, image))
        solution = solution + length * direction
        residual = residual - length * image
        scaled = residual * inverse
        before, power = power, _dots(residual, scaled)
        direction = scaled + _ratio(power, before) * direction
    return solution


def _dots(a: Array, b: Array) -> Array:
    return np.asarray((a * b).sum(axis=2, keepdims=True))


def _ratio(a: Array, b: Array) -> Array:
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)
