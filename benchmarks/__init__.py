"""How fast, and how late at worst."""
