"""Lists in pages: a cursor names the last thing seen, so that what is added meanwhile moves nothing."""

import base64
import binascii
import json
from datetime import UTC, datetime
from uuid import UUID

from safety_service.api.problems import Fault, Problem

LIMIT = 50
MOST = 200

#: The time and the id of the last thing on a page.
Cursor = tuple[datetime, UUID]


def write_cursor(at: datetime, last: UUID) -> str:
    """The cursor after a thing."""
    plain = json.dumps([at.isoformat(), str(last)])
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def read_cursor(text: str | None) -> Cursor | None:
    """The cursor that was given. Raises Problem 400 for one that is not ours."""
    if not text:
        return None
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        at, last = json.loads(plain)
        return datetime.fromisoformat(at).astimezone(UTC), UUID(last)
    except (binascii.Error, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise bad_parameter("cursor", "This is not a cursor that a list gave.") from error


def read_limit(text: str | None) -> int:
    """How many things a page may hold."""
    if not text:
        return LIMIT
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST:
        raise bad_parameter("limit", f"A whole number from 1 to {MOST}.")
    return int(text)


def read_time(name: str, text: str | None) -> datetime | None:
    """A time among the filters. Raises Problem 400."""
    if not text:
        return None
    try:
        # A "+" that was not escaped arrives as a space.
        when = datetime.fromisoformat(text.replace(" ", "+"))
        if when.tzinfo is None:
            raise bad_parameter(name, "The time lacks its offset.")
        return when.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise bad_parameter(name, "A time such as 2026-05-03T09:30:00+01:00.") from error


def read_id(name: str, text: str | None) -> UUID | None:
    """An id among the filters. Raises Problem 400."""
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise bad_parameter(name, "This is not an id.") from error


def bad_parameter(name: str, why: str) -> Problem:
    return Problem(400, f"The parameter {name} cannot be read.", "bad_parameter", [Fault(f"#{name}", why)])
