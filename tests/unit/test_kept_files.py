"""Voice notes and photographs: kept sealed with what they tell of, opened by few; one that is lost is said to be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from aiohttp import ClientSession, FormData
from sqlalchemy import select, text

from bots.dialogue.router import handle
from bots.telegram.fetcher import Fetcher
from safety_service import web
from safety_service.actions import kept_files, words
from safety_service.actions.errors import NotFound
from safety_service.actions.kept_files import LARGEST, Spoken
from safety_service.actions.words import Word
from safety_service.domain.refusal import Refused
from safety_service.store import exclusions, families
from safety_service.store import kept_files as rows
from safety_service.store.kept_files import KeptFile
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.visits import kept_file
from safety_service.web import recordings
from tests.guidance.telling import HARD, debrief_of, out, tells
from tests.http import application, browsing, serving, signed_in
from tests.patience import until
from tests.talk import Talk
from tests.unit.telegram_desk import Desk, desk_in
from tests.world import World

SAID = b"OggS he is shouting upstairs"


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with desk_in(world, handle) as desk:
        yield desk


async def every(world: World) -> list[KeptFile]:
    async with world.database.reading() as tx:
        ids = (await tx.conn.execute(select(kept_file.c.id).order_by(kept_file.c.id))).scalars().all()
        found = [await rows.load(tx, each) for each in ids]
    return [each for each in found if each is not None]


async def body_of(world: World, file_id: UUID) -> bytes | None:
    async with world.database.reading() as tx:
        return await rows.body_of(tx, file_id)


def spoken(**more: object) -> Spoken:
    known = {"kind": "voice", "provider_id": "page:1", "media_type": "audio/ogg", "size": len(SAID), "body": SAID}
    return Spoken(**{**known, **more})  # type: ignore[arg-type]


async def told(world: World, template: str) -> int:
    async with world.database.reading() as tx:
        return len((await tx.conn.execute(select(outbox.c.id).where(outbox.c.template == template))).all())


async def test_a_voice_note_said_inside_is_fetched_and_kept_with_the_visit(desk: Desk) -> None:
    row = await desk.world.inside()
    ann = await desk.phone("Ann")
    async with desk.working():
        await ann.sends_voice(SAID, seconds=42)
        await until(lambda: _fetched(desk.world))
    assert await told(desk.world, "reply.note") == 1
    (kept,) = await every(desk.world)
    assert (kept.visit_id, kept.debrief_id, kept.kind, kept.seconds) == (row.id, None, "voice", 42)
    assert await body_of(desk.world, kept.id) == SAID


async def _tried(world: World) -> bool:
    return any(each.attempts for each in await every(world))


async def _fetched(world: World) -> bool:
    return any([await body_of(world, each.id) for each in await every(world)])


async def test_what_is_said_after_a_visit_goes_to_the_debrief_that_is_still_to_be_told(desk: Desk) -> None:
    row = await out(desk.world)
    ann = await desk.phone("Ann")
    async with desk.working():
        await ann.sends_voice(SAID)
        await until(lambda: told(desk.world, "reply.file_kept"))
    (kept,) = await every(desk.world)
    assert kept.debrief_id == (await debrief_of(desk.world, row)).id


async def test_nothing_of_it_is_readable_where_it_is_kept(world: World) -> None:
    row = await world.inside()
    await world.do("Ann", kept_files.note, spoken(), visit_id=row.id)
    async with world.database.reading() as tx:
        raw = bytes((await tx.conn.execute(text("SELECT body FROM kept_file"))).scalar_one())
    assert b"shouting" not in raw


async def test_the_same_word_is_kept_once(world: World) -> None:
    row = await world.inside()
    assert await world.do("Ann", kept_files.note, spoken(), visit_id=row.id)
    assert not await world.do("Ann", kept_files.note, spoken(), visit_id=row.id)
    assert len(await every(world)) == 1


async def test_what_is_too_large_or_of_another_kind_is_refused_and_that_it_came_is_noted(desk: Desk) -> None:
    await desk.world.inside()
    for wrong in ({"size": LARGEST + 1}, {"media_type": "text/html"}):
        with pytest.raises(Refused):
            await desk.world.do("Ann", kept_files.note, spoken(**wrong))
    ann = await desk.phone("Ann")
    async with desk.working():
        await ann.sends_voice(b"x" * (LARGEST + 1))
        await until(lambda: told(desk.world, "refused.file_too_large"))
    assert await told(desk.world, "reply.note") == 1
    assert await every(desk.world) == []


async def test_a_file_that_cannot_be_fetched_now_is_tried_again_and_kept_then(desk: Desk) -> None:
    await desk.world.inside()
    ann = await desk.phone("Ann")
    bot = desk.bot()
    fetcher = Fetcher(desk.database, bot._api)
    async with desk.working():
        fault = desk.telegram.fault("server_error", method="getFile")
        await ann.sends_voice(SAID)
        await until(lambda: told(desk.world, "reply.note"))
        await until(lambda: _tried(desk.world))
    assert (await every(desk.world))[0].next_at is not None
    fault.lift()
    desk.world.clock.move(timedelta(minutes=10))
    await until(fetcher.fetch_some)
    (kept,) = await every(desk.world)
    assert (kept.next_at, await body_of(desk.world, kept.id)) == (None, SAID)


async def test_what_never_came_is_given_up_after_a_day_and_who_said_it_hears_so_once(world: World) -> None:
    row = await world.inside()
    await world.do("Ann", kept_files.note, spoken(body=None, source="f-1"), visit_id=row.id)
    (kept,) = await every(world)
    async with world.database.transaction() as tx:
        await kept_files.not_fetched(tx, kept, for_good=False)
    assert await told(world, "file.lost") == 0
    world.clock.move(timedelta(hours=24))
    for _ in range(2):
        async with world.database.transaction() as tx:
            await kept_files.not_fetched(tx, kept, for_good=False)
    assert await told(world, "file.lost") >= 1
    assert (await every(world))[0].gone == "not_had"
    with pytest.raises(Refused, match="file_gone"):
        await world.do("Ann", kept_files.open_file, kept.id)


async def test_a_file_is_given_to_one_fetcher_at_a_time(world: World) -> None:
    row = await world.inside()
    await world.do("Ann", kept_files.note, spoken(body=None, source="f-1"), visit_id=row.id)
    async with world.database.transaction() as tx:
        assert len(await kept_files.to_fetch(tx, 5)) == 1
    async with world.database.transaction() as tx:
        assert await kept_files.to_fetch(tx, 5) == []
    world.clock.move(kept_files.CLAIM)
    async with world.database.transaction() as tx:
        assert len(await kept_files.to_fetch(tx, 5)) == 1


async def test_who_may_read_the_debrief_may_listen_and_nobody_else(world: World) -> None:
    row = await out(world)
    debrief = await debrief_of(world, row)
    await world.do("Ann", kept_files.speak, debrief.id, spoken())
    (kept,) = await every(world)
    assert (await world.do("Ann", kept_files.open_file, kept.id))[1] == SAID
    # A draft is its worker's own until its first part is given.
    for who in ("Mia", "Rita", "Ben"):
        with pytest.raises(NotFound):
            await world.do(who, kept_files.open_file, kept.id)
    await tells(world, row, HARD)
    for who in ("Mia", "Rita"):
        assert (await world.do(who, kept_files.open_file, kept.id))[1] == SAID
    with pytest.raises(NotFound):
        await world.do("Ben", kept_files.open_file, kept.id)


async def test_who_is_kept_off_the_family_never_hears_it(world: World) -> None:
    row = await world.inside()
    await world.do("Ann", kept_files.note, spoken(), visit_id=row.id)
    (kept,) = await every(world)
    assert (await world.do("Mia", kept_files.open_file, kept.id))[1] == SAID
    async with world.database.transaction() as tx:
        family_id = await families.by_ref(tx, world.agency_id, "F-1")
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], reason="sister", family_id=family_id, by=None)
    with pytest.raises(NotFound):
        await world.do("Mia", kept_files.open_file, kept.id)


@pytest.fixture
async def browser(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, web)) as base, browsing(base) as session:
        yield session


async def test_a_debrief_is_told_by_voice_on_our_page_once_and_played_to_its_reader(
    world: World, browser: ClientSession
) -> None:
    row = await out(world)
    debrief = await debrief_of(world, row)
    await signed_in(world, browser, "Ann")
    here = f"/debriefs/{debrief.id}/speak"
    for _ in range(2):
        form = FormData()
        form.add_field("once", "one-and-the-same")
        form.add_field("voice", SAID, filename="Quillfeather.m4a", content_type="audio/x-m4a")
        async with browser.post(here, data=form) as answer:
            assert answer.status == 200 and "Voice note, " in await answer.text()
    (kept,) = await every(world)
    async with browser.get(f"/files/{kept.id}") as answer:
        assert (answer.status, await answer.read()) == (200, SAID)
        assert answer.headers["Content-Type"] == "audio/mp4"
        assert "Quillfeather" not in answer.headers["Content-Disposition"]
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"


async def test_the_alerts_handler_hears_what_was_sent_from_there(world: World, browser: ClientSession) -> None:
    row = await world.inside()
    await world.do("Ann", kept_files.note, spoken(), visit_id=row.id)
    await world.do("Ann", words.sos, row.id, Word())
    alert = await world.alert()
    await signed_in(world, browser, "Mia")
    async with browser.get(f"/alerts/{alert.id}") as answer:
        shown = await answer.text()
    (kept,) = await every(world)
    assert "Sent from there" in shown and f"/files/{kept.id}" in shown


async def test_the_alarm_says_that_something_was_sent_from_there_and_not_what(world: World) -> None:
    row = await world.inside()
    await world.do("Ann", kept_files.note, spoken(), visit_id=row.id)
    await world.do("Ann", words.sos, row.id, Word())
    talk = Talk(world)
    alarm = next(each for each in await talk.screen("Mia") if each.template.startswith("alarm."))
    assert "A voice note or a photo from 09:00 is on the alert's page." in alarm.text
    await world.do("Ben", words.sos, None, Word())
    other = [each for each in await talk.screen("Mia") if each.template.startswith("alarm.")][-1]
    assert "voice note" not in other.text


async def test_nothing_is_read_of_what_somebody_else_sends(
    world: World, browser: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await out(world)
    debrief = await debrief_of(world, row)

    async def never(_request: object) -> None:
        raise AssertionError("it was read")

    monkeypatch.setattr(recordings, "_recorded", never)
    await signed_in(world, browser, "Ben")
    form = FormData()
    form.add_field("voice", SAID, filename="a.ogg", content_type="audio/ogg")
    async with browser.post(f"/debriefs/{debrief.id}/speak", data=form) as answer:
        assert answer.status == 404
