"""How people are reached: a Telegram chat, or the chat page in a browser."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Row, insert, select, update

from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.tables.people import channel

Kind = Literal["telegram", "webchat", "voice", "sms", "email", "hook"]


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to reach a person. `state`: `active`, `blocked` (the person shut it), `ended`."""

    id: UUID
    person_id: UUID
    kind: str
    address: str
    state: str


async def live(tx: Tx, person_id: UUID) -> tuple[Channel, ...]:
    """The person's active channels, the oldest first."""
    return (await live_many(tx, (person_id,))).get(person_id, ())


async def live_many(tx: Tx, person_ids: Iterable[UUID]) -> dict[UUID, tuple[Channel, ...]]:
    """The active channels of each of these people; who has none is not in it."""
    wanted = tuple(set(person_ids))
    found: dict[UUID, tuple[Channel, ...]] = {}
    for each in await _where(tx, channel.c.person_id.in_(wanted), channel.c.state == "active") if wanted else ():
        found[each.person_id] = (*found.get(each.person_id, ()), each)
    return found


async def by_address(tx: Tx, kind: str, address: str) -> Channel | None:
    """The channel at this address that has not ended; it may be blocked."""
    index = tx.blind(address)
    same = (channel.c.kind == kind, channel.c.address_index == index, channel.c.state != "ended")
    found = await _where(tx, *same)
    return found[0] if found else None


async def link(tx: Tx, person_id: UUID, kind: Kind, address: str) -> Channel:
    """Add a channel. The caller has seen that nobody else has this address."""
    made = Channel(new_id(), person_id, kind, address, "active")
    await tx.conn.execute(
        insert(channel).values(
            id=made.id,
            person_id=person_id,
            kind=kind,
            address=address,
            address_index=tx.blind(address),
            state="active",
            since=tx.now,
            changed_at=tx.now,
        )
    )
    return made


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
    rows = await tx.conn.execute(select(channel).where(*conditions).order_by(channel.c.id))
    return [_channel(row) for row in rows]


def _channel(row: Row[Any]) -> Channel:
    return Channel(row.id, row.person_id, row.kind, row.address, row.state)
