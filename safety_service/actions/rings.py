"""Answering a worker who asked to be rung."""

from typing import Literal
from uuid import UUID

from safety_service.actions import matters
from safety_service.actions import scene as scenes
from safety_service.actions.access import may_handle
from safety_service.actions.actor import Actor
from safety_service.actions.cases import raise_on_visit, raise_without_visit
from safety_service.actions.errors import NotFound
from safety_service.actions.scene import Scene
from safety_service.domain.effects import RaiseAlert
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Kind
from safety_service.store import events, rings, visits
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.store.rings import Ring

Answer = Literal["spoke", "raise", "no_answer"]


async def answer(tx: Tx, actor: Actor, ring_id: UUID, said: Answer) -> AlertRow | None:
    """Spoke, fine: closed by a human being's word. Anything else is an alert now. Raises NotFound, Refused."""
    ring = await rings.load(tx, ring_id)
    if ring is None:
        raise NotFound
    scene = await scene_of(tx, ring)
    ring = await rings.load(tx, ring_id, lock=True)
    if ring is None:
        raise NotFound
    may_handle(actor, await matters.of_scene(tx, scene))
    if ring.state != "open":
        raise Refused("ring_answered_already")
    await events.log(
        tx,
        agency_id=ring.agency_id,
        actor_id=actor.person_id,
        verb=f"ring_{said}",
        subject="ring",
        subject_id=ring.id,
        visit_id=ring.visit_id,
    )
    if said == "spoke":
        await rings.close(tx, ring.id, "answered", actor.person_id)
        return None
    return await raise_ring(tx, ring, scene, by=actor.person_id)


async def raise_ring(tx: Tx, ring: Ring, scene: Scene, *, by: UUID | None) -> AlertRow:
    """Nobody could ring, or a human being says that it is an alarm."""
    await rings.close(tx, ring.id, "raised", by)
    base = ring.next_at if by is None and ring.next_at is not None else tx.now
    wanted = RaiseAlert(ring.worker_id, Kind.RING_ME, ring.asked_at, base)
    return await (raise_without_visit if scene.row is None else raise_on_visit)(tx, scene, wanted)


async def scene_of(tx: Tx, ring: Ring) -> Scene:
    """Where the request belongs."""
    row = None if ring.visit_id is None else (await visits.opened(tx, [ring.visit_id], lock=True)).get(ring.visit_id)
    return await scenes.of_worker(tx, ring.worker_id) if row is None else await scenes.of_visit(tx, row)
