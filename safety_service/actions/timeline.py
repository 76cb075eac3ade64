"""The whole timeline of an alert as a page of text, for whoever may read it. That it was read is kept."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.actions import elsewhere, matters
from safety_service.actions.access import LogView, timeline_view
from safety_service.actions.actor import Actor
from safety_service.actions.alerts import scene_of
from safety_service.actions.errors import NotFound
from safety_service.actions.scene import Scene
from safety_service.domain.alert import Alert
from safety_service.domain.local_time import say_time
from safety_service.domain.timeline import Deed, Facts, WordSaid
from safety_service.domain.timeline_story import told
from safety_service.domain.words import Role
from safety_service.store import agencies, alerts, beside, events, people, timelines
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.store.people import Person

#: Without a visit: words of the worker's, and troubles of the service's, from so long before the alert.
BEFORE = timedelta(hours=1)
#: A word that moves nothing.
NOTE = "note"
#: Of several roles the one by which somebody is called.
_POSTS = (Role.MANAGER, Role.ADMINISTRATOR, Role.REVIEWER, Role.PRACTITIONER)


async def of_alert(tx: Tx, by: Actor | None, alert_id: UUID) -> str:
    """The page; `by` None: the machine's own command line. Raises NotFound; Refused `after_it_is_over`."""
    row = await alerts.load(tx, alert_id)
    if row is None:
        raise NotFound
    scene = await scene_of(tx, row)
    view = LogView.WITH_TEXT
    if by is not None:
        view = timeline_view(by, await matters.of_alert(tx, row, scene), is_open=row.alert.open)
    reader_id = None if by is None else by.person_id
    page = told(await facts_of(tx, row, scene, with_text=view is LogView.WITH_TEXT, reader_id=reader_id))
    await _keep_read(tx, by, row, view)
    return page


async def of_number(tx: Tx, by: Actor | None, agency_id: UUID, number: int) -> str:
    """The same, by the alert's short number. Raises NotFound; Refused `after_it_is_over`."""
    row = await alerts.by_number(tx, agency_id, number)
    if row is None:
        raise NotFound
    return await of_alert(tx, by, row.id)


async def facts_of(
    tx: Tx,
    row: AlertRow,
    scene: Scene,
    *,
    with_text: bool,
    most: int | None = None,
    reader_id: UUID | None = None,
) -> Facts:
    """All that the timeline is made of; `most`: of what was sent and done only so many of the latest.

    `reader_id`: who reads it; None: the machine's own command line.
    """
    agency = await agencies.get(tx, row.agency_id)
    zone = ZoneInfo(agency.timezone)
    workers = scene.workers if row.alert.worker_id is None else scene.workers | {row.alert.worker_id}
    since = row.alert.opened_at - BEFORE if scene.row is None else min(scene.row.created_at, row.alert.due_at)
    until = row.alert.resolved_at or tx.now
    deeds = await timelines.deeds(tx, row.id, most)
    sendings = await timelines.about_alert(tx, row.id, most)
    words = await timelines.words(tx, scene.visit_id, workers, since, until)
    if scene.visit_id is not None:
        words = [*words, *await _outside(tx, row.alert, until)]
        deeds += await timelines.rings(tx, scene.visit_id)
        sendings += await timelines.to_workers(tx, scene.visit_id, workers, since, until)
    words = sorted([*words, *await elsewhere.words(tx, row, workers, reader_id)], key=lambda each: each.heard_at)
    words = await _words_for(tx, reader_id, workers, words, few=most is not None)
    # A gap is noted on return: one that was still going on when the alert ended is noted after it.
    first = min([row.alert.opened_at - BEFORE, *(each.heard_at for each in words)])
    known = await people.many(tx, _named(row, workers) | {each.to for each in sendings} | _mentioned(deeds))
    return Facts(
        alert=row.alert,
        agency=agency.name,
        zone=zone,
        printed_at=tx.now,
        with_text=with_text,
        names={each.id: each.name for each in known.values()},
        posts={each.id: _post(each, row, workers) for each in known.values()},
        visit=_visit_line(scene, zone, with_text=with_text),
        agreed_by=row.agreed_by,
        words=words,
        deeds=deeds,
        sendings=sorted(sendings, key=lambda each: each.put_at),
        service=await timelines.of_service(tx, first, until),
    )


async def _outside(tx: Tx, alert: Alert, until: datetime) -> list[WordSaid]:
    """Out of the visit, and the alert is open still: what its worker says then is for whoever comes."""
    worker = frozenset[UUID]() if alert.worker_id is None else {alert.worker_id}
    return await timelines.words(tx, None, worker, alert.opened_at, until)


async def _words_for(
    tx: Tx, reader_id: UUID | None, workers: frozenset[UUID], words: list[WordSaid], *, few: bool
) -> list[WordSaid]:
    if reader_id is not None and await _there(tx, reader_id, workers):
        # An agreed word that was typed is kept nowhere: a note without its text would tell that it was said (P5).
        words = [each for each in words if each.kind != NOTE]
    return _with_one_sample(words) if few else words


def _with_one_sample(words: list[WordSaid]) -> list[WordSaid]:
    """Where only the latest is shown, a phone that sends its position by itself pushes nothing else out of sight."""
    samples = [number for number, each in enumerate(words) if each.kind == NOTE and not each.note]
    passed = set(samples[:-1])
    return [each for number, each in enumerate(words) if number not in passed]


async def _there(tx: Tx, reader_id: UUID, workers: frozenset[UUID]) -> bool:
    return reader_id in workers or reader_id in await beside.of(tx, workers)


def _named(row: AlertRow, workers: frozenset[UUID]) -> frozenset[UUID]:
    found = row.alert.resolution
    also = {row.alert.owner_id, row.alert.offered_to, row.agreed_by, None if found is None else found.by}
    return workers | row.alert.told | {each for each in also if each is not None}


def _mentioned(deeds: list[Deed]) -> set[UUID]:
    """Everybody whom the log names: people, or what is none and is then not found among them."""
    return {each for deed in deeds for each in (deed.by, deed.about) if each is not None}


def _post(person: Person, row: AlertRow, workers: frozenset[UUID]) -> str:
    if person.id in workers:
        return "the worker" if person.id == row.alert.worker_id else "who went along"
    held = person.roles.get(row.team_id, frozenset()) if row.team_id is not None else frozenset[Role]()
    held = held or frozenset().union(*person.roles.values())
    return next((str(role) for role in _POSTS if role in held), "")


def _visit_line(scene: Scene, zone: ZoneInfo, *, with_text: bool) -> str:
    row = scene.row
    if row is None:
        return ""

    def at(moment: datetime) -> str:
        return say_time(moment, zone)

    ref = f" {row.family_ref}" if with_text else ""
    return f"Visit{ref}: {row.visit.risk} risk, {at(row.visit.starts_at)} to {at(row.visit.ends_at)}"


async def _keep_read(tx: Tx, by: Actor | None, row: AlertRow, view: LogView) -> None:
    await events.log(
        tx,
        agency_id=row.agency_id,
        actor_id=None if by is None else by.person_id,
        verb="read",
        subject="timeline",
        subject_id=row.id,
        visit_id=row.alert.visit_id,
        alert_id=row.id,
        details={"via": "command line" if by is None else by.via, "view": view},
    )
