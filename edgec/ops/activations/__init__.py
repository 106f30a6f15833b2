"""Activation functions: rectifiers, sigmoids, and softmax along an axis."""
