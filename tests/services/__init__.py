"""Real PostgreSQL, Redis and Chromium for the tests: found, or installed, and started once."""
