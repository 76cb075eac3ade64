"""What is announced when something has changed, so that open pages look again."""

from uuid import UUID


def of_alert(alert_id: UUID) -> str:
    """Something was done, sent or reached about this alert."""
    return f"alert:{alert_id}"
