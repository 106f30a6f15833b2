"""ONNX files: protobuf to source nodes to a graph."""
