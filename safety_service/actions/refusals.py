"""What was refused is kept in the evidence log, although what it tried is undone."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from safety_service.actions import danger
from safety_service.actions.actor import Actor, load_actor
from safety_service.actions.errors import NotFound, Overheard
from safety_service.domain.refusal import Refused
from safety_service.store import events
from safety_service.store.database import Database, Tx

Result = TypeVar("Result")


async def note(
    tx: Tx, actor: Actor, doing: str, why: Refused | NotFound, *, subject: str, subject_id: UUID | None = None
) -> None:
    """Keep that this was refused, or was not theirs to know. `doing`: what they tried; `subject`: on what.

    Call it in a transaction that will commit: after the savepoint in which the action was undone.
    """
    if isinstance(why, Overheard):
        await danger.duress(tx, why.worker_id, why.visit_id, tx.now)
    reason = why.code if isinstance(why, Refused) else "not_found"
    await events.log(
        tx,
        actor_id=actor.person_id,
        agency_id=actor.agency_id,
        verb="refused",
        subject=subject,
        subject_id=subject_id,
        details={"doing": doing, "reason": reason, "via": actor.via},
    )


async def acting(
    database: Database,
    person_id: UUID,
    via: str,
    doing: str,
    action: Callable[[Tx, Actor], Awaitable[Result]],
    *,
    subject: str,
    subject_id: UUID | None = None,
) -> Result:
    """One action of one person in a transaction of its own.

    A refusal undoes the action, is kept, and is raised again: Refused or NotFound.
    """
    async with database.transaction() as tx:
        actor = await load_actor(tx, person_id, via)
        try:
            async with tx.savepoint():
                return await action(tx, actor)
        except (Refused, NotFound) as why:
            await note(tx, actor, doing, why, subject=subject, subject_id=subject_id)
            refused = why
    raise refused
