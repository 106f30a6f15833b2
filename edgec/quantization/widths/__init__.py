"""Which activations are int16, and what that costs."""
