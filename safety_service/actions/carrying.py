"""Turning effects into rows: messages, requests, debriefs. One function for each kind of effect."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from safety_service.actions import alert_news, debrief_asking, phrases
from safety_service.actions.alarm import code_phrase
from safety_service.actions.scene import Scene, managers_now
from safety_service.actions.telling import Priority, iso, tell
from safety_service.domain import effects as fx
from safety_service.domain.alert_effects import AlertEffect
from safety_service.domain.effects import VisitEffect
from safety_service.domain.plan import in_known_words
from safety_service.domain.words import Decided, Phase
from safety_service.store import events, measures, people, rings
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow

Alerts = Mapping[UUID, AlertRow]


async def carry_out(tx: Tx, scene: Scene, alerts: Alerts, wanted: Iterable[VisitEffect | AlertEffect]) -> None:
    """Put every effect into rows of this transaction."""
    for effect in wanted:
        if isinstance(effect, AlertEffect):
            await alert_news.carry_out(tx, scene, alerts, effect)
        else:
            await _VISIT[type(effect)](tx, scene, effect)


def _row(scene: Scene) -> VisitRow:
    if scene.row is None:
        raise ValueError("this effect belongs to a visit")
    return scene.row


async def _ask(tx: Tx, scene: Scene, effect: fx.Ask) -> None:
    row = _row(scene)
    watch = row.visit.watch(effect.worker_id)
    words = (await tx.policy()).words
    # The way home is made longer by more than a visit is, in one tap.
    longer = words.travel if watch.phase is Phase.HOME else words.extend
    params = {
        "visit_id": str(row.id),
        "ref": row.family_ref,
        "time": iso(effect.due_at),
        "starts_at": iso(row.visit.starts_at),
        "ends_at": iso(watch.ends_at or row.visit.ends_at),
        "minutes": round((row.visit.ends_at - row.visit.starts_at).total_seconds() / 60),
        "extend_minutes": round(longer.total_seconds() / 60, 2),
        "short_minutes": round(words.extend_short.total_seconds() / 60, 2),
        "ask": effect.ask,
        "again": effect.again,
        "risk": row.visit.risk,
        "phase": watch.phase,
    }
    if effect.question is fx.Question.OWN_WORD:
        params |= await _own_word(tx, row, effect)
    await tell(
        tx,
        [effect.worker_id],
        f"ask.{effect.question}",
        params,
        priority=Priority.QUESTION,
        visit_id=row.id,
        expires_at=watch.alarm_at,
        due_at=effect.due_at,
        dedupe=f"ask:{row.id}:{effect.worker_id}:{effect.ask}:{effect.question}{':again' if effect.again else ''}",
    )


async def _own_word(tx: Tx, row: VisitRow, effect: fx.Ask) -> dict[str, Any]:
    """The four words in this question's own order, and the word that waits for one of them."""
    four = await phrases.row_of(tx, effect.worker_id, row.id, effect.ask)
    by = None if effect.by is None else effect.by.total_seconds()
    return {"four": four, "held": effect.held, "held_s": by}


async def _ask_to_ring(tx: Tx, scene: Scene, effect: fx.AskToRing) -> None:
    """Ask the first rung on which somebody stands; nobody there: it is an alarm at once."""
    policy = await tx.policy()
    rung = next((scene.present[post] for post in _RING_POSTS if scene.present.get(post)), frozenset())
    wait = policy.words.ring_me if rung else policy.words.ring_me * 0
    request = await rings.open_of(tx, effect.worker_id)
    if request is None:
        request = await rings.ask(tx, scene.agency_id, effect.worker_id, scene.visit_id, tx.now, tx.now + wait)
    worker = await people.get_even_unread(tx, effect.worker_id)
    params = {
        "ring_id": str(request.id),
        "worker": worker.name,
        "worker_phone": worker.phone,
        "asked_at": iso(request.asked_at),
        "by_at": iso(request.next_at),
        "code_phrase": await code_phrase(tx, scene, worker),
    }
    about, visit_id = effect.worker_id, scene.visit_id
    await tell(tx, rung, "ring.wanted", params, priority=Priority.ALARM, visit_id=visit_id, about=about)
    tx.announce("sweep")


_RING_POSTS = ("manager_on_duty", "deputy_on_duty", "everyone")


async def _tell_managers(tx: Tx, scene: Scene, effect: fx.TellManagers) -> None:
    row = _row(scene)
    worker = await people.get_even_unread(tx, effect.worker_id)
    params = {
        "visit_id": str(row.id),
        "ref": row.family_ref,
        "worker": worker.name,
        "risk": row.visit.risk,
        "at": iso(tx.now),
        "until": iso(row.visit.watch(effect.worker_id).silent_until),
        "lacking": row.lacking,
    }
    managers = await managers_now(tx, scene)
    await tell(tx, managers, f"manager.{effect.what}", params, priority=Priority.NEWS, visit_id=row.id)


async def _ask_debrief(tx: Tx, scene: Scene, effect: fx.AskDebrief) -> None:
    await debrief_asking.start(tx, scene.agency_id, _row(scene).id, effect.worker_id)


async def _decision_wanted(tx: Tx, scene: Scene, _effect: fx.DecisionWanted) -> None:
    row = _row(scene)
    names = await people.many(tx, row.workers)
    params = {
        "visit_id": str(row.id),
        "ref": row.family_ref,
        "worker": ", ".join(sorted(each.name for each in names.values())),
        "risk": row.visit.risk,
        "because": [each["says"] for each in row.because],
        "starts_at": iso(row.visit.starts_at),
        "lacking": row.lacking,
    }
    managers = await managers_now(tx, scene)
    await tell(tx, managers, "decision.wanted", params, priority=Priority.NEWS, visit_id=row.id)


async def _decision_told(tx: Tx, scene: Scene, _effect: fx.DecisionTold) -> None:
    row = _row(scene)
    made = row.decision
    if made is None:
        raise ValueError("a decision is told once it is kept")
    by = await people.get(tx, made.by)
    params = {
        "visit_id": str(row.id),
        "ref": row.family_ref,
        "kind": made.kind,
        "reason": made.reason,
        "by": by.name,
        "starts_at": iso(row.visit.starts_at),
        "measures": await _with_measures(tx, row, made.kind),
    }
    await tell(tx, row.workers, "decision.told", params, priority=Priority.NEWS, visit_id=row.id)


async def _with_measures(tx: Tx, row: VisitRow, kind: Decided) -> list[str]:
    """What holds at the family, where the decision is to go with it; somebody's own words stand in the briefing."""
    if kind is not Decided.GO_AHEAD_WITH_MEASURES:
        return []
    guidance = (await tx.guidance(row.agency_id)).guidance
    return [each.says for each in await measures.in_force(tx, row.family_id) if in_known_words(each, guidance)]


async def _entered(tx: Tx, scene: Scene, effect: fx.Entered) -> None:
    row = _row(scene)
    await events.log(
        tx,
        agency_id=scene.agency_id,
        actor_id=effect.worker_id,
        verb="entered",
        subject="visit",
        subject_id=row.id,
        visit_id=row.id,
    )


_VISIT: dict[type, Callable[[Tx, Scene, Any], Awaitable[None]]] = {
    fx.Ask: _ask,
    fx.AskToRing: _ask_to_ring,
    fx.TellManagers: _tell_managers,
    fx.AskDebrief: _ask_debrief,
    fx.DecisionWanted: _decision_wanted,
    fx.DecisionTold: _decision_told,
    fx.Entered: _entered,
}
