"""Showing again that it is oneself who sits at a page, before what cannot be taken back: by a code, sent elsewhere.

Never before an alert is taken, and never for a word of somebody who is out: there, seconds count.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from safety_service.actions.actor import Actor
from safety_service.actions.telling import to_channel
from safety_service.domain.refusal import Refused
from safety_service.store import agencies, channels, codes, events, people, sessions
from safety_service.store.channels import Channel
from safety_service.store.database import Tx
from safety_service.store.hot import Hot
from safety_service.store.sessions import Session

#: Long enough to end an alarm and write it down, or to decide what waits; shorter than a desk is left for lunch.
WITHIN = timedelta(minutes=30)
#: By which a code is sent, the quickest first. Never to the page itself, nor to where a whole team reads.
KINDS = ("telegram", "sms", "email", "voice")
#: Counted for each session: whoever sits at one that is not theirs uses up nothing of its owner's others.
CODES, TRIES, COUNTED_WITHIN = 6, 10, timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the page needs to ask. `sent_to`: where the code went just now, if it did. `account`: theirs would do, too.

    `shown`: the code itself, in a demonstration that can send nothing. `why`: what was wrong with what was given.
    """

    ways: tuple[Channel, ...] = ()
    sent_to: Channel | None = None
    shown: str = ""
    account: bool = False
    why: Refused | None = None


def is_fresh(session: Session, now: datetime) -> bool:
    """Whether whoever sits there has shown lately that it is them."""
    return session.proven_at is not None and now - session.proven_at <= WITHIN


async def ways(tx: Tx, actor: Actor, session: Session, offered: Collection[str]) -> tuple[Channel, ...]:
    """Where a code can be sent. `offered`: kinds of channel for which there is a provider.

    Never to what was added after this session began: whoever sits there now may be who added it.
    """
    allowed = (await agencies.get(tx, actor.agency_id)).telegram_allowed
    there = [
        each
        for each in await channels.live(tx, actor.person_id)
        if each.kind in KINDS and each.kind in offered and (allowed or each.kind != "telegram")
        if each.since is not None and each.since <= session.created_at
    ]
    return tuple(sorted(there, key=lambda each: KINDS.index(each.kind)))


async def send(
    tx: Tx, hot: Hot, actor: Actor, session: Session, offered: Collection[str], channel_id: UUID | None = None
) -> Asked:
    """Send a code to this channel of the actor's, or to the quickest. What cannot be sent is in `why`."""
    found = await ways(tx, actor, session, offered)
    to = next((each for each in found if channel_id in (None, each.id)), None)
    if await hot.count(f"again-sent:{session.id}", COUNTED_WITHIN) > CODES:
        return Asked(ways=found, why=Refused("too_many_codes"))
    if to is None:
        return await _without(tx, actor, session, found)
    digits = await codes.issue_again(tx, actor.person_id, session.id)
    params = {"code": digits, "minutes": round(codes.AGAIN_LIFE.total_seconds() / 60)}
    person = await people.get(tx, actor.person_id)
    await to_channel(tx, person, to, "channel.again", params, expires_at=tx.now + codes.AGAIN_LIFE)
    return Asked(ways=found, sent_to=to)


async def _without(tx: Tx, actor: Actor, session: Session, found: tuple[Channel, ...]) -> Asked:
    """A demonstration, in which nobody is in danger, shows its code; anybody else needs a new link to sign in with."""
    if found or not (await agencies.get(tx, actor.agency_id)).demonstration:
        return Asked(ways=found)
    return Asked(shown=await codes.issue_again(tx, actor.person_id, session.id))


async def show(tx: Tx, hot: Hot, actor: Actor, session: Session, given: str) -> None:
    """Type the code that arrived. Raises Refused: `code_wrong`, `too_many_tries`."""
    if await hot.count(f"again-tried:{session.id}", COUNTED_WITHIN) > TRIES:
        raise Refused("too_many_tries")
    if not await codes.use_again(tx, actor.person_id, session.id, given):
        raise Refused("code_wrong")
    await shown(tx, actor, session, "code")


async def shown(tx: Tx, actor: Actor, session: Session, by: str) -> None:
    """It was them. `by`: how they showed it."""
    await sessions.prove(tx, session.id)
    await events.log(
        tx,
        actor_id=actor.person_id,
        agency_id=actor.agency_id,
        verb="proven_again",
        subject="session",
        subject_id=session.id,
        details={"via": actor.via, "by": by},
    )
