"""ONNX operators that are several of edgec's, which other importers add."""
