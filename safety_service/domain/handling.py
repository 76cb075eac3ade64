"""What people do about an alert: take, news, escalate, pass on, resolve; and what the worker's words mean to it."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from safety_service.domain.alert import Alert, Doing, Resolution, Step, quiet
from safety_service.domain.alert_effects import (
    AlertEffect,
    AskSecond,
    NobodyThere,
    Offer,
    ResolvedNow,
    TellOwner,
    TellRung,
    TellTold,
    TellWorker,
)
from safety_service.domain.climb import climb
from safety_service.domain.ladder import Present
from safety_service.domain.refusal import Refused
from safety_service.domain.words import ABOUT_SERVICE, CRIES, Kind, KnownBy, News, State

#: Nothing of these reaches the worker: duress must stay hidden, and the service's own troubles are not theirs.
_UNSEEN = ABOUT_SERVICE | {Kind.DURESS}
#: How somebody knows who saw the worker, or has it from police who did.
_SEEN = frozenset({KnownBy.SEEN, KnownBy.POLICE_TOLD})


def take(
    alert: Alert, person: UUID, now: datetime, *, take_over: bool = False, on_until: datetime | None = None
) -> Step:
    """First yes wins; anyone told may take over, saying so, and who was offered it accepts by taking it.

    `on_until`: the taker's shift ends, and news is due. Raises Refused: `never_your_own`, `resolved_already`,
    `taken_already` (facts: owner_id).
    """
    _may_act(alert, person)
    if alert.owner_id == person:
        return _clock_restarted(alert, now), ()
    if alert.state is State.TAKEN and not take_over and person != alert.offered_to:
        raise Refused("taken_already", owner_id=alert.owner_id)
    return _owned_by(alert, person, now, on_until), _has_it(alert, person)


def _has_it(alert: Alert, person: UUID) -> tuple[AlertEffect, ...]:
    told = TellTold(alert.id, "taken_over" if alert.owner_id else "taken", person)
    return (told,) if alert.kind in _UNSEEN else (told, TellWorker(alert.id, "read"))


def _owned_by(alert: Alert, person: UUID, now: datetime, on_until: datetime | None) -> Alert:
    news_at = now + alert.ladder.news_within
    if on_until is not None and now < on_until < news_at:
        news_at = on_until
    return replace(
        alert,
        state=State.TAKEN,
        owner_id=person,
        taken_at=now,
        told=alert.told | {person},
        offered_to=None,
        # A human being has it: it waits for nobody else to be reached. What was sent to the others still goes out.
        reach_by=None,
        doing=Doing.NEWS,
        next_at=news_at,
    )


def _clock_restarted(alert: Alert, now: datetime) -> Alert:
    """The owner's clock from now; an offer that they made is withdrawn."""
    return replace(alert, doing=Doing.NEWS, next_at=now + alert.ladder.news_within, offered_to=None)


def news(alert: Alert, person: UUID, said: News, note: str, now: datetime) -> Step:
    """The owner's news restarts their clock, but not that of an offer; anyone else's is a note for those told."""
    _may_act(alert, person)
    restarts = alert.owner_id == person and alert.doing is not Doing.OFFER
    after = _clock_restarted(alert, now) if restarts else alert
    return after, (TellTold(alert.id, f"news_{said}", person, note),)


def escalate(alert: Alert, person: UUID, step: int | None, now: datetime, present: Present) -> Step:
    """Climb now. A button of an older step has been answered already and changes nothing."""
    _may_act(alert, person)
    if step is not None and step != alert.step:
        return alert, ()
    return climb(alert, now, now, present)


def pass_on(alert: Alert, person: UUID, to: UUID, now: datetime) -> Step:
    """Offer it to a named person; it stays with the giver until they accept."""
    _may_act(alert, person)
    if alert.owner_id != person:
        raise Refused("not_yours_to_pass_on")
    if to in (person, alert.worker_id):
        raise Refused("not_to_them")
    rung = alert.ladder.rung(alert.rung)
    offered = replace(alert, offered_to=to, told=alert.told | {to}, doing=Doing.OFFER, next_at=now + rung.answer)
    return offered, (Offer(alert.id, to, person),)


def resolve(alert: Alert, resolution: Resolution, now: datetime) -> Step:
    """End it: what was found and how it is known. SOS and duress need a second person who agrees to the same finding;
    with duress one of the two saw the worker, or has it from police who did.

    Raises Refused: `never_your_own`, `resolved_already`, `note_wanted`, `seen_or_police_wanted`.
    """
    _may_act(alert, resolution.by)
    closer = resolution.by
    if resolution.known_by is KnownBy.OTHER and not resolution.note.strip():
        raise Refused("note_wanted")
    if alert.danger:
        first = alert.resolution
        if first is None or first.by == resolution.by or first.found != resolution.found:
            return _first_of_two(alert, resolution, now)
        resolution = _agreed(alert, first, resolution)
    done = replace(
        quiet(alert),
        state=State.RESOLVED,
        resolution=resolution,
        resolved_at=now,
        owner_id=alert.owner_id or resolution.by,
        taken_at=alert.taken_at or now,
    )
    return done, (ResolvedNow(alert.id), TellTold(alert.id, "resolved", closer, resolution.note))


def _agreed(alert: Alert, first: Resolution, second: Resolution) -> Resolution:
    if alert.kind is Kind.DURESS and first.known_by not in _SEEN and second.known_by not in _SEEN:
        raise Refused("seen_or_police_wanted")
    return replace(first, note="; ".join(each for each in (first.note, second.note) if each))


def _first_of_two(alert: Alert, resolution: Resolution, now: datetime) -> Step:
    asked = AskSecond(alert.id, resolution.by)
    if alert.owner_id is not None:
        return replace(alert, resolution=resolution), (asked,)
    owned = _owned_by(alert, resolution.by, now, None)
    return replace(owned, resolution=resolution), (*_has_it(alert, resolution.by), asked)


def late_word(alert: Alert, word: str, said_at: datetime) -> Step:
    """Told to everyone alarmed; holds the climb only while an owner has it. Never takes or closes.

    It never holds danger, or an owner who has yet to confirm that the worker called again: whoever holds the phone may
    have said it. It holds from when it was said.
    """
    if not alert.open:
        return alert, ()
    told = (TellTold(alert.id, f"late_{word}", None, "", said_at),)
    assert alert.next_at is not None
    held_until = said_at + alert.ladder.news_within
    holds = alert.state is State.TAKEN and not alert.danger and alert.doing is not Doing.CONFIRM
    if not holds or held_until <= alert.next_at:
        return alert, told
    doing = Doing.OFFER if alert.doing is Doing.OFFER else Doing.NEWS
    return replace(alert, doing=doing, next_at=held_until), told


def repeated(alert: Alert, kind: Kind, now: datetime) -> Step:
    """A second miss or cry: its owner hears, and a cry climbs unless they confirm it soon.

    Without an owner a cry is told again to everyone told, and climbs as soon; a miss changes nothing: it is climbing.
    What one person found before the worker called again needs to be found again.
    """
    if kind not in CRIES:
        told = () if alert.owner_id is None else (TellOwner(alert.id, f"again_{kind}", alert.owner_id),)
        return alert, told
    assert alert.next_at is not None
    soon = now + alert.ladder.confirm
    called = replace(alert, resolution=None, next_at=min(alert.next_at, soon))
    if alert.owner_id is not None:
        return replace(called, doing=Doing.CONFIRM), (TellOwner(alert.id, f"again_{kind}", alert.owner_id, soon),)
    if not alert.told:
        return called, (NobodyThere(alert.id),)
    more_rungs = alert.rung < alert.ladder.last
    again = replace(called, step=alert.step + 1, reach_by=now + alert.ladder.reach if more_rungs else None)
    return again, (TellRung(alert.id, again.step, alert.rung, alert.told, again=True),)


def owner_gone(alert: Alert, now: datetime) -> Step:
    """The owner left, was blocked or went off duty: the lapse starts now, and no cry that was to climb waits for it."""
    if alert.owner_id is None or not alert.open or alert.doing is Doing.REPLY:
        return alert, ()
    by_at = now + alert.ladder.reply
    if alert.doing is Doing.CONFIRM and alert.next_at is not None:
        by_at = min(by_at, alert.next_at)
    return replace(alert, doing=Doing.REPLY, next_at=by_at), (
        TellOwner(alert.id, "news_wanted", alert.owner_id, by_at),
    )


def owner_barred(alert: Alert, now: datetime) -> Alert:
    """The owner is kept off it from now on: it climbs at once, and they are asked nothing."""
    if alert.owner_id is None or not alert.open:
        return alert
    return replace(alert, doing=Doing.REPLY, next_at=now, offered_to=None)


def not_reached(alert: Alert, now: datetime) -> Alert:
    """Nobody of the last telling can be reached at all: the sweep climbs at once."""
    return replace(alert, reach_by=now) if alert.state is State.OPEN else alert


def _may_act(alert: Alert, person: UUID) -> None:
    if person == alert.worker_id:
        raise Refused("never_your_own")
    if not alert.open:
        raise Refused("resolved_already")
