"""The dialogue in a phone's browser."""
