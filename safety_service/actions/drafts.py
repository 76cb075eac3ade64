"""One's own half-filled forms, and nobody else's."""

from typing import Any
from uuid import UUID

from safety_service.actions.actor import Actor
from safety_service.store import drafts
from safety_service.store.database import Tx
from safety_service.store.drafts import NOTHING, ON_PAGES, Draft

__all__ = ["NOTHING", "ON_PAGES", "Draft", "begin", "end", "latest", "load", "of", "save"]


async def begin(tx: Tx, actor: Actor, form: str, subject_id: UUID, answers: dict[str, Any]) -> Draft:
    """Begin a form about something; one that was begun before starts again."""
    return await drafts.begin(tx, actor.person_id, form, subject_id, answers)


async def load(tx: Tx, actor: Actor, draft_id: UUID) -> Draft | None:
    """The actor's draft with this id; None: it is finished, or somebody else's."""
    found = await drafts.load(tx, draft_id)
    return found if found is not None and found.person_id == actor.person_id else None


async def of(tx: Tx, actor: Actor, form: str, subject_id: UUID) -> Draft | None:
    """The actor's draft of this form about this subject."""
    return await drafts.of(tx, actor.person_id, form, subject_id)


async def latest(tx: Tx, actor: Actor) -> Draft | None:
    """The draft that the actor worked on last."""
    return await drafts.latest(tx, actor.person_id)


async def save(tx: Tx, changed: Draft) -> Draft:
    """Keep what was answered and what is asked now. The draft came from `load`, `of`, `latest` or `begin`."""
    return await drafts.save(tx, changed)


async def end(tx: Tx, draft: Draft) -> None:
    """The form is whole."""
    await drafts.end(tx, draft.id)
