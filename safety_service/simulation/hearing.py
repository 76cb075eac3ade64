"""From a word to its action: what the dialogue does in a service, without the sentences."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bots.dialogue.incoming import Incoming
from safety_service.actions import alerts, decisions, duty, people, planning, rings, words
from safety_service.actions.actor import Actor, load_actor
from safety_service.actions.errors import NotFound
from safety_service.actions.planning import PlanRequest
from safety_service.actions.refusals import note
from safety_service.actions.words import Receipt, Word
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Decided, Found, KnownBy, News
from safety_service.simulation.ledger import Ledger, Outcome
from safety_service.store.database import Tx

Order = dict[str, Any]
Given = dict[str, Any]


async def handle(tx: Tx, said: Incoming, ledger: Ledger) -> None:
    """Do what was said, once; what is refused is undone and kept as refused."""
    deed = ledger.said[said.provider_id]
    try:
        actor = await load_actor(tx, deed.person_id, said.channel)
    except NotFound:
        ledger.note(Outcome(deed, "not_found"))
        return
    order = json.loads(said.text)
    word = Word(said_at=said.said_at, note=deed.mark, phrase=order.get("phrase"))
    try:
        async with tx.savepoint():
            given = await _DO[deed.do](tx, actor, order, word)
    except (Refused, NotFound) as why:
        await note(tx, actor, deed.do, why, subject="word")
        ledger.note(Outcome(deed, why.code if isinstance(why, Refused) else "not_found"))
    else:
        ledger.note(Outcome(deed, None, given))


Do = Callable[[Tx, Actor, Order, Word], Awaitable[Given]]


def _visit(order: Order) -> UUID:
    return UUID(order["visit"])


def _alert(order: Order) -> UUID:
    return UUID(order["alert"])


def _received(receipt: Receipt) -> Given:
    visit = None if receipt.visit is None else str(receipt.visit.id)
    due_at = None if receipt.due_at is None else receipt.due_at.isoformat()
    return {"visit": visit, "what": receipt.what, "asked": receipt.own_word_wanted, "due_at": due_at}


async def _plan(tx: Tx, actor: Actor, order: Order, _word: Word) -> Given:
    every = order.get("every")
    row = await planning.plan_visit(
        tx,
        actor,
        PlanRequest(
            family_ref=order["ref"],
            starts_at=datetime.fromisoformat(order["starts_at"]),
            ends_at=datetime.fromisoformat(order["ends_at"]),
            address_text=order["address"],
            purpose="visit",
            check_in_every=None if every is None else timedelta(seconds=every),
            workers=tuple(UUID(each) for each in order["workers"]),
            speaker_id=None if order.get("speaker") is None else UUID(order["speaker"]),
            travel=timedelta(seconds=order["travel"]),
        ),
    )
    return {"visit": str(row.id), "risk": row.visit.risk}


async def _begin(tx: Tx, actor: Actor, order: Order, word: Word) -> Given:
    return _received(await words.begin(tx, actor, _visit(order), word))


async def _ok(tx: Tx, actor: Actor, order: Order, word: Word) -> Given:
    return _received(await words.ok(tx, actor, _visit(order), word))


async def _extend(tx: Tx, actor: Actor, order: Order, word: Word) -> Given:
    return _received(await words.extend(tx, actor, _visit(order), word, timedelta(seconds=order["by"])))


async def _silence(tx: Tx, actor: Actor, order: Order, word: Word) -> Given:
    until = datetime.fromisoformat(order["until"])
    return _received(await words.silence(tx, actor, _visit(order), word, until))


async def _left(tx: Tx, actor: Actor, order: Order, word: Word) -> Given:
    return _received(await words.left(tx, actor, _visit(order), word))


async def _home(tx: Tx, actor: Actor, order: Order, word: Word) -> Given:
    return _received(await words.home(tx, actor, _visit(order), word))


async def _cancel(tx: Tx, actor: Actor, order: Order, word: Word) -> Given:
    return _received(await words.cancel(tx, actor, _visit(order), word))


async def _ring_me(tx: Tx, actor: Actor, order: Order, word: Word) -> Given:
    return _received(await words.ring_me(tx, actor, _visit(order) if order.get("visit") else None, word))


async def _sos(tx: Tx, actor: Actor, order: Order, word: Word) -> Given:
    return _received(await words.sos(tx, actor, _visit(order) if order.get("visit") else None, word))


async def _note(tx: Tx, actor: Actor, order: Order, word: Word) -> Given:
    return _received(await words.note(tx, actor, _visit(order) if order.get("visit") else None, word))


async def _take(tx: Tx, actor: Actor, order: Order, _word: Word) -> Given:
    await alerts.take(tx, actor, _alert(order), take_over=bool(order.get("over")))
    return {}


async def _news(tx: Tx, actor: Actor, order: Order, _word: Word) -> Given:
    await alerts.news(tx, actor, _alert(order), News(order["says"]))
    return {}


async def _escalate(tx: Tx, actor: Actor, order: Order, _word: Word) -> Given:
    await alerts.escalate(tx, actor, _alert(order), order["step"])
    return {}


async def _pass_on(tx: Tx, actor: Actor, order: Order, _word: Word) -> Given:
    await alerts.pass_on(tx, actor, _alert(order), UUID(order["to"]))
    return {}


async def _resolve(tx: Tx, actor: Actor, order: Order, _word: Word) -> Given:
    row = await alerts.resolve(tx, actor, _alert(order), Found(order["found"]), KnownBy(order["known_by"]), "as found")
    return {"state": row.alert.state}


async def _ring(tx: Tx, actor: Actor, order: Order, _word: Word) -> Given:
    await rings.answer(tx, actor, UUID(order["ring"]), order["answer"])
    return {}


async def _decide(tx: Tx, actor: Actor, order: Order, _word: Word) -> Given:
    await decisions.decide(tx, actor, _visit(order), Decided(order["decided"]), "as it stands")
    return {}


async def _hand_over(tx: Tx, actor: Actor, order: Order, _word: Word) -> Given:
    await duty.hand_over(tx, actor, order["post"], datetime.fromisoformat(order["until"]), UUID(order["to"]))
    return {}


async def _accept(tx: Tx, actor: Actor, order: Order, _word: Word) -> Given:
    await duty.accept(tx, actor, UUID(order["offer"]))
    return {}


async def _deactivate(tx: Tx, actor: Actor, order: Order, _word: Word) -> Given:
    await people.deactivate(tx, actor, UUID(order["person"]))
    return {}


_DO: dict[str, Do] = {
    "plan": _plan,
    "begin": _begin,
    "ok": _ok,
    "extend": _extend,
    "silence": _silence,
    "left": _left,
    "home": _home,
    "cancel": _cancel,
    "ring_me": _ring_me,
    "sos": _sos,
    "note": _note,
    "take": _take,
    "news": _news,
    "escalate": _escalate,
    "pass_on": _pass_on,
    "resolve": _resolve,
    "ring": _ring,
    "decide": _decide,
    "hand_over": _hand_over,
    "accept": _accept,
    "deactivate": _deactivate,
}
#: What a worker says about a watch, and is kept among what was said.
WORDS = frozenset(["begin", "ok", "extend", "silence", "left", "home", "cancel", "ring_me", "sos", "note"])
