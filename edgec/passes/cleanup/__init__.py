"""Passes that drop what is not needed, and write out what no kernel has."""
