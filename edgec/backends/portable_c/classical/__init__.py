"""Models that are no networks, in plain C."""
