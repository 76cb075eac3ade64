"""How people are reached: a Telegram chat, the chat page in a browser, a phone, an address."""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, insert, select, update

from safety_service.domain.reaching import PROVEN, REACHING
from safety_service.store.database import Tx
from safety_service.store.errors import KeysDoNotOpen
from safety_service.store.ids import new_id
from safety_service.store.ready import Ready
from safety_service.store.tables.people import channel

log = logging.getLogger(__name__)

Kind = Literal["telegram", "webchat", "voice", "sms", "email", "hook", "canary"]


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to reach a person.

    `state`: `proposed` (its owner has yet to prove it), `waiting` (a second person has yet to agree), `active`,
    `blocked` (the person shut it), `ended`. `proven_at`: when its owner last showed that it arrives.
    """

    id: UUID
    person_id: UUID
    kind: str
    address: str
    state: str
    since: datetime | None = field(default=None, compare=False)
    proven_at: datetime | None = None
    agreed_by: UUID | None = None


async def live(tx: Tx, person_id: UUID) -> tuple[Channel, ...]:
    """The person's active channels, the oldest first."""
    return (await live_many(tx, (person_id,))).get(person_id, ())


async def live_many(tx: Tx, person_ids: Iterable[UUID]) -> dict[UUID, tuple[Channel, ...]]:
    """The active channels of each of these people; who has none is not in it."""
    wanted = tuple(set(person_ids))
    found: dict[UUID, tuple[Channel, ...]] = {}
    for each in await _live(tx, wanted) if wanted else ():
        found[each.person_id] = (*found.get(each.person_id, ()), each)
    return found


async def _live(tx: Tx, person_ids: Collection[UUID]) -> list[Channel]:
    try:
        return [_channel(row) for row in await tx.all(_LIVE, people=person_ids)]
    except KeysDoNotOpen:
        return await _each_alone(tx, channel.c.person_id.in_(person_ids), channel.c.state == "active")


async def reached(tx: Tx, person_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Who of these people is reached by anything: what is only written to lies there unread (P4)."""
    found = await live_many(tx, person_ids)
    return frozenset(each for each, ways in found.items() if any(way.kind in REACHING for way in ways))


async def by_address(tx: Tx, kind: str, address: str) -> Channel | None:
    """The channel at this address that speaks for somebody; it may be blocked. What only waits speaks for nobody."""
    index = tx.blind(address)
    try:
        return next((_channel(row) for row in await tx.all(_BY_ADDRESS, kind=kind, index=index)), None)
    except KeysDoNotOpen:
        log.error("a channel that no key opens speaks for nobody")  # noqa: TRY400 - it says all that is known
        return None


async def get(tx: Tx, channel_id: UUID) -> Channel | None:
    """This channel, whatever its state."""
    return next(iter(await _where(tx, channel.c.id == channel_id)), None)


async def of_person(tx: Tx, person_id: UUID) -> list[Channel]:
    """All of the person's channels that have not ended, the oldest first."""
    return await _where(tx, channel.c.person_id == person_id, channel.c.state != "ended")


async def proven_before(tx: Tx, moment: datetime, limit: int) -> list[Channel]:
    """Live addresses that their owners last confirmed before then, the oldest first."""
    old = (channel.c.state == "active") & channel.c.kind.in_(PROVEN) & (channel.c.proven_at < moment)
    rows = await tx.conn.execute(select(channel).where(old).order_by(channel.c.proven_at).limit(limit))
    return [_channel(row) for row in rows]


async def waiting(tx: Tx, person_ids: Iterable[UUID]) -> list[Channel]:
    """Those of these people that wait for a second person."""
    return await _where(tx, channel.c.person_id.in_(tuple(person_ids)), channel.c.state == "waiting")


async def link(tx: Tx, person_id: UUID, kind: Kind, address: str, state: str = "active") -> Channel:
    """Add a channel; only its own person speaks there. The caller has seen that nobody else has this address."""
    made = Channel(new_id(), person_id, kind, address, state, tx.now)
    await tx.conn.execute(
        insert(channel).values(
            id=made.id,
            person_id=person_id,
            kind=kind,
            address=address,
            address_index=tx.blind(address),
            state=state,
            since=tx.now,
            changed_at=tx.now,
        )
    )
    return made


async def prove(tx: Tx, channel_id: UUID, state: str) -> None:
    """Its owner showed that it arrives; it is in this state from now on."""
    shown = {"state": state, "proven_at": tx.now, "changed_at": tx.now}
    await tx.conn.execute(update(channel).where(channel.c.id == channel_id).values(shown))


async def agree(tx: Tx, channel_id: UUID, by: UUID | None) -> bool:
    """A second person has agreed: it is live. False when it does not wait any more."""
    agreed = {"state": "active", "agreed_by": by, "agreed_at": tx.now, "changed_at": tx.now}
    waits = (channel.c.id == channel_id) & (channel.c.state == "waiting")
    return bool((await tx.conn.execute(update(channel).where(waits).values(agreed))).rowcount)


async def readdress(tx: Tx, channel_id: UUID, address: str) -> None:
    """The provider gave this chat a new address."""
    moved = {"address": address, "address_index": tx.blind(address), "changed_at": tx.now}
    await tx.conn.execute(update(channel).where(channel.c.id == channel_id).values(moved))


async def block(tx: Tx, channel_id: UUID) -> None:
    """The person shut this channel: nothing arrives there."""
    await _move(tx, channel.c.id == channel_id, channel.c.state == "active", to="blocked")


async def unblock(tx: Tx, channel_id: UUID) -> None:
    """The person opened it again."""
    await _move(tx, channel.c.id == channel_id, channel.c.state == "blocked", to="active")


async def end(tx: Tx, channel_id: UUID) -> None:
    """This channel is the person's no more."""
    await _move(tx, channel.c.id == channel_id, channel.c.state != "ended", to="ended")


async def end_all(tx: Tx, person_id: UUID) -> None:
    """All channels of this person end."""
    await _move(tx, channel.c.person_id == person_id, channel.c.state != "ended", to="ended")


async def _move(tx: Tx, *conditions: ColumnElement[bool], to: str) -> None:
    await tx.conn.execute(update(channel).where(*conditions).values(state=to, changed_at=tx.now))


async def _where(tx: Tx, *conditions: ColumnElement[bool]) -> list[Channel]:
    try:
        rows = await tx.conn.execute(select(channel).where(*conditions).order_by(channel.c.id))
        return [_channel(row) for row in rows]
    except KeysDoNotOpen:
        return await _each_alone(tx, *conditions)


async def _each_alone(tx: Tx, *conditions: ColumnElement[bool]) -> list[Channel]:
    """One that no key opens carries nothing, and keeps no alarm from going by the others."""
    found: list[Channel] = []
    for each in (await tx.conn.execute(select(channel.c.id).where(*conditions).order_by(channel.c.id))).scalars().all():
        try:
            found += [_channel(row) for row in await tx.conn.execute(select(channel).where(channel.c.id == each))]
        except KeysDoNotOpen:
            log.error("a channel that no key opens carries nothing: %s", each)  # noqa: TRY400 - the id says it all
    return found


_LIVE = Ready(
    select(channel)
    .where(channel.c.person_id.in_(bindparam("people", expanding=True)), channel.c.state == "active")
    .order_by(channel.c.id)
)
_BY_ADDRESS = Ready(
    select(channel)
    .where(
        channel.c.kind == bindparam("kind"),
        channel.c.address_index == bindparam("index"),
        channel.c.state.in_(("active", "blocked")),
    )
    .order_by(channel.c.id)
)


def _channel(row: Any) -> Channel:
    return Channel(row.id, row.person_id, row.kind, row.address, row.state, row.since, row.proven_at, row.agreed_by)
