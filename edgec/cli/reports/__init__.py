"""Commands and pages that compare and list."""
