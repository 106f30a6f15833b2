"""Cores and boards: what a program is compiled for."""
