"""edgec: compiles trained neural networks to self-contained C for microcontrollers."""

__version__ = "0.1.0"
