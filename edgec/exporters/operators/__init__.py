"""Operators that TFLite has to be told in several of its own."""
