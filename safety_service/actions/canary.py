"""The canary: now and then a visit of nobody's falls silent, so that it is known that an alarm still goes out.

All of it happens by the actions, the sweeps and the outbox of real visits; only who hears it is ours.
What is there in the database says what comes next, so that a canary whose process died is gone on with by another.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from safety_service.actions import alerts as handling
from safety_service.actions import planning, words
from safety_service.actions.actor import load_actor
from safety_service.actions.planning import PlanRequest
from safety_service.actions.telling import Priority
from safety_service.actions.words import Word
from safety_service.domain.canary import AGENCY, MANAGER, PATIENCE, WORKER, missed
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Found, KnownBy, Phase, State
from safety_service.store import alerts, stamps, visits
from safety_service.store import canary as rows
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.outbox import Outgoing
from safety_service.store.stamps import Stamp

log = logging.getLogger(__name__)

#: The stamps: since when there is one, how often, and what it takes; the last that was begun; the last that came
#: through; the last that was ended.
ON, BEGUN, CAME, ENDED = "canary_on", "canary_begun", "canary_came", "canary_ended"
#: Of the last time that somebody was told that canaries come through (`taken`: it was taken).
SAID = "canary_said"
DAILY, AGAIN = timedelta(days=1), timedelta(hours=1)
#: How often the first is written. When it was not for so long, nothing ran, and canaries are waited for anew.
NOTED, AWAY = timedelta(minutes=1), timedelta(minutes=5)
#: It says nothing for so long; then the grace of its policy runs.
INTERVAL = timedelta(minutes=1)
LONG = timedelta(minutes=30)
#: What is still going out after the end arrives before its rows are removed.
SETTLES = timedelta(minutes=1)
VIA = "canary"
FAMILY = "CANARY"


@dataclass(frozen=True, slots=True)
class Canary:
    """How it is. `came_at` None: none has come through yet. `late`: seconds by which the last one was."""

    missed: int
    every: timedelta
    came_at: datetime | None
    late: float | None


async def look(tx: Tx) -> Canary | None:
    """How the canary is; None: it is turned off."""
    on, came = await stamps.last(tx, ON), await stamps.last(tx, CAME)
    if on is None:
        return None
    last_at = datetime.fromisoformat(on.info["since"])
    every, takes = timedelta(seconds=on.info["every"]), timedelta(seconds=on.info["takes"])
    late = None
    if came is not None:
        last_at, late = max(last_at, came.at), float(came.info["late"])
    # After hours in which nothing ran none fell silent, also while its keeper has not looked yet.
    away = tx.now - on.at >= AWAY
    return Canary(0 if away else missed(tx.now, last_at, every, takes), every, None if came is None else came.at, late)


async def wanted(tx: Tx, every: timedelta | None) -> bool:
    """Whether `step` has something to do: most of the time it has not, and nobody who writes need wait for it."""
    on = await stamps.last(tx, ON)
    if every is None:
        return on is not None or bool(await rows.visits(tx))
    if on is None or tx.now - on.at >= NOTED or on.at > tx.now or on.info["every"] != every.total_seconds():
        return True
    return bool(await rows.visits(tx)) or await _is_time(tx, every)


async def _is_time(tx: Tx, every: timedelta) -> bool:
    begun = await stamps.last(tx, BEGUN)
    return begun is None or not timedelta() <= tx.now - begun.at < every


async def step(tx: Tx, every: timedelta | None) -> None:
    """What comes next: end the one that came through (or will not), remove it, begin another. None: no more of them."""
    if every is None:
        await _end(tx)
        await rows.remove(tx)
        await stamps.remove(tx, ON)
        return
    if not await rows.visits(tx):
        if await _is_time(tx, every):
            await _begin(tx, every)
    elif await _runs(tx):
        if await _is_over(tx):
            await _end(tx)
    elif await _settled(tx):
        await rows.remove(tx)


async def note(tx: Tx, every: timedelta, takes: float | None = None) -> None:
    """There is somebody who sends them out. Apart from `step`: one that cannot even be sent out has to be missed."""
    before = await stamps.last(tx, ON)
    since, known = tx.now.isoformat(), 0.0
    if before is not None and timedelta() <= tx.now - before.at < AWAY:
        since, known = before.info["since"], before.info["takes"]
    info = {"since": since, "every": every.total_seconds(), "takes": known if takes is None else takes}
    await stamps.stamp(tx, ON, info)


async def _begin(tx: Tx, every: timedelta) -> None:
    """Planned and begun as any other, by its own worker: and then it says nothing."""
    await rows.make(tx)
    worker = await load_actor(tx, WORKER, VIA)
    request = PlanRequest(family_ref=FAMILY, starts_at=tx.now, ends_at=tx.now + LONG, check_in_every=INTERVAL)
    planned = await planning.plan_visit(tx, worker, request)
    done = await words.begin(tx, worker, planned.id, Word())
    assert done.visit is not None
    alarm_at = done.visit.visit.watch(WORKER).alarm_at
    assert alarm_at is not None, "watched means armed"
    await stamps.stamp(tx, BEGUN, {"alarm_at": alarm_at.isoformat()})
    await note(tx, every, (alarm_at - tx.now).total_seconds())


async def heard(tx: Tx, alert_id: UUID, text: str) -> None:
    """The alarm arrived, and says which it is: it came through. Said again, it counts once."""
    row, begun, came = await alerts.load(tx, alert_id), await stamps.last(tx, BEGUN), await stamps.last(tx, CAME)
    if row is None or row.agency_id != AGENCY or begun is None:
        return
    if str(row.alert.number) not in text:
        log.critical("the canary's alarm arrived without its number")
        return
    if came is None or came.info["alert"] != str(alert_id):
        late = (tx.now - datetime.fromisoformat(begun.info["alarm_at"])).total_seconds()
        await stamps.stamp(tx, CAME, {"alert": str(alert_id), "late": late})


async def _runs(tx: Tx) -> bool:
    return bool(await visits.live_of_worker(tx, WORKER) or await rows.open_alerts(tx))


async def _is_over(tx: Tx) -> bool:
    """It came through; or it should have, long ago."""
    begun, came = await stamps.last(tx, BEGUN), await stamps.last(tx, CAME)
    if begun is None or (came is not None and came.at >= begun.at):
        return True
    return tx.now - _alarm_at(begun) >= PATIENCE


def _alarm_at(begun: Stamp) -> datetime:
    return datetime.fromisoformat(begun.info["alarm_at"])


async def _end(tx: Tx) -> None:
    """Out and home, and the alert is ended by its manager; whatever is left over of earlier ones, too."""
    if not await rows.visits(tx):
        return
    begun, came = await stamps.last(tx, BEGUN), await stamps.last(tx, CAME)
    if begun is not None and (came is None or came.at < begun.at) and tx.now >= _alarm_at(begun):
        log.critical("a canary visit fell silent, and no alarm of it arrived")
    worker = await load_actor(tx, WORKER, VIA)
    for row in await visits.live_of_worker(tx, WORKER, lock=True):
        phase = row.visit.watch(WORKER).phase
        if phase is Phase.BEGIN:
            await words.cancel(tx, worker, row.id, Word())
            continue
        if phase is Phase.INSIDE:
            await words.left(tx, worker, row.id, Word())
        await words.home(tx, worker, row.id, Word())
    for alert in await rows.open_alerts(tx):
        await _resolve(tx, alert)
    await stamps.stamp(tx, ENDED)


async def _resolve(tx: Tx, row: AlertRow) -> None:
    manager = await load_actor(tx, MANAGER, VIA)
    try:
        if row.alert.state is not State.TAKEN:
            await handling.take(tx, manager, row.id)
        await handling.resolve(tx, manager, row.id, Found.SAFE, KnownBy.OTHER, "the canary")
    except Refused as why:
        log.critical("the canary's alert could not be ended: %s", why.code)


async def _settled(tx: Tx) -> bool:
    ended = await stamps.last(tx, ENDED)
    return (ended is None or not timedelta() <= tx.now - ended.at < SETTLES) and not await rows.going_out(tx)


async def to_say(tx: Tx) -> Stamp | None:
    """The last one that came through, if today nobody was told yet that they do."""
    came, told = await stamps.last(tx, CAME), await stamps.last(tx, SAID)
    if came is None or tx.now - came.at > DAILY:
        return None
    if told is not None and timedelta() <= tx.now - told.at < (DAILY if told.info["taken"] else AGAIN):
        return None
    return came


async def said(tx: Tx, *, taken: bool) -> None:
    """Somebody was told, or could not be."""
    await stamps.stamp(tx, SAID, {"taken": taken})
    if not taken:
        log.critical("the canary's daily message was not taken")


def message(address: str, came: Stamp) -> Outgoing:
    """What is said to whoever operates the service, marked as a test. It is in no outbox: it is about nobody."""
    return Outgoing(
        id=new_id(),
        agency_id=AGENCY,
        person_id=MANAGER,
        channel_id=MANAGER,
        channel="telegram",
        address=address,
        priority=Priority.ROUTINE,
        template="canary.came",
        params={"at": came.at.isoformat(), "late": f"{float(came.info['late']):.1f}"},
        created_at=came.at,
    )
