"""The worker's words: begin, OK, extend, silence, out, home, cancel, ring me, SOS, a note."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from safety_service.actions import came, danger, from_there, matters, phrases, readiness, renewing
from safety_service.actions import scene as scenes
from safety_service.actions.access import may_say
from safety_service.actions.actor import Actor
from safety_service.actions.carrying import carry_out
from safety_service.actions.cases import happen, raise_without_visit
from safety_service.actions.errors import NotFound, Overheard
from safety_service.actions.places import Spot, distance_m
from safety_service.actions.spoken import Position, Receipt, Word
from safety_service.domain import events as ev
from safety_service.domain import own_word
from safety_service.domain.alert import Alert
from safety_service.domain.effects import AskToRing, RaiseAlert
from safety_service.domain.refusal import Refused
from safety_service.domain.watch import Watch, missed
from safety_service.domain.words import Kind, Outcome, Phase, Proof
from safety_service.store import alerts, events, said, unsent, visits, watched
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow

__all__ = ["OLDEST", "Position", "Receipt", "Word"]

#: A phone that was off for longer than this has nothing to say about a watch, and a clock may be wrong by any amount.
OLDEST = timedelta(days=7)


MakeEvent = Callable[[datetime], ev.Event]


async def begin(tx: Tx, actor: Actor, visit_id: UUID, word: Word) -> Receipt:
    """Going in. The visit that this worker is still inside ends, and so does the way home from the last."""
    said_at = _said_at(tx, word)
    for other in await visits.live_of_worker(tx, actor.person_id, lock=True):
        watch = other.visit.watch(actor.person_id)
        if other.id != visit_id and (_left_behind(watch) or watch.carries_home):
            await happen(tx, other, ev.BegunElsewhere(worker_id=actor.person_id, said_at=said_at))
    await renewing.at_the_door(tx, actor.person_id, visit_id)
    elsewhere = await watched.inside_elsewhere(tx, visit_id)

    def going_in(at: datetime) -> ev.Event:
        return ev.Begin(worker_id=actor.person_id, said_at=at, elsewhere=elsewhere)

    done = await _say(tx, actor, visit_id, word, "begin", going_in)
    if done.visit is not None and done.visit.visit.watch(actor.person_id).phase is Phase.INSIDE:
        await readiness.tell_gaps(tx, done.visit, "begun")
    return done


def _left_behind(watch: Watch) -> bool:
    return watch.phase in (Phase.INSIDE, Phase.HOME)


async def ok(tx: Tx, actor: Actor, visit_id: UUID, word: Word) -> Receipt:
    """All well."""
    return await _say(tx, actor, visit_id, word, "ok", lambda at: ev.Ok(worker_id=actor.person_id, said_at=at))


async def extend(tx: Tx, actor: Actor, visit_id: UUID, word: Word, by: timedelta) -> Receipt:
    """It takes longer, within the cap."""
    if by <= timedelta():
        raise Refused("extend_by_more_than_nothing")
    proof = await phrases.proof(tx, actor, word.phrase)
    tapped = not word.asked_first and await phrases.tapped(tx, actor, by)
    return await _say(
        tx,
        actor,
        visit_id,
        word,
        "extend",
        lambda at: ev.Extend(worker_id=actor.person_id, said_at=at, by=by, proof=proof, duress=tapped),
    )


async def silence(tx: Tx, actor: Actor, visit_id: UUID, word: Word, until: datetime) -> Receipt:
    """A planned silence, within the cap that it shares with extensions."""
    return await _say(
        tx,
        actor,
        visit_id,
        word,
        "silence",
        lambda at: ev.Silence(worker_id=actor.person_id, said_at=at, until=until),
    )


async def left(tx: Tx, actor: Actor, visit_id: UUID, word: Word, outcome: Outcome | None = None) -> Receipt:
    """Out. The next visit holds the watch where it starts soon; else the way home is watched."""
    following = await _following(tx, actor.person_id, visit_id)
    proof = await phrases.proof(tx, actor, word.phrase)

    def out(at: datetime) -> ev.Event:
        return ev.Out(
            worker_id=actor.person_id,
            said_at=at,
            outcome=outcome or Outcome.MET,
            next_starts_at=None if following is None else following.visit.watch(actor.person_id).due_at,
            proof=proof,
        )

    receipt = await _say(tx, actor, visit_id, word, "out", out)
    ended = receipt.visit is not None and not receipt.visit.visit.watch(actor.person_id).live
    if following is not None and ended:
        row = (await visits.opened(tx, [following.id], lock=True)).get(following.id)
        if row is not None:
            await happen(tx, row, ev.TookOver(worker_id=actor.person_id, said_at=receipt.said_at))
    return receipt


async def _following(tx: Tx, worker_id: UUID, visit_id: UUID) -> VisitRow | None:
    for each in await visits.live_of_worker(tx, worker_id, lock=True):
        if each.id != visit_id and each.visit.watch(worker_id).phase is Phase.BEGIN:
            return each
    return None


async def home(tx: Tx, actor: Actor, visit_id: UUID, word: Word) -> Receipt:
    """Home, or back at the office."""
    proof = await phrases.proof(tx, actor, word.phrase)
    return await _say(
        tx,
        actor,
        visit_id,
        word,
        "home",
        lambda at: ev.Home(worker_id=actor.person_id, said_at=at, proof=proof),
    )


async def cancel(tx: Tx, actor: Actor, visit_id: UUID, word: Word) -> Receipt:
    """Not going: only before begin."""
    return await _say(tx, actor, visit_id, word, "cancel", lambda at: ev.Cancel(worker_id=actor.person_id, said_at=at))


async def ring_me(tx: Tx, actor: Actor, visit_id: UUID | None, word: Word) -> Receipt:
    """Ring me with a reason to leave: the deadline stands; unanswered, it becomes an alert."""
    if visit_id is not None:
        return await _say(
            tx, actor, visit_id, word, "ring_me", lambda at: ev.RingMe(worker_id=actor.person_id, said_at=at)
        )
    scene = await scenes.of_worker(tx, actor.person_id)
    await carry_out(tx, scene, {}, [AskToRing(actor.person_id)])
    return await _kept(tx, actor, None, word, "ring_me")


async def sos(tx: Tx, actor: Actor, visit_id: UUID | None, word: Word) -> Receipt:
    """Send help: with the visit that is running, or without one."""
    row = await current(tx, actor) if visit_id is None else (await visits.opened(tx, [visit_id])).get(visit_id)
    about = visit_id or (None if row is None or not _left_behind(row.visit.watch(actor.person_id)) else row.id)
    # A visit that no key opens holds up no cry for help: it is one without a visit.
    if about is not None and not (row is not None and row.unread and actor.person_id in row.workers):
        return await _say(tx, actor, about, word, "sos", lambda at: ev.Sos(worker_id=actor.person_id, said_at=at))
    await alerts.lock_worker(tx, actor.person_id)
    receipt = await _kept(tx, actor, None, word, "sos")
    scene = await scenes.of_worker(tx, actor.person_id)
    await raise_without_visit(tx, scene, RaiseAlert(actor.person_id, Kind.SOS, receipt.said_at, receipt.said_at))
    if await _overheard(tx, actor, word):
        await danger.duress(tx, actor.person_id, None, receipt.said_at)
    return receipt


async def note(tx: Tx, actor: Actor, visit_id: UUID | None, word: Word) -> Receipt:
    """Something said that is no word of the watch: kept, but for an agreed word; the deadline stands."""
    row = None if visit_id is None else await _own(tx, actor, visit_id)
    # Of an agreed word, too: by the news of it nobody beside the worker tells it from another (P5).
    await (came.hear if word.note else from_there.show)(tx, actor.person_id, visit_id)
    if word.note and await phrases.heard(tx, actor, word.note) is not None:
        word = replace(word, note=None)
    return await _kept(tx, actor, row, word, "note")


async def battery(tx: Tx, actor: Actor, visit_id: UUID | None, word: Word) -> Receipt:
    """The phone may die soon: an alarm says so. Silence counts as before."""
    row = None if visit_id is None else await _own(tx, actor, visit_id)
    return await _kept(tx, actor, row, word, "battery")


async def current(tx: Tx, actor: Actor) -> VisitRow | None:
    """The visit that a bare word is about: the one inside, else the way home, else the next to begin."""
    rows = await visits.live_of_worker(tx, actor.person_id)
    order = {Phase.INSIDE: 0, Phase.HOME: 1, Phase.BEGIN: 2}
    rows.sort(key=lambda each: (order[each.visit.watch(actor.person_id).phase], each.visit.starts_at))
    return rows[0] if rows else None


async def _own(tx: Tx, actor: Actor, visit_id: UUID) -> VisitRow:
    # Where, and why, nobody needs to read to be heard: of a visit only the watch is written here.
    row = (await visits.opened(tx, [visit_id], lock=True)).get(visit_id)
    if row is None:
        raise NotFound
    may_say(actor, matters.own(row))
    return row


async def _say(tx: Tx, actor: Actor, visit_id: UUID, word: Word, kind: str, make: MakeEvent) -> Receipt:
    row = await _own(tx, actor, visit_id)
    said_at = _said_at(tx, word)
    before = row.visit.watch(actor.person_id)
    open_alerts = await alerts.open_of_visits(tx, [row.id], lock=True)
    # The word's position and note are kept first: an alarm that this very word raises must show them.
    receipt = await _kept(tx, actor, row, word, kind)
    event = make(said_at)
    back = own_word.kept_back(row.visit.risk, before, event, await tx.policy())
    if kind not in ("ring_me", "sos") and not back:
        await unsent.drop_questions(tx, row.id, actor.person_id)
    # Words that prove nothing of themselves may bring the duress word along (a program's `phrase`).
    overheard = kind not in _PROVEN and await _overheard(tx, actor, word)
    try:
        after = await happen(tx, row, event, alerts_open=open_alerts)
    except Refused as why:
        raise Overheard(why, row.id, actor.person_id) if overheard else why from None
    if overheard:
        await danger.duress(tx, actor.person_id, row.id, said_at)
    if back:
        await _log(tx, actor, row, "kept_back", said_at)
    watch = after.visit.watch(actor.person_id)
    # The number of the question grew either way; once the wrong words are forgotten, it was the second.
    asked = back and (watch.wrong_words > 0 or before.wrong_words == 0)
    # A begin some minutes after its planned start is nothing unusual: only an alert makes it late.
    late = before.phase is not Phase.BEGIN and before.due_at is not None and said_at > before.due_at
    late = late or _waiting(before, [each.alert for each in open_alerts if each.alert.worker_id == actor.person_id])
    return replace(receipt, visit=after, due_at=watch.due_at, late=late, own_word_wanted=asked, kept_back=back)


_PROVEN = ("extend", "out", "home")


async def _overheard(tx: Tx, actor: Actor, word: Word) -> bool:
    return word.phrase is not None and await phrases.heard(tx, actor, word.phrase) is Proof.DURESS


def _waiting(before: Watch, alerts_open: Sequence[Alert]) -> bool:
    """Whether an alarm waits for this word. Duress says nothing of itself (P5), but took in a silence if one was."""
    hidden = [each for each in alerts_open if each.kind is Kind.DURESS]
    return len(hidden) < len(alerts_open) or (bool(hidden) and missed(before))


async def _kept(tx: Tx, actor: Actor, row: VisitRow | None, word: Word, kind: str) -> Receipt:
    said_at = _said_at(tx, word)
    away = None if row is None or word.position is None else _distance(row, word.position)
    position = None
    if word.position is not None:
        position = {
            "latitude": word.position.latitude,
            "longitude": word.position.longitude,
            "accuracy_m": word.position.accuracy_m,
            "distance_m": away,
        }
    await said.add(
        tx,
        said.Said(
            worker_id=actor.person_id,
            visit_id=None if row is None else row.id,
            kind=kind,
            said_at=said_at,
            via=actor.via,
            note=word.note,
            position=position,
        ),
    )
    await _log(tx, actor, row, kind, said_at)
    return Receipt(visit=row, what=kind, said_at=said_at, distance_m=away)


async def _log(tx: Tx, actor: Actor, row: VisitRow | None, verb: str, said_at: datetime) -> None:
    await events.log(
        tx,
        agency_id=actor.agency_id,
        actor_id=actor.person_id,
        verb=verb,
        subject="visit" if row is not None else "worker",
        subject_id=actor.person_id if row is None else row.id,
        visit_id=None if row is None else row.id,
        details={"said_at": said_at.isoformat(), "via": actor.via},
    )


def _distance(row: VisitRow, position: Position) -> int | None:
    latitude, longitude = row.address.get("latitude"), row.address.get("longitude")
    if latitude is None or longitude is None:
        return None
    return distance_m(Spot(latitude, longitude), position)


def _said_at(tx: Tx, word: Word) -> datetime:
    """A word counts from when it was said: never from the future, and not from before anybody could have meant it."""
    return tx.now if word.said_at is None else max(min(word.said_at, tx.now), tx.now - OLDEST)
