"""What somebody says and sends on another visit while an alert about them is open stands with that alert."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from safety_service.actions import alert_page, alerts, kept_files, timeline, words
from safety_service.actions.alert_page import AlertPage
from safety_service.actions.errors import NotFound
from safety_service.actions.kept_files import Spoken
from safety_service.actions.words import Position, Word
from safety_service.domain.words import Found, KnownBy
from safety_service.store import exclusions, families
from safety_service.store.alerts import AlertRow
from safety_service.store.visits import VisitRow
from tests.danger import DURESS, agreed
from tests.talk import Talk
from tests.world import World

PHOTO = b"\xff\xd8\xff\xe0 a car"


@pytest.fixture
def talk(world: World) -> Talk:
    return Talk(world)


async def sos(world: World, talk: Talk) -> None:
    await talk.says("Ann", "/sos")


async def duress(world: World, talk: Talk) -> None:
    await agreed(world)
    await talk.says("Ann", DURESS)


async def sos_on_a_visit(world: World, talk: Talk) -> None:
    row = await world.inside()
    await world.do("Ann", words.sos, row.id, Word())
    await world.do("Ann", words.left, row.id, Word())
    await world.do("Ann", words.home, row.id, Word())


async def goes_in(world: World, ref: str = "F-2") -> VisitRow:
    world.clock.move(timedelta(seconds=70))
    row = await world.inside(ref=ref)
    world.clock.move(timedelta(seconds=70))
    return row


async def sends(world: World, row: VisitRow, number: int = 1, said_at: datetime | None = None) -> None:
    """A photograph, from inside this visit."""
    known = Spoken(
        kind="photo",
        media_type="image/jpeg",
        size=len(PHOTO),
        body=PHOTO,
        provider_id=f"page:{number}",
        said_at=said_at,
    )
    await world.do("Ann", kept_files.note, known, visit_id=row.id)


async def page(world: World, alert: AlertRow, who: str = "Mia") -> AlertPage:
    found = await world.do(who, alert_page.look, alert.id)
    assert isinstance(found, AlertPage)
    return found


async def notes(world: World, alert: AlertRow, who: str = "Mia") -> list[str]:
    return [each.note for each in (await page(world, alert, who)).facts.words if each.note]


async def files(world: World, alert: AlertRow, who: str = "Mia") -> list[UUID]:
    """What the page lists; all of it opens."""
    listed = [each.id for each in (await page(world, alert, who)).files]
    assert all([await opens(world, who, each) for each in listed])
    return listed


async def opens(world: World, who: str, file_id: UUID) -> bool:
    try:
        return (await world.do(who, kept_files.open_file, file_id))[1] == PHOTO
    except NotFound:
        return False


async def close(world: World, alert: AlertRow) -> None:
    for who in ("Mia", "Dev"):
        await world.do(who, alerts.resolve, alert.id, Found.SAFE, KnownBy.SEEN)


@pytest.mark.parametrize("calls", [sos, duress, sos_on_a_visit])
async def test_from_inside_the_next_home_it_stands_with_the_alert_for_all_who_were_told(
    world: World, talk: Talk, calls: Callable[[World, Talk], Awaitable[None]]
) -> None:
    await calls(world, talk)
    await world.later(5)
    alert = await world.alert()
    assert world.ids["Adam"] in alert.alert.told, "an administrator, who reads no visit"
    row = await goes_in(world)
    await talk.says("Ann", "he followed me in")
    await sends(world, row)
    for who in ("Mia", "Adam"):
        assert await notes(world, alert, who) == ["he followed me in"]
    (file_id,) = await files(world, alert)
    assert await files(world, alert, "Adam") == [file_id]
    assert not await opens(world, "Ben", file_id)


async def test_an_open_page_changes_with_all_that_is_said_there_also_where_nobody_is_told_again(
    world: World, talk: Talk
) -> None:
    await sos_on_a_visit(world, talk)
    alert = await world.alert()
    await goes_in(world)
    await talk.says("Ann", "he followed me in")
    world.clock.move(timedelta(seconds=5))
    mark = await world.do("Mia", alert_page.mark, alert.id)
    await talk.says("Ann", "he has a knife")
    assert await world.do("Mia", alert_page.mark, alert.id) != mark


async def test_the_story_says_that_it_was_on_another_visit_and_not_how_far_from_there(world: World, talk: Talk) -> None:
    await sos_on_a_visit(world, talk)
    alert = await world.alert()
    row = await goes_in(world)
    await world.do("Ann", words.ok, row.id, Word(note="he is here", position=Position(latitude=53.4, longitude=-2.2)))
    told = await world.do("Mia", timeline.of_alert, alert.id)
    assert 'Ann (the worker) said: OK (telegram, on another visit) "he is here"' in told


async def test_what_was_sent_from_a_home_before_the_alert_stays_closed_however_late_it_came(
    world: World, talk: Talk
) -> None:
    row = await goes_in(world)
    await talk.says("Ann", "she is hiding the child")
    await sends(world, row, 1)
    before = world.now
    await world.do("Ann", words.left, row.id, Word())
    await world.do("Ann", words.home, row.id, Word())
    world.clock.move(timedelta(seconds=70))
    await sos(world, talk)
    await world.later(5)
    alert = await world.alert()
    await world.do("Ann", words.note, row.id, Word(note="said in there", said_at=before))
    await sends(world, row, 2, said_at=before)
    assert (await notes(world, alert, "Adam"), await files(world, alert, "Adam")) == ([], [])


async def test_once_the_alert_is_closed_nothing_new_is_taken(world: World, talk: Talk) -> None:
    await sos(world, talk)
    await world.later(5)
    alert = await world.alert()
    row = await goes_in(world)
    await talk.says("Ann", "he followed me in")
    await sends(world, row, 1)
    await close(world, alert)
    world.clock.move(timedelta(seconds=70))
    await talk.says("Ann", "the mother is ill")
    await sends(world, row, 2)
    assert await notes(world, alert) == ["he followed me in"]
    (during,) = await files(world, alert)
    assert not await opens(world, "Adam", during), "told of the call, and no reader of visits"


async def test_whoever_is_kept_off_that_family_reads_nothing_of_it(world: World, talk: Talk) -> None:
    await sos(world, talk)
    alert = await world.alert()
    row = await goes_in(world)
    async with world.database.transaction() as tx:
        family_id = await families.by_ref(tx, world.agency_id, "F-2")
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], reason="sister", family_id=family_id, by=None)
    await world.do("Ann", words.note, row.id, Word(note="he followed me in"))
    await sends(world, row)
    assert (await notes(world, alert), await files(world, alert)) == ([], [])
    assert "followed" not in await world.do("Mia", timeline.of_alert, alert.id)
    (file_id,) = await files(world, alert, "Dev")
    assert await notes(world, alert, "Dev") == ["he followed me in"] and not await opens(world, "Mia", file_id)


async def test_whoever_is_beside_them_there_reads_no_note_that_an_agreed_word_would_be_missed_in(
    world: World, talk: Talk
) -> None:
    await agreed(world)
    await sos(world, talk)
    alert = await world.alert()
    joint = await world.plan("Ann", workers=(world.ids["Ann"], world.ids["Dev"]))
    for who in ("Ann", "Dev"):
        await world.do(who, words.begin, joint.id, Word())
    world.clock.move(timedelta(seconds=70))
    await talk.says("Ann", "hallway")
    await talk.says("Ann", DURESS)
    assert [each.kind for each in (await page(world, alert, "Dev")).facts.words if each.elsewhere] == ["begin"]
    assert await notes(world, alert) == ["hallway"]


async def test_whoever_went_along_on_the_alerts_visit_does_not_read_where_the_worker_went_next(
    world: World, talk: Talk
) -> None:
    joint = await world.plan("Ann", workers=(world.ids["Ann"], world.ids["Ben"]))
    for who in ("Ann", "Ben"):
        await world.do(who, words.begin, joint.id, Word())
    await world.do("Ann", words.sos, joint.id, Word())
    for who in ("Ann", "Ben"):
        await world.do(who, words.left, joint.id, Word())
        await world.do(who, words.home, joint.id, Word())
    await goes_in(world)
    alert = await world.alert()
    await close(world, alert)
    assert "on another visit" not in await world.do("Ben", timeline.of_alert, alert.id)
    assert "on another visit" in await world.do("Mia", timeline.of_alert, alert.id)
