"""Elementwise arithmetic in plain C."""
