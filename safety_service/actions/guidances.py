"""Putting an edition of the guidance in force, for one agency or for all that have none of their own."""

from uuid import UUID

from safety_service.actions import access
from safety_service.actions.actor import Actor
from safety_service.actions.evidence import keep
from safety_service.domain.refusal import Refused
from safety_service.store import guidances
from safety_service.store.database import Tx


async def apply(tx: Tx, by: Actor | None, agency_id: UUID | None, text: str, *, who: str, why: str) -> int:
    """Put this text (TOML) in force, saying who decided on it and why; gives the edition's number.

    Raises GuidanceError naming every fault; Refused: `administrators_only`, `name_wanted`, `reason_wanted`.
    """
    access.may_apply_guidance(by, agency_id)
    if not who.strip():
        raise Refused("name_wanted")
    if not why.strip():
        raise Refused("reason_wanted")
    number = await guidances.apply(tx, agency_id, text, who.strip(), why.strip())
    said = {"edition": number, "who": who.strip(), "why": why.strip()}
    await keep(tx, by, agency_id, "applied", subject="guidance", subject_id=None, **said)
    return number
