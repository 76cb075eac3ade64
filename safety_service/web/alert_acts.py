"""The buttons of an alert's page: each is one thing that somebody does about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from multidict import MultiMapping

from safety_service.actions import alerts as handling
from safety_service.actions import reading
from safety_service.actions.actor import Actor
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Found, KnownBy, News
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.web.form_answers import text_of

LONGEST_NOTE = 2000  # characters

Fields = MultiMapping[Any]
Act = Callable[[Tx, Actor, UUID, Fields], Awaitable[AlertRow]]


class NotSaid(Exception):
    """Something is missing in the form; its text says what."""


async def _take(tx: Tx, actor: Actor, alert_id: UUID, _fields: Fields) -> AlertRow:
    return await handling.take(tx, actor, alert_id)


async def _take_over(tx: Tx, actor: Actor, alert_id: UUID, _fields: Fields) -> AlertRow:
    return await handling.take(tx, actor, alert_id, take_over=True)


async def _wake(tx: Tx, actor: Actor, alert_id: UUID, fields: Fields) -> AlertRow:
    step = str(fields.get("step", ""))
    return await handling.escalate(tx, actor, alert_id, int(step) if step.isdecimal() else None)


async def _trying(tx: Tx, actor: Actor, alert_id: UUID, fields: Fields) -> AlertRow:
    return await handling.news(tx, actor, alert_id, News.STILL_TRYING, _note(fields))


async def _rung_999(tx: Tx, actor: Actor, alert_id: UUID, fields: Fields) -> AlertRow:
    return await handling.news(tx, actor, alert_id, News.POLICE_RUNG, _note(fields))


async def _tell(tx: Tx, actor: Actor, alert_id: UUID, fields: Fields) -> AlertRow:
    note = _note(fields)
    if not note:
        raise NotSaid("Write the note first.")
    return await handling.news(tx, actor, alert_id, News.NOTE, note)


async def _pass_on(tx: Tx, actor: Actor, alert_id: UUID, fields: Fields) -> AlertRow:
    try:
        to = UUID(str(fields.get("to", "")))
    except ValueError:
        raise NotSaid("Choose who should have it.") from None
    return await handling.pass_on(tx, actor, alert_id, to)


async def _resolve(tx: Tx, actor: Actor, alert_id: UUID, fields: Fields) -> AlertRow:
    try:
        found, known_by = Found(str(fields.get("found"))), KnownBy(str(fields.get("known_by")))
    except ValueError:
        raise NotSaid("Say what was found, and how you know.") from None
    return await handling.resolve(tx, actor, alert_id, found, known_by, _note(fields))


async def _agree(tx: Tx, actor: Actor, alert_id: UUID, fields: Fields) -> AlertRow:
    """To what the page showed: had the finding changed meanwhile, this would be a finding of one's own.

    `how`: by what the second person knows it, where that has to be said.
    """
    first = (await reading.alert(tx, actor, alert_id)).alert.resolution
    if first is None or first.found != fields.get("found"):
        raise Refused("second_person_wanted")
    try:
        how = KnownBy(str(fields["how"])) if "how" in fields else first.known_by
    except ValueError:
        raise NotSaid("Say how you know.") from None
    return await handling.resolve(tx, actor, alert_id, first.found, how, _note(fields) or "agreed")


def _note(fields: Fields) -> str:
    return text_of(fields, "note").strip()[:LONGEST_NOTE]


ACTS: dict[str, Act] = {
    "take": _take,
    "take-over": _take_over,
    "wake": _wake,
    "trying": _trying,
    "rung-999": _rung_999,
    "note": _tell,
    "pass-on": _pass_on,
    "resolve": _resolve,
    "agree": _agree,
}
#: What cannot be taken back: who sits there is asked again. Never for taking an alert.
ENDING = frozenset({"resolve", "agree"})
#: What these do shows in the story alone: without a word somebody half asleep would press them again.
SAID = {
    "trying": "Noted: still trying. Everyone told hears it.",
    "rung-999": "Noted: 999 rung. Everyone told hears it.",
    "note": "Noted. Everyone told hears it.",
    "wake": "The next person is being told.",
    "pass-on": "They are asked. It stays with you until they take it.",
}
