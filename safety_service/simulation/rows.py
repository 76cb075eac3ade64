"""Values as they stand in SQLite's rows, for whoever reads them without the store."""

from datetime import UTC, datetime
from uuid import UUID


def stored(moment: datetime) -> str:
    """A moment as it stands in a row: text that sorts."""
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def moment(text: str) -> datetime:
    """A moment that stands in a row."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def moment_or_none(text: str | None) -> datetime | None:
    """The same, of a column that may be empty."""
    return None if text is None else moment(text)


def id_or_none(text: str | None) -> UUID | None:
    """An id that stands in a row."""
    return None if text is None else UUID(text)
