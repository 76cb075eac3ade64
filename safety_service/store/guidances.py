"""Editions of the guidance: applied, never edited. An agency's newest one, else everybody's, else the shipped one."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import bindparam, func, insert, or_, select

from config.guidance import Guidance, GuidanceError, parse_guidance, recorded
from safety_service.store.errors import NoSuchRow
from safety_service.store.ready import Ready
from safety_service.store.tables.learning import guidance_edition

if TYPE_CHECKING:
    from safety_service.store.database import Tx

log = logging.getLogger(__name__)

#: The number of the shipped guidance, which is no row.
SHIPPED = 0
#: What this process has read: an edition never changes. None: it cannot be used by this code.
Known = MutableMapping[int, Guidance | None]


@dataclass(frozen=True, slots=True)
class Edition:
    """The guidance that is asked by, and the number that records keep."""

    number: int
    guidance: Guidance


async def current(tx: Tx, agency_id: UUID) -> Edition:
    """The edition in force for this agency; one that this code cannot use is shouted about and passed over."""
    for number in await tx.scalars(_NUMBERS, agency_id=agency_id):
        if (found := await _read(tx, number)) is not None:
            return Edition(number, found)
    return Edition(SHIPPED, parse_guidance(""))


#: An agency's own before everybody's, the newest first.
_NUMBERS = Ready(
    select(guidance_edition.c.number)
    .where(or_(guidance_edition.c.agency_id == bindparam("agency_id"), guidance_edition.c.agency_id.is_(None)))
    .order_by(guidance_edition.c.agency_id.is_(None), guidance_edition.c.number.desc())
)


async def numbered(tx: Tx, number: int | None) -> Edition:
    """The edition that a record was made with; one that is not known here reads as the shipped one."""
    found = None if not number else await _read(tx, number)
    return Edition(number or SHIPPED, found or parse_guidance(""))


async def apply(tx: Tx, agency_id: UUID | None, text: str, by: str, why: str) -> int:
    """Put an edition in force for an agency, or for all that have none; its number. Raises GuidanceError."""
    whole = parse_guidance(text).model_dump_json()
    newest = (await tx.conn.execute(select(func.max(guidance_edition.c.number)))).scalar()
    number = int(newest or SHIPPED) + 1
    await tx.conn.execute(
        insert(guidance_edition).values(
            number=number,
            agency_id=agency_id,
            text=text,
            whole=whole,
            applied_at=tx.now,
            applied_by=by,
            why=why,
        )
    )
    return number


async def _read(tx: Tx, number: int) -> Guidance | None:
    if number not in tx.guidances:
        query = select(guidance_edition.c.whole).where(guidance_edition.c.number == number)
        whole = (await tx.conn.execute(query)).scalar_one_or_none()
        if whole is None:
            raise NoSuchRow("guidance edition")
        tx.guidances[number] = _usable(number, whole)
    return tx.guidances[number]


def _usable(number: int, whole: str) -> Guidance | None:
    try:
        return recorded(whole)
    except GuidanceError as error:
        log.critical("guidance edition %d cannot be used, the one before it stays: %s", number, error)
        return None
