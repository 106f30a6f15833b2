"""Passes that move transposes and reshapes out of the way."""
