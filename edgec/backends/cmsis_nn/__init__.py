"""CMSIS-NN: the library by Arm, as it is on PyPI or from a folder of the user's."""
