"""Voice notes and photographs: kept sealed with the visit or the debrief that they tell of, and opened by few."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from safety_service.actions import came, debrief_log, from_there, matters, reading, telling
from safety_service.actions.access import may_see_alert, may_see_visit
from safety_service.actions.actor import Actor
from safety_service.actions.alerts import scene_of
from safety_service.actions.apart import by_itself
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.telling import Priority
from safety_service.domain.refusal import Refused
from safety_service.store import agencies, alert_now, alerts, debriefs, kept_files, visits
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.store.kept_files import KeptFile

#: Bytes. Half an hour of speech, or a large photograph; a channel gives no more than twice as much.
LARGEST = 10 * 1024 * 1024
#: The kinds that a browser plays or shows, and is never asked to run.
MEDIA = {
    "voice": ("audio/ogg", "audio/mpeg", "audio/mp4", "audio/webm", "audio/wav", "audio/aac", "video/mp4"),
    "photo": ("image/jpeg", "image/png", "image/webp", "video/mp4"),
}
#: Endings by type: the name says what it is, and nothing of where it came from.
_ENDINGS = {"audio/ogg": "ogg", "audio/mpeg": "mp3", "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
#: Names that phones, browsers and channels give to a type of ours.
_ALIKE = {"audio/x-m4a": "audio/mp4", "audio/m4a": "audio/mp4", "audio/mp3": "audio/mpeg", "audio/x-wav": "audio/wav"}
#: Whoever fetches a file has this long before somebody else tries.
CLAIM = timedelta(minutes=2)
#: Between two tries, doubled each time up to the longest.
WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=30)
#: After this its channel is not asked any more, and who said it hears so.
GIVE_UP = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What came in: `provider_id` is the word's own, `source` where its channel has the file (None: `body` is it)."""

    kind: str
    provider_id: str
    media_type: str
    size: int
    seconds: int | None = None
    source: str | None = None
    body: bytes | None = None
    #: None: now.
    said_at: datetime | None = None


async def note(
    tx: Tx, actor: Actor, spoken: Spoken, *, visit_id: UUID | None = None, debrief_id: UUID | None = None
) -> bool:
    """Keep what the actor said; False: it was kept before. Raises Refused `file_too_large`, `file_not_known`.

    With a source and no body it is fetched by and by.
    """
    if spoken.size > LARGEST:
        raise Refused("file_too_large", most=LARGEST // 2**20)
    media_type = _media_type(spoken)
    row = kept_files.new(
        agency_id=actor.agency_id,
        person_id=actor.person_id,
        visit_id=visit_id,
        debrief_id=debrief_id,
        kind=spoken.kind,
        media_type=media_type,
        size=spoken.size,
        seconds=spoken.seconds,
        source=spoken.source,
        next_at=tx.now if spoken.body is None else None,
        attempts=0,
        said_at=tx.now if spoken.said_at is None else min(spoken.said_at, tx.now),
        kept_at=tx.now,
        gone=None,
    )
    added = await kept_files.add(tx, row, spoken.provider_id, spoken.body)
    if added:
        if debrief_id is None:
            await came.hear(tx, row.person_id, row.visit_id)
        await keep(tx, actor, actor.agency_id, "kept", subject=spoken.kind, subject_id=row.id, size=spoken.size)
    return added


def _media_type(spoken: Spoken) -> str:
    """The type without its parameters (`audio/webm;codecs=opus`)."""
    plain = spoken.media_type.partition(";")[0].strip().lower()
    plain = _ALIKE.get(plain, plain)
    if plain not in MEDIA[spoken.kind]:
        raise Refused("file_not_known")
    return plain


async def speak(tx: Tx, actor: Actor, debrief_id: UUID, spoken: Spoken) -> None:
    """Tell a debrief by voice: one's own, before it is given or after. Raises NotFound, Refused as `note`."""
    row = await debriefs.load(tx, debrief_id)
    if row is None or row.worker_id != actor.person_id:
        raise NotFound
    await note(tx, actor, spoken, visit_id=row.visit_id, debrief_id=debrief_id)


async def of_debrief(tx: Tx, actor: Actor, debrief_id: UUID) -> list[KeptFile]:
    """What was spoken for a debrief, for whoever may read it. Raises NotFound."""
    await debrief_log.may_read(tx, actor, debrief_id)
    return await kept_files.of_debrief(tx, debrief_id)


async def of_alert(tx: Tx, actor: Actor, row: AlertRow) -> list[KeptFile]:
    """What was sent from there, for somebody who may see this alert.

    On its visit, and what its worker sent since, wherever they are by then; with an alert about no visit, also what
    they sent outside any a while before: a picture, and then the call. Of another visit, nothing to whoever is kept
    off it.
    """
    here = row.alert.visit_id
    there = [] if here is None else await kept_files.of_visit(tx, here)
    found = [each for each in await from_there.sent_around(tx, row) if here is None or each.visit_id != here]
    about = {each.visit_id for each in found if each.visit_id is not None}
    barred = await matters.kept_off(tx, actor.person_id, about)
    allowed = [each for each in found if each.visit_id not in barred]
    return sorted([*there, *allowed], key=lambda each: (each.said_at, each.id))


async def open_file(tx: Tx, actor: Actor, file_id: UUID) -> tuple[KeptFile, bytes]:
    """The file itself; that it was opened is kept.

    Its speaker may, who may read the debrief, who may see the visit, and who was told of an alert about it. Raises
    NotFound; Refused `file_not_there_yet`, `file_gone`.
    """
    row = await kept_files.load(tx, file_id)
    if row is None or not await _may_open(tx, actor, row):
        raise NotFound
    if row.gone is not None:
        raise Refused("file_gone")
    body = await kept_files.body_of(tx, file_id)
    if body is None:
        raise Refused("file_not_there_yet")
    await keep(tx, actor, actor.agency_id, "opened", subject=row.kind, subject_id=row.id)
    return row, body


async def _may_open(tx: Tx, actor: Actor, row: KeptFile) -> bool:
    if row.person_id == actor.person_id:
        return True
    try:
        if row.debrief_id is not None:
            await debrief_log.may_read(tx, actor, row.debrief_id)
            return True
        if await _came_with_an_alert(tx, actor, row):
            return True
        return row.visit_id is not None and await _sees_visit(tx, actor, row.visit_id)
    except (NotFound, Refused):
        return False


async def _came_with_an_alert(tx: Tx, actor: Actor, row: KeptFile) -> bool:
    """Whether it was sent around an alert that they may see, outside its visit; a closed one, as they may see a visit.

    What was sent on the alert's own visit goes by who may see that visit, and its alerts.
    """
    for alert_id in await alert_now.around(tx, row.person_id, row.said_at, from_there.BEFORE):
        each = await alerts.load(tx, alert_id)
        if each is None or (row.visit_id is not None and each.alert.visit_id == row.visit_id):
            continue
        matter = await matters.of_alert(tx, each, await scene_of(tx, each))
        try:
            may_see_alert(actor, matter if each.alert.open else replace(matter, called=frozenset()))
        except NotFound:
            continue
        if actor.person_id not in matter.workers and row.id in {one.id for one in await of_alert(tx, actor, each)}:
            return True
    return False


async def _sees_visit(tx: Tx, actor: Actor, visit_id: UUID) -> bool:
    visit = (await visits.opened(tx, [visit_id])).get(visit_id)
    if visit is None:
        return False
    for each in await alerts.open_of_visits(tx, [visit_id]):
        try:
            await reading.alert(tx, actor, each.alert.id)
        except (NotFound, Refused):
            continue
        return True
    may_see_visit(actor, await matters.of_visit(tx, visit))
    return True


async def to_fetch(tx: Tx, limit: int) -> list[KeptFile]:
    """Files that their channel still has, to be fetched now by whoever asks.

    One of which no key opens where it is keeps nobody else's waiting.
    """
    found = await kept_files.claim(tx, tx.now + CLAIM, limit)
    for each in found:
        if each.source is None:
            await by_itself(tx, not_fetched(tx, each, for_good=False), "putting off a file that no key opens")
    return [each for each in found if each.source is not None]


async def still_coming(tx: Tx, file_id: UUID) -> None:
    """It comes slowly: nobody else is to begin with it meanwhile."""
    await kept_files.try_again(tx, file_id, tx.now + CLAIM)


async def fetched(tx: Tx, file_id: UUID, body: bytes) -> None:
    """Here it is."""
    await kept_files.put_body(tx, file_id, body)
    row = await kept_files.load(tx, file_id)
    if row is not None:
        await _seen_at_once(tx, row)


async def _seen_at_once(tx: Tx, row: KeptFile) -> None:
    if row.debrief_id is None:
        await from_there.show(tx, row.person_id, row.visit_id)


async def not_fetched(tx: Tx, row: KeptFile, *, for_good: bool) -> None:
    """It could not be fetched: tried again for a day; then, or where that helps nothing, who said it hears so."""
    if not for_good and tx.now - row.said_at < GIVE_UP:
        await kept_files.try_again(tx, row.id, tx.now + min(WAIT * 2 ** min(row.attempts, 10), LONGEST_WAIT))
        return
    await kept_files.give_up(tx, row.id, "not_had")
    await _seen_at_once(tx, row)
    office = (await agencies.of_person(tx, row.person_id)).office_phone
    said = {"said_at": telling.iso(row.said_at), "file": row.kind, "office_phone": office}
    await telling.tell(tx, [row.person_id], "file.lost", said, priority=Priority.NEWS, dedupe=f"file_lost:{row.id}")


def name_of(row: KeptFile) -> str:
    """What it is called when it is saved: nothing of whose it is, and nothing of what its sender called it."""
    return f"{row.kind}-{row.id.hex[-6:]}.{_ENDINGS.get(row.media_type, row.media_type.partition('/')[2])}"
