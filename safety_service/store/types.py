"""Column types: aware UTC times, durations, and sealed text; the same on both databases."""
# ruff: noqa: ARG002 — the signatures are SQLAlchemy's

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import DateTime, Dialect, Double, LargeBinary, TypeDecorator

from safety_service.store import sealing

#: What stands where retention has removed sealed text that may not be NULL: it is read as nothing ("" or None).
REMOVED = b""


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC times in and out. A naive time is refused: nobody could say when that is."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its offset cannot be stored")
        at = value.astimezone(UTC)
        # SQLite keeps text: without an offset, so that it sorts as it is written.
        return at.replace(tzinfo=None) if dialect.name == "sqlite" else at

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Seconds(TypeDecorator[timedelta]):
    """A duration, stored as seconds."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> float | None:
        return None if value is None else value.total_seconds()

    def process_result_value(self, value: float | None, dialect: Dialect) -> timedelta | None:
        return None if value is None else timedelta(seconds=value)


class Sealed(TypeDecorator[str]):
    """Text that nobody reads without the keys. It cannot be searched: what is looked up has a blind index beside it."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else sealing.ring().seal(value.encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return opened(value)


def opened(sealed: bytes | None) -> str | None:
    """What a sealed text says. Raises KeysDoNotOpen."""
    if sealed is None:
        return None
    return "" if sealed == REMOVED else sealing.ring().open(sealed).decode()


class SealedJson(TypeDecorator[Any]):
    """A JSON value that nobody reads without the keys. None is stored as NULL."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        return sealing.ring().seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        return None if value is None or value == REMOVED else json.loads(sealing.ring().open(value))


class SealedBytes(TypeDecorator[bytes]):
    """A file that nobody opens without the keys."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else sealing.ring().seal(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None or value == REMOVED else sealing.ring().open(value)
