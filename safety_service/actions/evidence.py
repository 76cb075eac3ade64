"""Keeping in the evidence log what somebody did to people, duty and agencies."""

from typing import Any
from uuid import UUID

from safety_service.actions.actor import Actor
from safety_service.store import events
from safety_service.store.alerts import AlertRow
from safety_service.store.channels import Channel
from safety_service.store.database import Tx
from safety_service.store.people import Person


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


async def keep_of_channel(tx: Tx, by: Actor | None, person: Person, verb: str, found: Channel) -> None:
    """One entry about a way in which a person is reached; never its address."""
    about = {"person_id": str(person.id), "kind": found.kind}
    await keep(tx, by, person.agency_id, verb, subject="channel", subject_id=found.id, **about)


async def keep_of_alert(tx: Tx, actor: Actor, row: AlertRow, verb: str, **details: object) -> None:
    """One entry about an alert, which its timeline tells again."""
    await events.log(
        tx,
        agency_id=row.agency_id,
        actor_id=actor.person_id,
        verb=verb,
        subject="alert",
        subject_id=row.id,
        visit_id=row.alert.visit_id,
        alert_id=row.id,
        details={**details, "via": actor.via},
    )
