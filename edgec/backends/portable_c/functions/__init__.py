"""Tables in plain C."""
