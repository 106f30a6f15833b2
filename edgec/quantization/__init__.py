"""Float graph + samples -> int8 graph: calibration, shared scales, quantized constants."""
