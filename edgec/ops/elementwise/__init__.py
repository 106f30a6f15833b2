"""Arithmetic of two tensors, element by element, with broadcasting."""
