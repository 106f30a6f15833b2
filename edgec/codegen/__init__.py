"""Program to C: templates give files their layout, one emitter prints calls and data."""
