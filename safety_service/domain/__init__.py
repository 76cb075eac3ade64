"""The rules, without input or output."""
