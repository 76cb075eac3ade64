"""The message to act from: what an alarm says, line by line (practice.md, "The alarm, line by line")."""

import logging
from collections.abc import Awaitable, Mapping
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from safety_service.actions import from_there
from safety_service.actions.scene import Scene
from safety_service.actions.telling import HUSHED, iso
from safety_service.domain.risk import NOT_MET
from safety_service.domain.watch import Watch
from safety_service.domain.words import Kind, Phase
from safety_service.store import agencies, alerts, hushed, kept_files, people, phrases, said
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.store.errors import KeysDoNotOpen
from safety_service.store.people import Person

log = logging.getLogger(__name__)

Result = TypeVar("Result")

#: A battery that was low longer ago than this says nothing of now.
BATTERY_COUNTS = timedelta(hours=12)
#: Nobody goes in so long before the planned start.
BEGIN_COUNTS = timedelta(days=1)


async def alarm_params(tx: Tx, row: AlertRow, scene: Scene, reader_id: UUID | None = None) -> dict[str, Any]:
    """Everything that the alarm's template may say; what is not known is None.

    `reader_id`: who reads it. What is told to several says to each by itself what only some may know (`tell`).
    """
    alert = row.alert
    params: dict[str, Any] = {
        "alert_id": str(alert.id),
        "number": alert.number,
        "kind": alert.kind,
        "state": alert.state,
        "risk": scene.risk,
        "opened_at": iso(alert.opened_at),
        "due_at": iso(alert.due_at),
        "visit_id": None if alert.visit_id is None else str(alert.visit_id),
        "step": alert.step,
        "rung": alert.rung,
        "office_phone": (await agencies.get(tx, row.agency_id)).office_phone,
        **_visit_lines(scene, alert.worker_id),
        **await _worker_lines(tx, scene, alert.worker_id),
        **await _ladder_lines(tx, row, scene),
        **await _said_to_police(tx, scene, alert.worker_id),
    }
    if alert.worker_id is None:
        return {**params, "code_phrase": None}
    worker = await people.get_even_unread(tx, alert.worker_id)
    since = tx.now - BATTERY_COUNTS
    battery = await _if_it_opens(said.last_of(tx, alert.worker_id, "battery", since), "that a battery was low")
    return {
        **params,
        "code_phrase": await code_phrase(tx, scene, worker),
        "battery_at": None if battery is None else iso(battery.said_at),
        "spoken_at": await _if_it_opens(_spoken_at(tx, row, scene, alert.worker_id), "when a file came"),
        **await watched_by(tx, alert.worker_id, reader_id),
    }


async def code_phrase(tx: Tx, scene: Scene, worker: Person) -> str | None:
    """The words on the phone that mean danger: this visit's, else those that they agreed on, else their card's."""
    if scene.row is not None and scene.row.answers.get("code_phrase"):
        return str(scene.row.answers["code_phrase"])
    agreed = await _if_it_opens(phrases.of(tx, worker.id), "agreed words")
    own = None if agreed is None else agreed.code
    return own or (worker.responder or {}).get("code_phrase")


async def _if_it_opens(work: Awaitable[Result | None], what: str) -> Result | None:
    """What an alarm can do without: where no key opens it, the alarm goes out all the same (P2)."""
    try:
        return await work
    except (KeysDoNotOpen, KeyError, ValueError):
        log.exception("an alarm goes out without %s", what)
        return None


async def _spoken_at(tx: Tx, row: AlertRow, scene: Scene, worker_id: UUID) -> str | None:
    """When the last of what they spoke or photographed there came; it is opened on the alert's page, by few."""
    if scene.row is None:
        found = [each.said_at for each in await from_there.sent_around(tx, row) if each.gone is None]
        return iso(max(found, default=None))
    return iso(await kept_files.last_from(tx, scene.row.id, worker_id))


async def watched_by(tx: Tx, worker_id: UUID, reader_id: UUID | None) -> dict[str, Any]:
    """What is said otherwise, of whatever alarm, while somebody may be watching the worker: nobody is to ring them.

    Whoever is beside them reads of any alarm what they would on any other day: nothing may change on their screen.
    """
    known = reader_id is not None and await hushed.known_to(tx, worker_id, [reader_id])
    return dict(HUSHED) if known else {}


async def next_steps(tx: Tx, row: AlertRow, params: Mapping[str, Any]) -> tuple[str, ...]:
    """What to do next, as the policy has it. Of somebody who may be watched it is what is done then, whatever it is."""
    kind = Kind.DURESS if params.get("variant") == Kind.DURESS else row.alert.kind
    return (await tx.policy()).next.of(kind)


def _visit_lines(scene: Scene, worker_id: UUID | None) -> dict[str, Any]:
    row = scene.row
    if row is None:
        return {"address": None, "ref": None, "because": [], "latitude": None, "longitude": None, "last_word_at": None}
    watch = _watch_of(scene, worker_id)
    return {
        "address": row.address.get("text"),
        "latitude": row.address.get("latitude"),
        "longitude": row.address.get("longitude"),
        "ref": row.family_ref,
        "because": [each["says"] for each in row.because],
        "transport": row.answers.get("transport"),
        "exit": row.answers.get("exit"),
        "starts_at": iso(row.visit.starts_at),
        "ends_at": iso(row.visit.ends_at),
        "last_word_at": iso(watch.last_word_at) if watch else None,
    }


async def _said_to_police(tx: Tx, scene: Scene, worker_id: UUID | None) -> dict[str, Any]:
    """What was met there, without how the level came about; and what is known of their being there.

    Nobody is said to be behind a door who never said that they went in, or who said that they had left.
    """
    row, watch = scene.row, _watch_of(scene, worker_id)
    if row is None or worker_id is None:
        return {"met": [], "since": None, "expected_at": None, "left_at": None}
    met = [each["says"] for each in row.because if each["key"] not in NOT_MET]
    if watch is not None and watch.phase is Phase.BEGIN:
        return {"met": met, "since": None, "expected_at": iso(row.visit.starts_at), "left_at": None}
    begun = await _if_it_opens(said.last_of(tx, worker_id, "begin", row.visit.starts_at - BEGIN_COUNTS), "a going in")
    since = row.visit.starts_at if begun is None or begun.visit_id != row.id else begun.said_at
    left_at = watch.out_at if watch is not None and watch.phase is Phase.HOME else None
    return {"met": met, "since": iso(since), "expected_at": None, "left_at": iso(left_at)}


def _watch_of(scene: Scene, worker_id: UUID | None) -> Watch | None:
    if scene.row is None:
        return None
    return next((each for each in scene.row.visit.watches if each.worker_id == worker_id), None)


async def _worker_lines(tx: Tx, scene: Scene, worker_id: UUID | None) -> dict[str, Any]:
    if worker_id is None:
        return {"worker": None, "worker_id": None, "worker_phone": None, "responder": None, "last_position": None}
    everyone = await people.even_unread(tx, scene.workers | {worker_id})
    worker = everyone[worker_id]
    others = sorted(person.name for each, person in everyone.items() if each != worker_id)
    seen = await _if_it_opens(said.last_position(tx, worker_id, scene.visit_id), "a last position")
    return {
        "worker": worker.name,
        "worker_id": str(worker_id),
        "worker_phone": worker.phone,
        "responder": worker.responder,
        "alone": not others,
        "with": others,
        "last_position": None if seen is None else {**(seen.position or {}), "at": iso(seen.said_at)},
    }


async def _ladder_lines(tx: Tx, row: AlertRow, scene: Scene) -> dict[str, Any]:
    alert = row.alert
    told = await alerts.who_was_told(tx, alert.id)
    following = alert.ladder.rung(alert.rung + 1)
    standing = scene.present.get(following.who, frozenset()) - alert.told
    last = alert.rung >= alert.ladder.last
    names = await people.many(tx, {each.person_id for each in told} | set(standing))
    return {
        "told": [
            {"id": str(each.person_id), "name": names[each.person_id].name, "at": iso(each.at)}
            for each in told
            if each.person_id in names
        ],
        "owner": None if alert.owner_id is None else (await people.get_even_unread(tx, alert.owner_id)).name,
        "owner_id": None if alert.owner_id is None else str(alert.owner_id),
        "next": None
        if last
        else {
            "who": sorted(names[each].name for each in standing if each in names) or [following.who],
            "at": iso(alert.next_at),
        },
    }
