"""Plain C kernels of our own (runtime_c/): every operator, any core, the host too."""
