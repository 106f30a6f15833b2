"""Commands that run what was built."""
