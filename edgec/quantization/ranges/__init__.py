"""Ranges of activations, from samples to scales and zero points."""
