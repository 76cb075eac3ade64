"""Where a list goes on, as it stands in a page's address."""

from datetime import UTC, datetime
from uuid import UUID


def write_place(at: datetime, last: UUID) -> str:
    """The place after a thing."""
    return f"{at.astimezone(UTC).isoformat()}~{last}"


def read_place(text: str) -> tuple[datetime, UUID] | None:
    """The place; None for what is none, which is the beginning."""
    at, _, last = text.partition("~")
    try:
        return datetime.fromisoformat(at.replace(" ", "+")).astimezone(UTC), UUID(last)
    except (ValueError, OverflowError):
        return None
