"""Pools in plain C."""
