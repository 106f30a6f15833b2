"""Calibration samples: reading, checking, evaluating a graph on them."""
