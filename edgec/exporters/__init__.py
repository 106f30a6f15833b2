"""Writes graphs in the formats that other tools read."""

from edgec.exporters.tflite import write_tflite

__all__ = ["write_tflite"]
