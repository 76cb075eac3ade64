"""What people do about alerts: take, news, escalate, pass on, resolve. Never about their own."""

from dataclasses import replace
from uuid import UUID

from safety_service.actions import matters, topics
from safety_service.actions import scene as scenes
from safety_service.actions.access import may_handle
from safety_service.actions.actor import Actor
from safety_service.actions.carrying import carry_out
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep_of_alert
from safety_service.actions.scene import Scene
from safety_service.domain import case, handling
from safety_service.domain.alert import Resolution, Step
from safety_service.domain.alert_effects import TellTold
from safety_service.domain.case import Case, World
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Found, Kind, KnownBy, News
from safety_service.store import alerts, people, rota, visits
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.store.ids import new_id


async def take(tx: Tx, actor: Actor, alert_id: UUID, *, take_over: bool = False) -> AlertRow:
    """I have it: the first yes wins; taking over says so. An offer is accepted by taking it.

    Raises NotFound; Refused `taken_already` with the owner's name, `never_your_own`, `resolved_already`.
    """
    row, scene = await _ready(tx, actor, alert_id)
    accepted = row.alert.offered_to == actor.person_id
    until = await rota.on_until(tx, actor.person_id, tx.now)
    try:
        step = handling.take(row.alert, actor.person_id, tx.now, take_over=take_over or accepted, on_until=until)
    except Refused as refused:
        raise await _named(tx, refused) from None
    return await _done(tx, actor, row, scene, step, "took")


async def _named(tx: Tx, refused: Refused) -> Refused:
    owner_id = refused.facts.get("owner_id")
    if not isinstance(owner_id, UUID):
        return refused
    owner = await people.get_even_unread(tx, owner_id)
    return Refused(refused.code, owner=owner.name, owner_id=owner_id)


async def news(tx: Tx, actor: Actor, alert_id: UUID, said: News, note: str = "") -> AlertRow:
    """The owner's news restarts their clock; anyone else's is a note."""
    row, scene = await _ready(tx, actor, alert_id)
    step = handling.news(row.alert, actor.person_id, said, note, tx.now)
    return await _done(tx, actor, row, scene, step, f"news_{said}", note=note)


async def note(tx: Tx, actor: Actor, alert_id: UUID, text: str) -> AlertRow:
    """A note on the alert: everyone told reads it."""
    row, scene = await _ready(tx, actor, alert_id)
    step: Step = (row.alert, (TellTold(row.id, "news_note", actor.person_id, text),))
    return await _done(tx, actor, row, scene, step, "noted", note=text)


async def escalate(tx: Tx, actor: Actor, alert_id: UUID, step: int | None = None) -> AlertRow:
    """Wake the next rung now; a button of an older step changes nothing."""
    row, scene = await _ready(tx, actor, alert_id)
    climbed = handling.escalate(row.alert, actor.person_id, step, tx.now, scene.present)
    return await _done(tx, actor, row, scene, climbed, "escalated")


async def pass_on(tx: Tx, actor: Actor, alert_id: UUID, to: UUID) -> AlertRow:
    """Offer it to a named person; it stays with the giver until they accept."""
    row, scene = await _ready(tx, actor, alert_id)
    receiver = (await people.many(tx, [to])).get(to)
    if receiver is None or not receiver.active or receiver.agency_id != row.agency_id or to in scene.workers:
        raise Refused("not_to_them")
    matter = await matters.of_alert(tx, row, scene)
    if to in matter.excluded or to in matter.workers:
        raise Refused("not_to_them")
    step = handling.pass_on(row.alert, actor.person_id, to, tx.now)
    return await _done(tx, actor, row, scene, step, "passed_on", to=str(to))


async def resolve(tx: Tx, actor: Actor, alert_id: UUID, found: Found, known_by: KnownBy, note: str = "") -> AlertRow:
    """End it with what was found and how it is known; the watch is re-armed or ended in this transaction (P1).

    For an SOS the first resolution waits for a second person: the alert is then still `taken`.
    """
    row, scene = await _ready(tx, actor, alert_id)
    first = row.alert.resolution
    resolution = Resolution(found=found, known_by=known_by, note=note.strip(), by=actor.person_id)
    step = handling.resolve(row.alert, resolution, tx.now)
    after, _ = step
    agreed = actor.person_id if first is not None and not after.open else None
    verb = "waits_for_second" if after.open else "resolved"
    saved = await _done(tx, actor, row, scene, step, verb, agreed_by=agreed, found=found, known_by=known_by, note=note)
    if not after.open:
        await _rearm(tx, scene, saved)
    return saved


async def _rearm(tx: Tx, scene: Scene, row: AlertRow) -> None:
    if scene.row is None:
        return
    others = await alerts.open_of_visits(tx, [scene.row.id], lock=True)
    world = World(tx.now, await tx.policy(), scene.present, new_id)
    before = Case(scene.row.visit, tuple(each.alert for each in others))
    after, effects = case.resolved(before, row.alert, world)
    await visits.save(tx, scene.row.visit, after.visit)
    changed = replace(scene, row=replace(scene.row, visit=after.visit))
    await carry_out(tx, changed, {each.id: each for each in others}, effects)
    tx.announce(f"board:{scene.row.team_id}")


async def _ready(tx: Tx, actor: Actor, alert_id: UUID) -> tuple[AlertRow, Scene]:
    """The alert and its visit, locked in that order which words and sweeps use: the visit first."""
    plain = await alerts.load(tx, alert_id)
    if plain is None:
        raise NotFound
    scene = await scene_of(tx, plain, lock=True)
    row = await alerts.load(tx, alert_id, lock=True)
    if row is None:
        raise NotFound
    may_handle(actor, await matters.of_alert(tx, row, scene))
    return row, scene


async def scene_of(tx: Tx, row: AlertRow, *, lock: bool = False) -> Scene:
    """Where an alert belongs, also of a visit that no key opens: it climbs, is shown, taken and closed all the same.

    Of duress nobody stands on a rung who is beside the worker now.
    """
    duress_of = row.alert.worker_id if row.alert.kind is Kind.DURESS and row.alert.open else None
    if row.alert.visit_id is not None:
        visit = (await visits.opened(tx, [row.alert.visit_id], lock=lock)).get(row.alert.visit_id)
        if visit is not None:
            return await scenes.of_visit(tx, visit, duress_of=duress_of)
    if row.alert.worker_id is not None:
        return await scenes.of_worker(tx, row.alert.worker_id, duress_of=duress_of)
    return await scenes.of_agency(tx, row.agency_id)


async def _done(
    tx: Tx,
    actor: Actor,
    row: AlertRow,
    scene: Scene,
    step: Step,
    verb: str,
    *,
    agreed_by: UUID | None = None,
    **details: object,
) -> AlertRow:
    after, effects = step
    saved = await alerts.save(tx, row, after, agreed_by=agreed_by)
    await keep_of_alert(tx, actor, row, verb, **details)
    await carry_out(tx, scene, {saved.id: saved}, effects)
    tx.announce(topics.of_alert(saved.id))
    if scene.team_id is not None:
        tx.announce(f"board:{scene.team_id}")
    return saved
