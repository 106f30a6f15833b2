"""Models that are no networks: trees, support vectors, neighbours. They take floats as they are."""
