"""Axes of inputs that an ONNX file leaves open: what they are, and how long."""
