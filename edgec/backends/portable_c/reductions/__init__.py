"""Reductions in plain C."""
