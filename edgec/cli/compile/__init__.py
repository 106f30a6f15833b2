"""Commands that make something of a model."""
