"""Transformations of graphs: pure, verified after each change, one file per pass."""
