"""Operators with weights, and products and normalizations of activations."""
