"""What people do about an alert: take, news, escalate, pass on, resolve; and what the worker's words mean to it."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from safety_service.domain.alert import Alert, Doing, Resolution, Step, quiet
from safety_service.domain.alert_effects import AskSecond, Offer, ResolvedNow, TellOwner, TellTold, TellWorker
from safety_service.domain.climb import climb
from safety_service.domain.ladder import Present
from safety_service.domain.refusal import Refused
from safety_service.domain.words import DANGER, Kind, News, State

#: The worker's own calls: an unowned alert climbs at once when one comes.
_CRIES = DANGER | {Kind.RING_ME}


def take(
    alert: Alert, person: UUID, now: datetime, *, take_over: bool = False, on_until: datetime | None = None
) -> Step:
    """First yes wins; anyone told may take over, saying so. `on_until`: the taker's shift ends, and news is due.

    Raises Refused: `never_your_own`, `resolved_already`, `taken_already` (facts: owner_id).
    """
    _may_act(alert, person)
    if alert.owner_id == person:
        return _clock_restarted(alert, now), ()
    if alert.state is State.TAKEN and not take_over and person != alert.offered_to:
        raise Refused("taken_already", owner_id=alert.owner_id)
    owned = _owned_by(alert, person, now, on_until)
    effects = [TellTold(alert.id, "taken_over" if alert.owner_id else "taken", person)]
    read = () if alert.kind is Kind.DURESS else (TellWorker(alert.id, "read"),)
    return owned, (*effects, *read)


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
        # Danger: the second rung must still be reached, though somebody has it.
        reach_by=alert.reach_by if alert.danger else None,
        doing=Doing.NEWS,
        next_at=news_at,
    )


def _clock_restarted(alert: Alert, now: datetime) -> Alert:
    return replace(alert, doing=Doing.NEWS, next_at=now + alert.ladder.news_within, offered_to=None)


def news(alert: Alert, person: UUID, said: News, note: str, now: datetime) -> Step:
    """The owner's news restarts their clock; anyone else's is a note for those told."""
    _may_act(alert, person)
    after = _clock_restarted(alert, now) if alert.owner_id == person else alert
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
    """End it: what was found and how it is known. SOS needs a second person to agree to the same finding.

    Raises Refused: `never_your_own`, `resolved_already`, `note_wanted`, `second_person_wanted`.
    """
    _may_act(alert, resolution.by)
    if resolution.known_by == "other" and not resolution.note.strip():
        raise Refused("note_wanted")
    if alert.danger:
        first = alert.resolution
        if first is None or first.by == resolution.by or first.found != resolution.found:
            return _first_of_two(alert, resolution, now)
        resolution = replace(first, note="; ".join(filter(None, (first.note, resolution.note))))
    done = replace(
        quiet(alert),
        state=State.RESOLVED,
        resolution=resolution,
        resolved_at=now,
        owner_id=alert.owner_id or resolution.by,
        taken_at=alert.taken_at or now,
    )
    return done, (ResolvedNow(alert.id), TellTold(alert.id, "resolved", resolution.by, resolution.note))


def _first_of_two(alert: Alert, resolution: Resolution, now: datetime) -> Step:
    owned = alert if alert.owner_id is not None else _owned_by(alert, resolution.by, now, None)
    waiting = replace(owned, resolution=resolution)
    return waiting, (AskSecond(alert.id, resolution.by),)


def late_word(alert: Alert, word: str, said_at: datetime, now: datetime) -> Step:
    """Told to everyone alarmed; holds the climb only while an owner has it, and never an SOS. Never takes or closes."""
    if not alert.open:
        return alert, ()
    told = (TellTold(alert.id, f"late_{word}", None, "", said_at),)
    if alert.state is State.TAKEN and not alert.danger:
        assert alert.next_at is not None
        held = max(alert.next_at, now + alert.ladder.news_within)
        return replace(alert, doing=Doing.NEWS, next_at=held, offered_to=None), told
    return alert, told


def repeated(alert: Alert, kind: Kind, now: datetime, present: Present) -> Step:
    """A second miss or cry: its owner hears; without an owner a cry climbs, and an SOS unconfirmed in a minute too."""
    if alert.owner_id is None:
        return climb(alert, now, now, present) if kind in _CRIES else (alert, ())
    told = TellOwner(alert.id, f"again_{kind}", alert.owner_id, now + alert.ladder.confirm)
    if kind not in _CRIES:
        return alert, (told,)
    assert alert.next_at is not None
    soon = min(alert.next_at, now + alert.ladder.confirm)
    return replace(alert, doing=Doing.CONFIRM, next_at=soon), (told,)


def owner_gone(alert: Alert, now: datetime) -> Step:
    """The owner left, was blocked or went off duty: the lapse starts now."""
    if alert.owner_id is None or not alert.open or alert.doing is Doing.REPLY:
        return alert, ()
    by_at = now + alert.ladder.reply
    return replace(alert, doing=Doing.REPLY, next_at=by_at), (
        TellOwner(alert.id, "news_wanted", alert.owner_id, by_at),
    )


def not_reached(alert: Alert, now: datetime) -> Alert:
    """Nobody of the last telling can be reached at all: the sweep climbs at once."""
    if alert.open and alert.state is State.OPEN:
        return replace(alert, reach_by=now)
    return alert


def _may_act(alert: Alert, person: UUID) -> None:
    if person == alert.worker_id:
        raise Refused("never_your_own")
    if not alert.open:
        raise Refused("resolved_already")
