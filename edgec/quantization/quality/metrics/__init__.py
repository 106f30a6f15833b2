"""What labels say of a model's outputs: a module per kind of label, one choice among them."""
