"""Operators: one module each, with attributes, inference, semantics, importers and exporter."""
