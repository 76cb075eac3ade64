"""What the guidance asks, row by row, in plain words."""
