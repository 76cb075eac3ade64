"""The dialogue in Telegram."""
