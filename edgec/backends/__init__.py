"""Kernel libraries: how each operator becomes a call of a C function."""
