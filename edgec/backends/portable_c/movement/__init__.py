"""Movement of elements in plain C."""
