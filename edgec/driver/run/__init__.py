"""What is done with a build: run, test, profile, flash."""
