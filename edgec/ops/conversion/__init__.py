"""From floats to integers and back, and the marks that say how."""
