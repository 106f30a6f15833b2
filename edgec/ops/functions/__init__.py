"""Functions of one element: as integers they are tables."""
