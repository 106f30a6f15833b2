"""Kernels of plain numbers and truth values in plain C."""
