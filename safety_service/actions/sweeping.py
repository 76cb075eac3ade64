"""What the clock does: due watches, due alerts, unanswered requests to be rung. A savepoint each (P2)."""

import logging
import math
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from safety_service.actions import scene as scenes
from safety_service.actions.alerts import scene_of
from safety_service.actions.carrying import carry_out
from safety_service.actions.cases import happen, raise_on_visit, raise_without_visit
from safety_service.actions.passing_many import Due, note_reached, pass_many
from safety_service.actions.rings import raise_ring
from safety_service.actions.rings import scene_of as scene_of_ring
from safety_service.actions.scene import Scene
from safety_service.domain import events as ev
from safety_service.domain.climb import deadline
from safety_service.domain.effects import RaiseAlert
from safety_service.domain.words import Kind
from safety_service.store import agencies, alerts, claiming, glance, in_hand, outbox, rings, visits
from safety_service.store.database import Tx
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.store.rings import Ring
from safety_service.store.visits import VisitRow

log = logging.getLogger(__name__)

#: What could not be worked on is tried again after this long; until then an `unwatched` alert says so.
TRY_AGAIN_AFTER = timedelta(seconds=60)
#: What somebody has in hand just now is not waited for, and looked at again after this long.
IN_HAND = timedelta(seconds=1)


class _Span:
    """How long one transaction goes on: whoever cries for help may be waiting for something that it holds."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self.done = 0
        #: What is to be passed one by one.
        self.left: list[Due] = []

    @property
    def over(self) -> bool:
        """Whether the rest is left to the next one."""
        return time.monotonic() >= self._ends


async def due_now(tx: Tx) -> glance.Due:
    """Which of the sweeps (`watches`, `alerts`, `rings`, `debriefs`) have something to do, and when the next has."""
    return await glance.due(tx)


async def sweep_watches(tx: Tx, limit: int, *, lasts: float = math.inf) -> int:
    """Pass at most `limit` due moments of watches, alarms first. One that fails raises `unwatched`, and stops no other.

    1. Claim the due watches; what another sweep holds is skipped, and so are the alarms of an agency that somebody
       has in hand.
    2. All together, as far as that goes.
    3. Whatever is left each in a savepoint: the rules, the rows, the messages. What somebody has in hand comes later.
    4. What fails is rolled back alone, put off, and told as unwatched in this same transaction.

    After `lasts` seconds what is done is kept, and the rest stays due. At least one is done.
    """
    span = _Span(lasts)
    await _together(tx, await claiming.due(tx, limit), span)
    if span.left:
        await _one_by_one(tx, await _free(tx, span), span)
    return span.done


async def _together(tx: Tx, due: list[Due], span: _Span) -> None:
    """Pass them at once; where that fails, each half of them. Some may be left to be passed one by one."""
    if not due or (span.over and (span.done or span.left)):
        return
    left: list[Due] = []

    async def work() -> None:
        left.extend(await pass_many(tx, due, happen))

    half = len(due) // 2
    if await _alone(tx, work, f"batch of {len(due)} watches"):
        span.left += left
        span.done += len(due) - len(left)
    elif not half:
        span.left += due
    else:
        await _together(tx, due[:half], span)
        await _together(tx, due[half:], span)


async def _free(tx: Tx, span: _Span) -> list[Due]:
    """Those with no alert that somebody else has in hand. The others are put off for a moment.

    A process that is suspended in the middle of "I have it" keeps its alert locked for ten seconds. Waited for, it
    would keep everybody else from being watched.
    """
    held = await in_hand.held(tx, {visit_id for visit_id, _ in span.left})
    for visit_id, worker_id in span.left:
        if visit_id in held:
            await visits.put_off(tx, visit_id, worker_id, tx.now + IN_HAND)
            span.done += 1
    return [each for each in span.left if each[0] not in held]


async def _one_by_one(tx: Tx, due: list[Due], span: _Span) -> None:
    rows: dict[UUID, VisitRow] = {}

    async def load() -> None:
        rows.update(await visits.load_many(tx, {visit_id for visit_id, _ in due}))

    await _alone(tx, load, "batch of visits")
    for at, (visit_id, worker_id) in enumerate(due):
        if at and span.over:
            break
        span.done += 1

        async def work(visit_id: UUID = visit_id, worker_id: UUID = worker_id) -> None:
            if visit_id not in rows:
                # One row that no key opens fails the whole batch; each alone fails only itself.
                rows.update(await visits.load_many(tx, [visit_id]))
            rows[visit_id] = await happen(tx, rows[visit_id], ev.DeadlinePassed(worker_id=worker_id))

        if not await _alone(tx, work, "watch"):
            again = await _unwatched(tx, rows.get(visit_id), worker_id)
            await visits.put_off(tx, visit_id, worker_id, tx.now + again)


async def sweep_alerts(tx: Tx, limit: int, *, lasts: float = math.inf) -> int:
    """Climb, ask for news, lapse: at most `limit` alerts whose moment has come; as `sweep_watches` for a while."""
    span = _Span(lasts)
    due = await alerts.claim_due(tx, limit)
    told: set[UUID] = set()

    async def together() -> None:
        told.update(await note_reached(tx, due))

    if len(due) > 1 and not await _alone(tx, together, f"batch of {len(due)} alerts"):
        told.clear()
    span.done = len(told)
    for at, alert_id in enumerate(each for each in due if each not in told):
        if at and span.over:
            break
        span.done += 1

        async def work(alert_id: UUID = alert_id) -> None:
            await _pass_alert(tx, alert_id)

        if not await _alone(tx, work, "alert"):
            await alerts.put_off(tx, alert_id, tx.now + await _told_that_it_stands(tx, alert_id))
    return span.done


async def _told_that_it_stands(tx: Tx, alert_id: UUID) -> timedelta:
    again = TRY_AGAIN_AFTER

    async def work() -> None:
        nonlocal again
        row = await alerts.load(tx, alert_id)
        if row is not None and row.alert.worker_id is not None and row.alert.kind is not Kind.UNWATCHED:
            again = await _unwatched(tx, await _visit(tx, row.alert.visit_id), row.alert.worker_id)

    await _alone(tx, work, "alert to be told of")
    return again


async def _visit(tx: Tx, visit_id: UUID | None) -> VisitRow | None:
    """The visit; None, too, when it cannot be read: then its worker is told of without it."""
    found: list[VisitRow | None] = []

    async def load() -> None:
        found.append(None if visit_id is None else await visits.load(tx, visit_id))

    await _alone(tx, load, "visit to be told of")
    return found[0] if found else None


async def _pass_alert(tx: Tx, alert_id: UUID) -> None:
    row = await alerts.load(tx, alert_id)
    if row is None:
        return
    scene = await scene_of(tx, row)
    reached = await outbox.reached(tx, row.id, row.alert.step)
    after, effects = deadline(row.alert, tx.now, scene.present, reached=reached)
    saved = await alerts.save(tx, row, after)
    await carry_out(tx, scene, {saved.id: saved}, effects)
    if scene.team_id is not None and effects:
        tx.announce(f"board:{scene.team_id}")


async def sweep_rings(tx: Tx, limit: int, *, lasts: float = math.inf) -> int:
    """Requests to be rung that nobody answered become alerts; as `sweep_watches` for a while."""
    span = _Span(lasts)
    due = await rings.due(tx, limit)
    mine = await _within_reach(tx, due)
    for ring in (each for each in due if each.id in mine):
        if span.done and span.over:
            break
        span.done += 1

        async def work(ring: Ring = ring) -> None:
            await raise_ring(tx, ring, await scene_of_ring(tx, ring), by=None)

        if not await _alone(tx, work, "ring"):
            again = await _unwatched(tx, await _visit(tx, ring.visit_id), ring.worker_id)
            await rings.put_off(tx, ring.id, tx.now + again)
    for ring in (each for each in due if each.id not in mine):
        await rings.put_off(tx, ring.id, tx.now + IN_HAND)
        span.done += 1
    return span.done


async def _within_reach(tx: Tx, due: list[Ring]) -> frozenset[UUID]:
    """Of these requests those whose visit, alerts and agency nobody has in hand. They are held from here on.

    An agency is held last, and nothing is waited for after that: every SOS there waits for its number meanwhile.
    """
    near = await _not_in_hand(tx, due)
    free = await agencies.lock_free(tx, {each.agency_id for each in near})
    # Somebody may have taken in hand what was opened just before the agency was held; nothing is opened after.
    return frozenset(each.id for each in await _not_in_hand(tx, [each for each in near if each.agency_id in free]))


async def _not_in_hand(tx: Tx, asked: list[Ring]) -> list[Ring]:
    taken = await in_hand.taken(tx, {each.visit_id for each in asked if each.visit_id is not None})
    held = await in_hand.held_of(tx, {each.worker_id for each in asked if each.visit_id is None})
    return [
        each
        for each in asked
        if each.visit_id not in taken and (each.visit_id is not None or each.worker_id not in held)
    ]


async def _alone(tx: Tx, work: Callable[[], Awaitable[None]], what: str) -> bool:
    """Do one piece in its own savepoint. False: it failed, alone, and loudly."""
    try:
        async with tx.savepoint():
            await work()
    except (DatabaseAway, TryAgain):
        raise
    except Exception:
        # Whatever is wrong with this one must not keep the others from being watched (P2).
        log.exception("one due %s could not be worked on", what)
        return False
    return True


async def _unwatched(tx: Tx, row: VisitRow | None, worker_id: UUID) -> timedelta:
    """Tell of a worker who cannot be watched. Gives after how long it is tried again.

    Soon, and nothing is told yet, where somebody has in hand what that takes: others wait for what this sweep holds.
    """
    again = TRY_AGAIN_AFTER

    async def work() -> None:
        nonlocal again
        wanted = RaiseAlert(worker_id, Kind.UNWATCHED, tx.now, tx.now)
        scene: Scene = await (scenes.of_worker(tx, worker_id) if row is None else scenes.of_visit(tx, row))
        held = await (in_hand.held_of(tx, {worker_id}) if row is None else in_hand.held(tx, {row.id}))
        if held or not await agencies.lock_free(tx, {scene.agency_id}):
            again = IN_HAND
        else:
            await (raise_without_visit if row is None else raise_on_visit)(tx, scene, wanted)

    if not await _alone(tx, work, "unwatched alert"):
        log.critical("a worker is not being watched and no alert could be raised")
    return again
