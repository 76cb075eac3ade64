"""The clock: sweeps and housekeeping."""
