"""Models whose file states how they are quantized (QDQ, QLinear)."""
