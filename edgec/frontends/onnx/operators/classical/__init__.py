"""Models of ai.onnx.ml that are no networks: trees, support vectors, neighbours."""
