"""What Doorstep promises, by name."""
