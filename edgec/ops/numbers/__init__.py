"""Plain numbers and truth values at run time: what decides and counts, without a scale."""
