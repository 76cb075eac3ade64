"""What people do about an alert from the message itself: take it, ring, pass it on, close it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from bots.dialogue import manager_forms, tokens
from bots.dialogue.tokens import Token
from bots.dialogue.turn import Turn
from safety_service.actions import alerts, passing, phrases, reading, rings, taking_many
from safety_service.actions.errors import NotFound
from safety_service.actions.rings import Answer
from safety_service.actions.telling import iso
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Decided, Found, KnownBy, News, State
from safety_service.store.alerts import AlertRow

#: So many people are offered to pass an alert on to.
OFFERED = 8

Handler = Callable[[Turn, UUID, Token], Awaitable[None]]


async def press(turn: Turn, token: Token) -> None:
    """A button that is about an alert, a request to be rung, or a visit that waits for a decision."""
    if token.id is None:
        raise NotFound
    await HANDLERS[token.verb](turn, token.id, token)


async def _take(turn: Turn, alert_id: UUID, token: Token) -> None:
    over = token.verb == "take_over"
    try:
        row = await alerts.take(turn.tx, turn.actor, alert_id, take_over=over)
    except Refused as why:
        # The answer offers to take it over.
        facts = {key: str(value) for key, value in why.facts.items()}
        raise Refused(why.code, **{**facts, "alert_id": str(alert_id)}) from None
    params = await reading.alarm_of(turn.tx, turn.actor, alert_id)
    await turn.answer("reply.took", **_alone(params), by_at=iso(row.alert.next_at))


async def _take_all(turn: Turn, bundle_id: UUID, _token: Token) -> None:
    taken = await taking_many.take_all(turn.tx, turn.actor, bundle_id)
    await turn.answer(
        "reply.took_all",
        numbers=list(taken.mine) or None,
        others=list(taken.others) or None,
        more=taken.left or None,
        bundle_id=str(bundle_id),
        phase=None,
    )


def _alone(params: dict[str, Any]) -> dict[str, Any]:
    """An alert's params without the speaker's own visit, which has no place in the message."""
    return {**params, "phase": None}


async def _show(turn: Turn, alert_id: UUID, token: Token) -> None:
    params = _alone(await reading.alarm_of(turn.tx, turn.actor, alert_id))
    if token.verb == "call":
        await turn.answer("reply.call" if params.get("worker_phone") else "reply.call_nobody", **params)
    elif token.verb == "words_999":
        await turn.answer("reply.words_999", **params)
    else:
        seen = params.get("last_position") or {}
        params |= {key: seen[key] for key in ("latitude", "longitude") if seen.get(key) is not None}
        await turn.answer("reply.map" if params.get("latitude") is not None else "reply.map_nowhere", **params)


async def _pass_on(turn: Turn, alert_id: UUID, _token: Token) -> None:
    people = await passing.could_have_it(turn.tx, turn.actor, alert_id)
    offered = [{"id": tokens.short(each.id), "name": each.name} for each in people[:OFFERED]]
    params = _alone(await reading.alarm_of(turn.tx, turn.actor, alert_id))
    await turn.answer("reply.pass_to" if offered else "reply.pass_to_nobody", **params, people=offered)


async def _pass_to(turn: Turn, alert_id: UUID, token: Token) -> None:
    """Passing on what nobody has takes it first: it stays with the giver until it is accepted."""
    to = tokens.long(token.word)
    if to is None:
        raise NotFound
    row = await reading.alert(turn.tx, turn.actor, alert_id)
    if row.alert.owner_id != turn.actor.person_id:
        await alerts.take(turn.tx, turn.actor, alert_id)
    people = await passing.could_have_it(turn.tx, turn.actor, alert_id)
    await alerts.pass_on(turn.tx, turn.actor, alert_id, to)
    name = next((each.name for each in people if each.id == to), "")
    await turn.answer("reply.passed", name=name, phase=None)


async def _news(turn: Turn, alert_id: UUID, token: Token) -> None:
    said = News.POLICE_RUNG if token.verb == "rung_999" else News.STILL_TRYING
    row = await alerts.news(turn.tx, turn.actor, alert_id, said)
    await turn.answer(f"reply.{token.verb}", **_of(row), by_at=iso(row.alert.next_at))


def _of(row: AlertRow) -> dict[str, Any]:
    return {"alert_id": str(row.id), "number": row.alert.number, "step": row.alert.step, "phase": None}


async def note(turn: Turn, text: str) -> bool:
    """What the owner of an open alert types is news to everyone told. False: the speaker owns none, or several."""
    page = await reading.alerts_of(turn.tx, turn.actor, states=frozenset({State.TAKEN}))
    mine = [each for each in page.rows if each.alert.owner_id == turn.actor.person_id]
    if len(mine) != 1:
        return False
    if await phrases.heard(turn.tx, turn.actor, text) is not None:
        # An agreed word is answered as any text is, and told to nobody.
        text = turn.frame.say("say.note")
    row = await alerts.news(turn.tx, turn.actor, mine[0].id, News.NOTE, text)
    await turn.answer("reply.noted", **_of(row), by_at=iso(row.alert.next_at))
    return True


async def _wake(turn: Turn, alert_id: UUID, token: Token) -> None:
    before = await reading.alert(turn.tx, turn.actor, alert_id)
    after = await alerts.escalate(turn.tx, turn.actor, alert_id, token.number)
    await turn.answer("reply.woken" if after.alert.step > before.alert.step else "reply.not_woken", phase=None)


async def _heard_safe(turn: Turn, alert_id: UUID, _token: Token) -> None:
    await manager_forms.resolve(turn, alert_id, found=Found.SAFE)


async def _close(turn: Turn, alert_id: UUID, _token: Token) -> None:
    await manager_forms.resolve(turn, alert_id)


async def _decline(turn: Turn, alert_id: UUID, _token: Token) -> None:
    row = await alerts.note(turn.tx, turn.actor, alert_id, turn.frame.say("say.cannot_take"))
    await turn.answer("reply.declined", **_of(row))


async def _agree(turn: Turn, alert_id: UUID, _token: Token) -> None:
    first = (await reading.alert(turn.tx, turn.actor, alert_id)).alert.resolution
    if first is None:
        raise Refused("resolved_already")
    note = turn.frame.say("say.agreed") if first.known_by is KnownBy.OTHER else ""
    row = await alerts.resolve(turn.tx, turn.actor, alert_id, first.found, first.known_by, note)
    await turn.answer("reply.second_asked" if row.alert.open else "reply.resolved", **_of(row))


async def _not_so(turn: Turn, alert_id: UUID, _token: Token) -> None:
    row = await alerts.note(turn.tx, turn.actor, alert_id, turn.frame.say("say.not_so"))
    await turn.answer("reply.not_so", **_of(row))


async def _ring(turn: Turn, ring_id: UUID, token: Token) -> None:
    said: dict[str, Answer] = {"spoke": "spoke", "raise": "raise", "no_answer": "no_answer"}
    await rings.answer(turn.tx, turn.actor, ring_id, said[token.verb])
    await turn.answer("reply.ring_spoke" if token.verb == "spoke" else "reply.ring_raise", phase=None)


async def _decide(turn: Turn, visit_id: UUID, token: Token) -> None:
    try:
        kind = Decided(token.word)
    except ValueError:
        raise NotFound from None
    await manager_forms.decide(turn, visit_id, kind)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("take", "take_over", "accept"), _take),
    **dict.fromkeys(("call", "map", "words_999"), _show),
    **dict.fromkeys(("trying", "rung_999"), _news),
    **dict.fromkeys(("spoke", "raise", "no_answer"), _ring),
    "take_all": _take_all,
    "pass_on": _pass_on,
    "pass_to": _pass_to,
    "wake": _wake,
    "safe": _heard_safe,
    "close": _close,
    "decline": _decline,
    "agree": _agree,
    "not_so": _not_so,
    "decide": _decide,
}
