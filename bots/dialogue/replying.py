"""What is answered to an alarm by text message, or with the keys of a phone while it is called: no buttons there.

The number that stood in the message says which alert, and whose phone it came from says who. A number that anybody can
read off an alarm's list would let a forged sender silence it, so the alert's own number is not enough.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bots.dialogue.incoming import Incoming
from safety_service.actions import alerts, by_link, refusals, telling
from safety_service.actions.actor import Actor, load_actor
from safety_service.actions.alarm import alarm_params
from safety_service.actions.errors import NotFound
from safety_service.actions.taking import link_for
from safety_service.actions.telling import iso
from safety_service.domain.refusal import Refused
from safety_service.domain.words import News
from safety_service.store import alert_links, channels
from safety_service.store import alerts as alert_rows
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx

log = logging.getLogger(__name__)

#: Channels on which a word is an answer to an alarm, and nothing else.
KINDS = ("sms", "voice")
#: The key that takes the one alarm that somebody is called about.
YES = "1"
_NUMBERS = re.compile(r"\d+")
#: Whoever sends more numbers in one message is guessing.
MOST_NUMBERS = 3
_OVER = re.compile(r"\bover\b", re.IGNORECASE)
_TRYING = re.compile(r"\btrying\b", re.IGNORECASE)
_RUNG_999 = re.compile(r"\b999\b")


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: a template and its params."""

    template: str
    params: dict[str, Any]


async def handle(tx: Tx, incoming: Incoming) -> None:
    """Act on one answer, and say by the same phone what it did. What is refused is undone, and kept."""
    if incoming.person_id is None:
        return
    try:
        actor = await load_actor(tx, incoming.person_id, incoming.channel)
    except NotFound:
        log.warning("an answer from somebody who is not active any more (%s)", incoming.channel)
        return
    try:
        async with tx.savepoint():
            said = await _act(tx, actor, incoming)
    except (Refused, NotFound) as why:
        await refusals.note(tx, actor, "answer", why, subject="alert")
        said = _refused(why)
    await _answer(tx, actor, incoming.channel, said)


async def _act(tx: Tx, actor: Actor, incoming: Incoming) -> Said:
    text = incoming.text.strip()
    link, numbers = None, _NUMBERS.findall(text)
    for number in numbers if len(numbers) <= MOST_NUMBERS else ():
        link = link or await alert_links.by_reply(tx, actor.person_id, number)
    if link is None and incoming.channel == "voice" and text == YES:
        # The provider itself says whom it called: nobody else's phone can press this key.
        link = await alert_links.only_open(tx, actor.person_id)
    if link is not None:
        return await _take(tx, actor, link.alert_id, link.reply, over=bool(_OVER.search(text)))
    for pattern, news in ((_TRYING, News.STILL_TRYING), (_RUNG_999, News.POLICE_RUNG)):
        if pattern.search(text):
            return await _news(tx, actor, news)
    return Said("reply.text_help", {})


async def _take(tx: Tx, actor: Actor, alert_id: UUID, reply: str, *, over: bool) -> Said:
    try:
        await by_link.take(tx, actor, alert_id, take_over=over)
    except Refused as why:
        raise Refused(why.code, **{**why.facts, "reply": reply}) from None
    row = await alert_rows.load(tx, alert_id)
    assert row is not None
    params = await alarm_params(tx, row, await alerts.scene_of(tx, row), actor.person_id)
    link = await link_for(tx, alert_id, actor.person_id)
    return Said("reply.text_took", {**params, "by_at": iso(row.alert.next_at), "take": link.url_path})


async def _news(tx: Tx, actor: Actor, news: News) -> Said:
    mine = await alert_rows.owned_by(tx, actor.person_id)
    if len(mine) != 1:
        return Said("reply.text_help", {})
    row: AlertRow = await alerts.news(tx, actor, mine[0].id, news)
    return Said("reply.text_news", {"number": row.alert.number, "by_at": iso(row.alert.next_at)})


def _refused(why: Refused | NotFound) -> Said:
    if isinstance(why, NotFound):
        return Said("reply.text_help", {})
    facts = {key: str(value) for key, value in why.facts.items()}
    if why.code == "taken_already":
        return Said("reply.text_taken", facts)
    return Said(f"refused.{why.code}", facts)


async def _answer(tx: Tx, actor: Actor, kind: str, said: Said) -> None:
    """A call is answered by text message where there is one: it is over by now."""
    ways = {each.kind for each in await channels.live(tx, actor.person_id)}
    by = next((each for each in ("sms", kind) if each in ways), kind)
    params = said.params if by == "sms" else {key: value for key, value in said.params.items() if key != "take"}
    await telling.answer(tx, actor.person_id, by, said.template, params)
