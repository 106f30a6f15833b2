"""Passes that compute at build time what can be."""
