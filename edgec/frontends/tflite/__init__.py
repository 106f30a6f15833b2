"""TFLite files: flatbuffer to source nodes to a graph."""
