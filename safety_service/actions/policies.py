"""Putting an edition of the policy in force."""

from safety_service.actions import access
from safety_service.actions.actor import Actor
from safety_service.actions.evidence import keep
from safety_service.domain.refusal import Refused
from safety_service.store import policies
from safety_service.store.database import Tx


async def apply(tx: Tx, by: Actor | None, text: str, *, who: str, why: str) -> int:
    """Put this text (TOML) in force, saying who decided on it and why; gives the edition's number.

    Raises PolicyError naming every fault; Refused: `administrators_only`, `name_wanted`, `reason_wanted`.
    """
    access.may_apply_policy(by)
    if not who.strip():
        raise Refused("name_wanted")
    if not why.strip():
        raise Refused("reason_wanted")
    number = await policies.apply(tx, text, who.strip(), why.strip())
    await keep(
        tx, by, None, "applied", subject="policy", subject_id=None, edition=number, who=who.strip(), why=why.strip()
    )
    return number
