"""Integer weights: rounding that keeps the outputs of a layer."""
