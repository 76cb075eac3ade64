"""Putting messages to people into the outbox: one row for each channel, in the transaction that causes them (P2)."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, NamedTuple
from uuid import UUID

from safety_service.actions import taking
from safety_service.actions.reached_by import Ways, that_carry
from safety_service.domain.reaching import PROVEN, REACHING, VOICE, Urgency
from safety_service.store import agencies, calling, channels, hushed, outbox, people
from safety_service.store.batch import foreseen
from safety_service.store.channels import Channel
from safety_service.store.database import Tx
from safety_service.store.outbox import Message
from safety_service.store.people import Person

#: These call somebody who does not know yet.
CALLS = ("alarm.", "ring.wanted", "alert.offer", "alert.nobody", "alert.again_sos", "alert.again_duress")
#: News about a person's own account: said wherever they may see it.
SECURITY = frozenset(
    f"link.{each}" for each in ("new_channel", "waiting", "agreed", "refused", "ended", "settings_changed")
)


class Calls(NamedTuple):
    """How often a phone is called for one telling, and how long lies between."""

    times: int
    between: timedelta


ONE_CALL = Calls(1, timedelta(0))
#: What a message about a worker carries while nobody is to ring them.
HUSHED = {"variant": "duress"}


class Priority(IntEnum):
    """How urgent a message is; danger overtakes everything (P5)."""

    DANGER = 0
    ALARM = 1
    QUESTION = 2
    REPLY = 3
    NEWS = 4
    ROUTINE = 5


async def tell(  # noqa: PLR0913 - a message is about many things, each named at the call
    tx: Tx,
    person_ids: Collection[UUID],
    template: str,
    params: dict[str, Any],
    *,
    priority: Priority,
    visit_id: UUID | None = None,
    alert_id: UUID | None = None,
    step: int = 0,
    expires_at: datetime | None = None,
    due_at: datetime | None = None,
    dedupe: str | None = None,
    calls: Calls = ONE_CALL,
    about: UUID | None = None,
) -> int:
    """Tell people by those of their live channels that carry it (`domain.reaching`); the same `dedupe` goes once.

    `about`: the worker, whom nobody is to ring while somebody may be watching them; whoever is beside them then is told
    what they would be on any other day (P5).

    Gives how many of the messages can reach somebody: what is written and lies there is not counted.
    """
    known, reachable = await _reachable(tx, person_ids, _urgency(template, params, priority))
    links = await _links(tx, alert_id, reachable)
    warned = frozenset() if about is None else await hushed.known_to(tx, about, reachable)
    messages = [
        Message(
            agency_id=known[person_id].agency_id,
            person_id=person_id,
            channel_id=way.id,
            channel=way.kind,
            priority=priority,
            template=template,
            params={
                **_read_by(person_id, params),
                **(HUSHED if person_id in warned else {}),
                **links.get(way.id, {}),
            },
            visit_id=visit_id,
            alert_id=alert_id,
            step=step,
            expires_at=expires_at,
            due_at=due_at,
            dedupe=None if dedupe is None else f"{dedupe}:{way.id}",
        )
        for person_id, ways in reachable.items()
        for way in ways
    ]
    return await _put_once(tx, [*messages, *_calls_again(tx, messages, calls)])


async def _reachable(tx: Tx, person_ids: Collection[UUID], urgency: Urgency) -> tuple[dict[UUID, Person], Ways]:
    """Those who are known, and their ways that carry it and that their agencies allow."""
    ways: Ways = await _live(tx, person_ids)
    known = await people.even_unread(tx, [each for each, theirs in ways.items() if theirs])
    ways = {each: theirs for each, theirs in ways.items() if each in known}
    if any(way.kind in PROVEN for theirs in ways.values() for way in theirs):
        ways = await that_carry(tx, ways, known, urgency)
    silent = await _without_telegram(tx, {each.agency_id for each in known.values()})
    return known, {
        each: tuple(way for way in theirs if way.kind != "telegram" or known[each].agency_id not in silent)
        for each, theirs in ways.items()
    }


async def _live(tx: Tx, person_ids: Collection[UUID]) -> Ways:
    if tx.foreseen is None:
        return await channels.live_many(tx, person_ids)
    found = {each: await live_ways(tx, each) for each in person_ids}
    return {each: ways for each, ways in found.items() if ways}


@foreseen
async def live_ways(tx: Tx, person_id: UUID) -> tuple[Channel, ...]:
    """One person's live channels."""
    return await channels.live(tx, person_id)


def _calls_again(tx: Tx, messages: Collection[Message], calls: Calls) -> list[Message]:
    """The second call, and each after it: a phone wakes who sleeps at the second ringing, if at all."""
    called = [each for each in messages if each.channel == VOICE]
    return [
        replace(each, not_before=tx.now + nth * calls.between, dedupe=f"{each.dedupe}{calling.AGAIN}{nth + 1}")
        for each in called
        for nth in range(1, calls.times)
    ]


def _urgency(template: str, params: dict[str, Any], priority: Priority) -> Urgency:
    return Urgency(
        alarm=priority <= Priority.ALARM,
        danger=priority is Priority.DANGER,
        calls=template.startswith(CALLS),
        everyone=bool(params.get("again")),
        news=template.startswith("alert."),
        security=template in SECURITY,
    )


async def _without_telegram(tx: Tx, agency_ids: Collection[UUID]) -> frozenset[UUID]:
    """Agencies whose data-protection assessment is not confirmed: their Telegram carries linking, and nothing else."""
    found = [await agencies.get(tx, each) for each in agency_ids]
    return frozenset(each.id for each in found if not each.telegram_allowed)


async def _links(
    tx: Tx, alert_id: UUID | None, reachable: Mapping[UUID, tuple[Channel, ...]]
) -> dict[UUID, dict[str, str]]:
    """What goes along on ways without buttons, by channel: `take` (a path) and `reply`, to take the alert with."""
    if alert_id is None:
        return {}
    ways = [way for each in reachable.values() for way in each if way.kind in taking.LINKED]
    links = await taking.links_for(tx, alert_id, {way.person_id for way in ways})
    return {way.id: {"take": links[way.person_id].url_path, "reply": links[way.person_id].reply} for way in ways}


def _read_by(person_id: UUID, params: dict[str, Any]) -> dict[str, Any]:
    """Whoever reads the list of those told is "you" in it."""
    if not params.get("told"):
        return params
    return {**params, "told": [{**each, "you": each["id"] == str(person_id)} for each in params["told"]]}


async def _put_once(tx: Tx, messages: list[Message]) -> int:
    marks = [each.dedupe for each in messages if each.dedupe is not None]
    gone = await outbox.known(tx, marks) if marks else frozenset()
    fresh = [each for each in messages if each.dedupe not in gone]
    await outbox.put(tx, fresh)
    return sum(each.channel in REACHING for each in fresh)


async def to_channel(
    tx: Tx,
    person: Person,
    way: Channel,
    template: str,
    params: dict[str, Any],
    *,
    expires_at: datetime | None = None,
) -> None:
    """Say something to one channel alone, live or not: what proves it, and that it waits."""
    await outbox.put(
        tx,
        [
            Message(
                agency_id=person.agency_id,
                person_id=person.id,
                channel_id=way.id,
                channel=way.kind,
                priority=Priority.REPLY,
                template=template,
                params=params,
                expires_at=expires_at,
            )
        ],
    )


async def answer(
    tx: Tx, person_id: UUID, channel_kind: str, template: str, params: dict[str, Any], *, visit_id: UUID | None = None
) -> None:
    """Answer a word by the channel that spoke, and by no other."""
    ways = (await channels.live_many(tx, [person_id])).get(person_id, ())
    here: list[Channel] = [way for way in ways if way.kind == channel_kind]
    if not here:
        return
    person = await people.get_even_unread(tx, person_id)
    await outbox.put(
        tx,
        [
            Message(
                agency_id=person.agency_id,
                person_id=person_id,
                channel_id=way.id,
                channel=way.kind,
                priority=Priority.REPLY,
                template=template,
                params=params,
                visit_id=visit_id,
            )
            for way in here
        ],
    )


def iso(moment: datetime | None) -> str | None:
    """A moment as it stands in a message's params."""
    return None if moment is None else moment.isoformat()
