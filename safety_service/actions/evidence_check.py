"""Whether the evidence log is whole, as a page can say it: where its chain ends, and the newest links walked again.

All of it is walked on the machine itself (`doorstep log verify`), where nobody waits for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from safety_service.actions import event_chain
from safety_service.actions.actor import Actor
from safety_service.actions.event_chain import AT_ONCE
from safety_service.actions.evidence import keep
from safety_service.domain.event_chain import Link
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import beside, event_seals
from safety_service.store.database import Tx

#: Links that a page walks at most.
MOST = 2_000
_END = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class State:
    """The chain's end, and how many entries should be in it and are not."""

    head: Link | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Checked:
    """From which link to which was walked, and what is not as it was; of other agencies only how much."""

    first: int
    last: int
    found: list[str] = field(default_factory=list)
    elsewhere: int = 0


async def state(tx: Tx, actor: Actor) -> State | None:
    """As it stands. None while the actor is on a visit: how much is written meanwhile is not for those there (P5)."""
    if await beside.since(tx, actor.person_id) is not None:
        return None
    return State(await event_chain.head(tx), await event_chain.waiting(tx))


def kept_end(text: str) -> tuple[int, str] | None:
    """An end that somebody kept elsewhere, as it is written; None: nothing is. Raises Refused `end_unknown`."""
    given = text.strip().lower()
    if not given:
        return None
    read = _END.fullmatch(given)
    if read is None:
        raise Refused("end_unknown")
    return int(read[1]), read[2]


async def check(tx: Tx, actor: Actor, kept: tuple[int, str] | None = None) -> Checked:
    """Walk the newest links again, and that which was kept elsewhere if it is among them; that it was done is kept.

    Raises Refused: `managers_only`, `not_while_out`, `end_too_old`.
    """
    if not actor.teams(Role.MANAGER, Role.ADMINISTRATOR):
        raise Refused("managers_only")
    if await beside.since(tx, actor.person_id) is not None:
        raise Refused("not_while_out")
    head = await event_chain.head(tx)
    last = 0 if head is None else head.number
    first = max(1, last - MOST + 1)
    if kept is not None and kept[0] < first:
        raise Refused("end_too_old", most=MOST)
    checked = await _walked(tx, actor, first, last, kept)
    wrong = len(checked.found) + checked.elsewhere
    await keep(tx, actor, actor.agency_id, "checked", subject="evidence", subject_id=None, links=last, wrong=wrong)
    return checked


async def _walked(tx: Tx, actor: Actor, first: int, last: int, kept: tuple[int, str] | None) -> Checked:
    verifier = event_chain.verifier_for(tx, kept)
    before = await event_seals.linked(tx, first - 2, 1) if first > 1 else []
    verifier.before = before[0][0] if before else None
    found: list[str] = []
    elsewhere, number = 0, first - 1
    while batch := await event_seals.linked(tx, number, AT_ONCE):
        for there, entry in batch:
            faults = verifier.walk(there, entry)
            if entry is None or entry.agency_id in (None, actor.agency_id):
                found += faults
            else:
                elsewhere += len(faults)
        number = batch[-1][0].number
    # What retention emptied is reckoned over the whole log only; of a part nothing is said.
    verifier.emptied.clear()
    found += verifier.end()
    return Checked(first, max(last, number), found, elsewhere)
