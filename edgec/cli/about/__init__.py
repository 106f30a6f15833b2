"""Commands that look at models, boards, operators and tools."""
