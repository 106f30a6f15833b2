"""What is in a model, which operators there are, what is installed."""
