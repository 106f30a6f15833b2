"""The arithmetic that operators share: fixed point, tables, exact products."""
