"""Operators that only ONNX spells so, made of ours."""
