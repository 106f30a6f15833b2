"""The arena: when each buffer lives, and where it is put."""
