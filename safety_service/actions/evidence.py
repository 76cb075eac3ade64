"""Keeping in the evidence log what somebody did to people, duty and agencies."""

from typing import Any
from uuid import UUID

from safety_service.actions.actor import Actor
from safety_service.store import events
from safety_service.store.database import Tx


async def keep(
    tx: Tx,
    by: Actor | None,
    agency_id: UUID | None,
    verb: str,
    *,
    subject: str,
    subject_id: UUID | None,
    **details: Any,
) -> None:
    """One entry: who did what to what, and by which way in. `by` None: somebody at the machine's command line."""
    await events.log(
        tx,
        actor_id=None if by is None else by.person_id,
        agency_id=agency_id,
        verb=verb,
        subject=subject,
        subject_id=subject_id,
        details={"via": "command line" if by is None else by.via, **details},
    )
