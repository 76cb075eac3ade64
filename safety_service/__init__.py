"""Doorstep: it knows the plan, expects to hear from you, and makes sure that somebody acts if it does not."""
