"""What is spoken or photographed around an alert reaches whoever has it: at once, and nobody who is kept off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from bots.dialogue.router import handle
from safety_service import web
from safety_service.actions import alerts, kept_files, live, words
from safety_service.actions.errors import NotFound
from safety_service.actions.kept_files import Spoken
from safety_service.actions.words import Position, Word
from safety_service.domain.words import Found, KnownBy
from safety_service.store import exclusions, families
from safety_service.store import kept_files as rows
from safety_service.store.kept_files import KeptFile
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.visits import kept_file, said
from tests.guidance.telling import debrief_of, out
from tests.http import application, browsing, serving, signed_in
from tests.patience import until
from tests.talk import Talk
from tests.unit.telegram_desk import Desk, desk_in
from tests.world import World

SAID = b"OggS they are at the door"
PHOTO = b"\xff\xd8\xff\xe0 a car"


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with desk_in(world, handle) as desk:
        yield desk


@pytest.fixture
async def browser(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, web)) as base, browsing(base) as session:
        yield session


def spoken(number: int = 1, **more: object) -> Spoken:
    known = {"kind": "voice", "media_type": "audio/ogg", "size": len(SAID), "body": SAID}
    return Spoken(**{**known, "provider_id": f"page:{number}", **more})  # type: ignore[arg-type]


async def every(world: World) -> list[KeptFile]:
    async with world.database.reading() as tx:
        ids = (await tx.conn.execute(select(kept_file.c.id).order_by(kept_file.c.id))).scalars().all()
        found = [await rows.load(tx, each) for each in ids]
    return [each for each in found if each is not None]


async def opens(world: World, who: str, file_id: UUID) -> bool:
    try:
        return (await world.do(who, kept_files.open_file, file_id))[1] == SAID
    except NotFound:
        return False


async def came(world: World) -> bool:
    return any(each.next_at is None for each in await every(world))


async def told(world: World, template: str) -> int:
    async with world.database.reading() as tx:
        return len((await tx.conn.execute(select(outbox.c.id).where(outbox.c.template == template))).all())


async def notes(world: World) -> list[str | None]:
    async with world.database.reading() as tx:
        return list((await tx.conn.execute(select(said.c.note).order_by(said.c.id))).scalars())


async def parts(browser: ClientSession, page: str) -> str:
    async with browser.get(f"{page}/now") as answer:
        return await answer.text()


# --- an open page ---


async def test_an_open_page_hears_of_a_voice_note_and_of_its_coming_in(world: World, browser: ClientSession) -> None:
    row = await world.inside()
    await world.do("Ann", words.sos, row.id, Word())
    page = f"/alerts/{(await world.alert()).id}"
    await signed_in(world, browser, "Mia")
    async with browser.get(page) as answer:
        assert 'data-piece="recordings"' in await answer.text()
    async with browser.get(f"{page}/events") as events:
        await events.content.readuntil(b"event: changed\n")
        await world.do("Ann", kept_files.note, spoken(body=None, source="f-1"), visit_id=row.id)
        await events.content.readuntil(b"event: changed\n")
        assert "still on its way" in await parts(browser, page)
        (kept,) = await every(world)
        async with world.database.transaction() as tx:
            await kept_files.fetched(tx, kept.id, SAID)
        await events.content.readuntil(b"event: changed\n")
    assert f"/files/{kept.id}" in await parts(browser, page)


async def test_a_note_is_announced_to_the_pages_of_the_alerts_that_it_is_about(world: World) -> None:
    row = await world.inside()
    await world.do("Ann", words.sos, row.id, Word())
    await world.do("Ben", words.sos, None, Word())
    mine, other = sorted(await world.alerts(), key=lambda each: each.alert.number)
    async with world.database.hot.subscribe(f"alert:{mine.id}", f"alert:{other.id}") as events:
        await world.do("Ann", words.note, row.id, Word(note="he has gone out"))
        assert (await anext(events))[0] == f"alert:{mine.id}"
        await world.do("Ben", words.note, None, Word(note="behind the shop"))
        assert (await anext(events))[0] == f"alert:{other.id}"


async def test_positions_that_a_phone_sends_by_itself_push_nothing_out_of_the_pages_story(
    world: World, browser: ClientSession
) -> None:
    row = await world.inside()
    await world.do("Ann", words.sos, row.id, Word())
    await world.do("Ann", words.note, row.id, Word(note="he has gone out"))
    for number in range(70):
        world.clock.move(timedelta(seconds=10))
        place = Position(latitude=53.48 + number / 10_000, longitude=-2.24)
        assert await world.do("Ann", live.sample, row.id, Word(position=place))
    await signed_in(world, browser, "Mia")
    async with browser.get(f"/alerts/{(await world.alert()).id}") as answer:
        shown = await answer.text()
    assert "he has gone out" in shown and shown.count("said: a note") == 2


# --- a call for help without a visit ---


async def test_who_has_a_call_without_a_visit_sees_and_opens_what_came_before_and_since(
    world: World, browser: ClientSession
) -> None:
    long_ago = world.now - timedelta(hours=2)
    await world.do("Ann", kept_files.note, spoken(0, said_at=long_ago))
    await world.do("Ann", kept_files.note, spoken(1))
    world.clock.move(timedelta(minutes=20))
    await world.do("Ann", words.sos, None, Word())
    await world.do("Ann", kept_files.note, spoken(2))
    old, before, since = await every(world)
    page = f"/alerts/{(await world.alert()).id}"
    await signed_in(world, browser, "Mia")
    async with browser.get(page) as answer:
        shown = await answer.text()
    assert "Sent from there" in shown and f"/files/{before.id}" in shown and f"/files/{since.id}" in shown
    assert f"/files/{old.id}" not in shown
    assert [await opens(world, "Mia", each.id) for each in (old, before, since)] == [False, True, True]
    assert not await opens(world, "Ben", since.id)


async def test_the_alarm_of_a_call_without_a_visit_says_that_something_was_sent(world: World) -> None:
    talk = Talk(world)
    await world.do("Ann", kept_files.note, spoken())
    await world.do("Ann", words.sos, None, Word())
    alarm = next(each for each in await talk.screen("Mia") if each.template.startswith("alarm."))
    assert "A voice note or a photo from 09:00 is on the alert's page." in alarm.text


async def test_once_it_is_closed_what_came_later_is_not_part_of_it(world: World) -> None:
    await world.do("Ann", words.sos, None, Word())
    await world.do("Ann", kept_files.note, spoken(1))
    alert = await world.alert()
    await world.do("Mia", alerts.resolve, alert.id, Found.SAFE, KnownBy.SEEN)
    await world.do("Dev", alerts.resolve, alert.id, Found.SAFE, KnownBy.SEEN)
    world.clock.move(timedelta(minutes=5))
    await world.do("Ann", kept_files.note, spoken(2))
    during, after = await every(world)
    assert await opens(world, "Mia", during.id)
    assert not await opens(world, "Mia", after.id)


async def test_a_picture_from_before_the_door_of_a_visit_is_not_for_whoever_is_kept_off_that_family(
    world: World,
) -> None:
    row = await world.plan()
    await world.do("Ann", kept_files.note, spoken(), visit_id=row.id)
    await world.do("Ann", words.sos, None, Word())
    (kept,) = await every(world)
    alert = await world.alert()
    assert alert.alert.visit_id is None
    for who, seen in (("Mia", True), ("Dev", True)):
        assert bool(await world.do(who, kept_files.of_alert, alert)) is seen
    async with world.database.transaction() as tx:
        family_id = await families.by_ref(tx, world.agency_id, "F-1")
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], reason="sister", family_id=family_id, by=None)
    assert await world.do("Mia", kept_files.of_alert, alert) == []
    assert not await opens(world, "Mia", kept.id)
    assert await opens(world, "Dev", kept.id)


async def test_what_was_sent_inside_a_home_is_no_part_of_a_later_call_whoever_began_the_visit(world: World) -> None:
    """One begins for both: of the other no begin is kept, and they are inside all the same."""
    ann, ben = world.ids["Ann"], world.ids["Ben"]
    joint = await world.plan("Ann", workers=(ann, ben), speaker_id=ann)
    await world.do("Ben", kept_files.note, spoken(1), visit_id=joint.id)
    world.clock.move(timedelta(minutes=1))
    await world.do("Ann", words.begin, joint.id, Word())
    await world.do("Ben", kept_files.note, spoken(2), visit_id=joint.id)
    before, inside = await every(world)
    world.clock.move(timedelta(minutes=10))
    await world.do("Ann", words.left, joint.id, Word())
    for each in ("Ann", "Ben"):
        await world.do(each, words.home, joint.id, Word())
    await world.do("Ben", words.sos, None, Word())
    await world.later(5)
    alert = await world.alert()
    assert world.ids["Adam"] in alert.alert.told, "an administrator, who reads no case"
    assert [each.id for each in await world.do("Adam", kept_files.of_alert, alert)] == [before.id]
    assert not await opens(world, "Adam", inside.id)
    assert await opens(world, "Mia", inside.id), "their manager may see the visit"


async def test_whoever_has_called_for_help_speaks_to_whoever_comes_and_not_to_a_debrief(desk: Desk) -> None:
    await out(desk.world)
    await desk.world.do("Ann", words.sos, None, Word())
    ann = await desk.phone("Ann")
    async with desk.working():
        await ann.sends_voice(SAID)
        await until(lambda: came(desk.world))
    (kept,) = await every(desk.world)
    assert kept.debrief_id is None
    assert await opens(desk.world, "Mia", kept.id)


# --- what kind of file ---


async def test_a_photo_is_fetched_and_kept_with_the_visit_from_one_end_to_the_other(desk: Desk) -> None:
    row = await desk.world.inside()
    ann = await desk.phone("Ann")
    async with desk.working():
        await ann.sends_photo(PHOTO, caption="his car")
        await until(lambda: came(desk.world))
    (kept,) = await every(desk.world)
    assert (kept.visit_id, kept.kind, kept.media_type) == (row.id, "photo", "image/jpeg")
    assert (await desk.world.do("Mia", kept_files.open_file, kept.id))[1] == PHOTO
    assert "his car" in await notes(desk.world)


@pytest.mark.parametrize(
    ("media_type", "kept_as"),
    [("image/png", ("photo", "image/png")), ("audio/x-m4a", ("voice", "audio/mp4"))],
)
async def test_what_is_sent_as_a_file_is_kept_as_what_it_is(
    desk: Desk, media_type: str, kept_as: tuple[str, str]
) -> None:
    await desk.world.inside()
    ann = await desk.phone("Ann")
    async with desk.working():
        await ann.sends_document(PHOTO, name="a.bin", media_type=media_type)
        await until(lambda: came(desk.world))
    (kept,) = await every(desk.world)
    assert (kept.kind, kept.media_type) == kept_as


@pytest.mark.parametrize("media_type", [None, "application/pdf", "image/heic"])
async def test_a_file_of_another_kind_is_refused_in_so_many_words_and_what_stood_with_it_is_kept(
    desk: Desk, media_type: str | None
) -> None:
    await desk.world.inside()
    ann = await desk.phone("Ann")
    async with desk.working():
        await ann.sends_document(b"%PDF", media_type=media_type, caption="what he wrote")
        await until(lambda: told(desk.world, "refused.file_not_known"))
    assert await every(desk.world) == []
    assert "what he wrote" in await notes(desk.world)


async def test_what_stands_with_a_photo_for_a_debrief_is_kept_too(desk: Desk) -> None:
    row = await out(desk.world)
    ann = await desk.phone("Ann")
    async with desk.working():
        await ann.sends_photo(PHOTO, caption="he threw this")
        await until(lambda: told(desk.world, "reply.file_kept"))
    (kept,) = await every(desk.world)
    assert kept.debrief_id == (await debrief_of(desk.world, row)).id
    assert "he threw this" in await notes(desk.world)
