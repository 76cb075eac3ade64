"""Whole visits, from plan to home, through the real ways in."""
