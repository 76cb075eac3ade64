"""What another agency does with a one-time link, and what is done when it does nothing.

Nobody is signed in here: whoever has the link reads the least, once, and says by name that it has arrived.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from safety_service.actions import sharing
from safety_service.actions.access import may_decide
from safety_service.actions.actor import Actor
from safety_service.actions.apart import by_itself
from safety_service.actions.circle import zone_of
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.store import agencies, events, families, partners, shares
from safety_service.store.database import Tx
from safety_service.store.shares import Share

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a link shows. Once it was acknowledged: when, and nothing else (`words` is empty then)."""

    agency: str
    phone: str
    ref: str
    met: tuple[str, ...]
    on: date | None
    care: tuple[str, ...]
    context: tuple[str, ...]
    acknowledged_at: datetime | None
    zone: Any


async def open_link(tx: Tx, token: str) -> Opened:
    """Look at what the link leads to. It acknowledges nothing: mail programs open links unasked. Raises NotFound."""
    row = await _of(tx, token)
    opened = await _opened(tx, row)
    await _log(tx, row, "link_opened")
    return opened


async def acknowledge(tx: Tx, token: str, name: str) -> Opened:
    """Somebody of the other agency says that it has arrived, by name; once. Raises NotFound; Refused `name_wanted`."""
    row = await _of(tx, token, lock=True)
    if row.state == "acknowledged":
        return await _opened(tx, row)
    done = await _done(tx, row, name)
    await _log(tx, done, "acknowledged")
    await sharing.ask(tx, replace(done, step=0), "share.acknowledged")
    return await _opened(tx, done)


async def by_phone(tx: Tx, actor: Actor, share_id: UUID, name: str) -> None:
    """Somebody there has told the actor that they know it: nobody is asked any more, and the link shows nothing.

    Raises NotFound; Refused: `never_your_own`, `managers_only`, `share_decided`, `name_wanted`.
    """
    row = await shares.load(tx, share_id, lock=True)
    if row is None:
        raise NotFound
    may_decide(actor, await sharing.matter(tx, row))
    if row.state != "sent":
        raise Refused("share_decided")
    done = await _done(tx, row, name)
    await sharing.note(tx, done, "acknowledged", actor)


async def _done(tx: Tx, row: Share, name: str) -> Share:
    if not name.strip():
        raise Refused("name_wanted")
    done = replace(
        row,
        state="acknowledged",
        acknowledged_at=tx.now,
        acknowledged_by=name.strip()[:LONGEST_NAME],
        next_at=None,
    )
    await shares.save(tx, done)
    return done


async def chase(tx: Tx, limit: int) -> int:
    """Ask for what is undecided or unacknowledged; each time more people hear. Gives how many were due."""
    due = await shares.due(tx, limit)
    again = (await tx.policy()).sharing.again
    for row in due:
        if not await by_itself(tx, _chase(tx, row), f"a share could not be chased: {row.id}"):
            await shares.save(tx, replace(row, next_at=tx.now + again))
    return len(due)


async def _chase(tx: Tx, row: Share) -> None:
    """Undecided: its owner was asked when it was proposed, so that now all managers hear."""
    policy = (await tx.policy()).sharing
    if row.state == "proposed":
        climbed = replace(row, step=row.step + 1, next_at=tx.now + policy.decide)
        await sharing.ask(tx, climbed, "share.undecided", at=row.proposed_at.isoformat())
        await shares.save(tx, climbed)
        return
    if not await _may_learn(tx, row):
        await shares.save(tx, replace(row, next_at=None))
        return
    sent_at = row.decided_at or row.proposed_at
    await sharing.ask(tx, row, "share.unacknowledged", at=sent_at.isoformat())
    await shares.save(tx, replace(row, step=row.step + 1, next_at=tx.now + policy.again))


async def _of(tx: Tx, token: str, *, lock: bool = False) -> Share:
    row = await shares.by_token(tx, token, lock=lock)
    if row is None or row.state not in ("sent", "acknowledged"):
        raise NotFound
    if not await _may_learn(tx, row):
        raise NotFound  # somebody has found out since that they must not know
    return row


async def _may_learn(tx: Tx, row: Share) -> bool:
    partner = await partners.load(tx, row.partner_id)
    return partner is not None and sharing.may_learn(partner)


async def _opened(tx: Tx, row: Share) -> Opened:
    agency, over = await agencies.get(tx, row.agency_id), row.state == "acknowledged"
    body: dict[str, Any] = {} if over else row.body
    return Opened(
        agency=agency.name,
        phone=agency.office_phone or (await tx.policy()).office_number,
        ref="" if over else await families.ref_of(tx, row.family_id),
        met=tuple(body.get("met", ())),
        on=None if over else date.fromisoformat(body["on"]),
        care=tuple(body.get("care", ())),
        context=tuple(body.get("context", ())) if body.get("with_context") else (),
        acknowledged_at=row.acknowledged_at,
        zone=await zone_of(tx, row.agency_id),
    )


async def _log(tx: Tx, row: Share, verb: str) -> None:
    await events.log(
        tx,
        agency_id=row.agency_id,
        actor_id=None,
        verb=verb,
        subject="share",
        subject_id=row.id,
        details={"via": "link"},
    )
