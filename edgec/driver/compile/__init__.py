"""From a model file to an output folder, and all that stops on the way."""
