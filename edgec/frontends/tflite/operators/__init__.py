"""Operators that only TFLite spells so, made of ours."""
