"""Conversions in plain C."""
