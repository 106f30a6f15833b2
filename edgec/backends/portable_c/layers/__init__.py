"""Layers in plain C."""
