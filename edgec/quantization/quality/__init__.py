"""How good a quantization is: noise, accuracy, and why."""
