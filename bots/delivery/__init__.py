"""The senders: the ways out."""
