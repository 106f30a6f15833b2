"""Activation functions in plain C."""
