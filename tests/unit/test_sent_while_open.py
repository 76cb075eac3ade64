"""What somebody says and sends while an alert about them is open stands with the alert, wherever they are by then."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from bots.dialogue.incoming import Place
from bots.dialogue.router import handle
from safety_service.actions import alert_page, kept_files, words
from safety_service.actions.alert_page import AlertPage
from safety_service.actions.kept_files import Spoken
from safety_service.actions.words import Word
from safety_service.domain.words import Kind
from safety_service.store.alerts import AlertRow
from safety_service.store.kept_files import KeptFile
from safety_service.store.tables.visits import said
from safety_service.store.visits import VisitRow
from tests.danger import DURESS, agreed
from tests.guidance.telling import debrief_of
from tests.patience import until
from tests.talk import Talk, with_page
from tests.unit.telegram_desk import Desk, desk_in
from tests.unit.test_sent_from_there import SAID, every, opens
from tests.world import World


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with desk_in(world, handle) as desk:
        yield desk


@pytest.fixture
def talk(world: World) -> Talk:
    return Talk(world)


async def page(world: World, alert: AlertRow, who: str = "Mia") -> AlertPage:
    found = await world.do(who, alert_page.look, alert.id)
    assert isinstance(found, AlertPage)
    return found


async def sends_voice(desk: Desk, who: str = "Ann") -> KeptFile:
    """A voice note, by a phone, until it has come in."""

    async def came() -> bool:
        return any(each.next_at is None for each in await every(desk.world))

    phone = await desk.phone(who)
    async with desk.working():
        await phone.sends_voice(SAID)
        await until(came)
    (kept,) = await every(desk.world)
    return kept


async def called(world: World, kind: Kind) -> AlertRow:
    return next(each for each in await world.alerts() if each.alert.kind is kind)


# --- files ---


async def _out_then_sos(world: World, row: VisitRow) -> None:
    await world.do("Ann", words.left, row.id, Word())
    await world.do("Ann", words.sos, None, Word())


async def _not_home(world: World, row: VisitRow) -> None:
    await world.do("Ann", words.left, row.id, Word())
    await world.later(60)


async def _sos_then_home(world: World, row: VisitRow) -> None:
    await world.do("Ann", words.sos, None, Word())
    await world.do("Ann", words.left, row.id, Word())
    await world.do("Ann", words.home, row.id, Word())


@pytest.mark.parametrize(
    ("happens", "kind"), [(_out_then_sos, Kind.SOS), (_not_home, Kind.NOT_HOME), (_sos_then_home, Kind.SOS)]
)
async def test_a_voice_note_after_the_visit_is_for_whoever_has_the_alert_and_not_for_the_debrief(
    desk: Desk, happens: Callable[[World, VisitRow], Awaitable[None]], kind: Kind
) -> None:
    world = desk.world
    row = await world.inside()
    await happens(world, row)
    kept = await sends_voice(desk)
    assert (kept.debrief_id, kept.visit_id) == (None, row.id)
    assert [each.id for each in (await page(world, await called(world, kind))).files] == [kept.id]
    assert await opens(world, "Mia", kept.id)


async def test_with_the_next_visit_planned_it_stays_with_the_visit_of_the_alert(desk: Desk) -> None:
    world = desk.world
    row = await world.inside()
    await _sos_then_home(world, row)
    await world.plan("Ann", ref="F-2", after=180)
    kept = await sends_voice(desk)
    assert kept.visit_id == row.id
    assert await opens(world, "Mia", kept.id)


async def test_under_duress_alone_it_goes_to_the_debrief_as_on_any_other_day(desk: Desk) -> None:
    world = desk.world
    await agreed(world)
    row = await world.inside()
    await Talk(world).says("Ann", DURESS)
    await world.do("Ann", words.left, row.id, Word())
    kept = await sends_voice(desk)
    assert [each.alert.kind for each in await world.alerts()] == [Kind.DURESS]
    assert kept.debrief_id == (await debrief_of(world, row)).id


async def test_what_is_sent_in_no_visit_since_an_alert_opened_stands_with_it_and_nothing_from_before(
    world: World,
) -> None:
    def spoken(number: int) -> Spoken:
        return Spoken(kind="voice", media_type="audio/ogg", size=len(SAID), body=SAID, provider_id=f"page:{number}")

    row = await world.inside()
    await world.do("Ann", kept_files.note, spoken(1))
    world.clock.move(timedelta(minutes=1))
    await _sos_then_home(world, row)
    alert = await world.alert()
    async with world.database.hot.subscribe(f"alert:{alert.id}") as events:
        await world.do("Ann", kept_files.note, spoken(2))
        assert (await anext(events))[0] == f"alert:{alert.id}"
    before, since = await every(world)
    assert [each.id for each in (await page(world, alert)).files] == [since.id]
    assert [await opens(world, "Mia", each.id) for each in (before, since)] == [False, True]
    assert not await opens(world, "Ben", since.id)


async def test_what_is_said_in_no_visit_since_an_alert_opened_stands_in_its_story(world: World) -> None:
    row = await world.inside()
    await world.do("Ann", words.note, None, Word(note="parked by the shop"))
    world.clock.move(timedelta(minutes=1))
    await _sos_then_home(world, row)
    alert = await world.alert()
    mark = await world.do("Mia", alert_page.mark, alert.id)
    world.clock.move(timedelta(seconds=5))
    await world.do("Ann", words.note, None, Word(note="he is following me"))
    told = [each.note for each in (await page(world, alert)).facts.words if each.note]
    assert told == ["he is following me"]
    assert await world.do("Mia", alert_page.mark, alert.id) != mark


# --- words, after a call for help in no visit ---

PLACE = Place(53.48, -2.24, 5)
KEPT = "Kept with your call for help: whoever has it sees it."


async def told(world: World, alert: AlertRow) -> list[str]:
    return [each.note for each in (await page(world, alert)).facts.words if each.note]


async def positions(world: World) -> list[UUID | None]:
    """With which visit each position was kept."""
    async with world.database.reading() as tx:
        found = (await tx.conn.execute(select(said).order_by(said.c.id))).all()
    return [each.visit_id for each in found if each.position is not None]


async def test_what_is_typed_after_a_call_for_help_stands_with_it_and_is_answered_so(world: World, talk: Talk) -> None:
    await talk.says("Ann", "/sos")
    (answer,) = await talk.says("Ann", "He is in the car park behind Tesco with a knife")
    assert answer.text == KEPT
    assert await told(world, await world.alert()) == ["He is in the car park behind Tesco with a knife"]


async def test_a_position_sent_by_hand_after_a_call_for_help_stands_with_it(world: World, talk: Talk) -> None:
    await talk.says("Ann", "/sos")
    (answer,) = await talk.sends("Ann", "position", place=PLACE)
    assert answer.text == KEPT
    seen = (await page(world, await world.alert())).params["last_position"]
    assert (seen["latitude"], seen["longitude"]) == (53.48, -2.24)
    assert await told(world, await world.alert()) == ["(A position.)"]


async def test_a_position_shared_live_after_a_call_for_help_is_kept_every_ten_seconds_and_answered_by_nothing(
    world: World, talk: Talk
) -> None:
    await talk.says("Ann", "/sos")
    for _ in range(7):
        world.clock.move(timedelta(seconds=5))
        assert await talk.sends("Ann", "live_position", place=PLACE) == []
    assert await positions(world) == [None] * 4


async def test_with_a_visit_planned_for_later_all_of_it_stands_with_the_call(world: World, talk: Talk) -> None:
    await world.plan("Ann", after=60)
    await talk.says("Ann", "/sos")
    await talk.sends("Ann", "photo", text="white van LK12 ABC")
    await talk.says("Ann", "by the shop")
    await talk.sends("Ann", "position", place=PLACE)
    await talk.sends("Ann", "live_position", place=PLACE)
    alert = await world.alert()
    assert await told(world, alert) == ["white van LK12 ABC", "by the shop", "(A position.)"]
    assert await positions(world) == [None]


async def test_what_is_typed_after_a_call_for_help_answers_no_debrief_that_asks_for_words(
    world: World, talk: Talk
) -> None:
    talk.channel = "webchat"
    await with_page(world, "Ann")
    row = await world.inside()
    for text in ("out", "home", "/debrief", "a bit off", "alone", "yes", "argued, blocked", "done"):
        await talk.says("Ann", text)
    assert talk.new[-1].template == "form.debrief.happened"
    await talk.says("Ann", "/sos")
    await talk.says("Ann", "he came after me")
    assert await told(world, await world.alert()) == ["he came after me"]
    assert "he came after me" not in str((await debrief_of(world, row)).answers)


async def test_after_the_visit_what_is_typed_stands_with_the_call_that_was_made_in_it(world: World, talk: Talk) -> None:
    row = await world.inside()
    await _sos_then_home(world, row)
    (answer,) = await talk.says("Ann", "he is following me")
    assert answer.text == "Kept.", "the call was made unseen: the screen does not tell of it now"
    assert await told(world, await world.alert()) == ["he is following me"]


async def test_under_duress_alone_every_answer_is_that_of_any_other_day_and_what_came_is_kept(
    world: World, talk: Talk
) -> None:
    async def answered() -> list[str]:
        found = [
            *await talk.says("Ann", "he wants my phone"),
            *await talk.sends("Ann", "position", place=PLACE),
            *await talk.sends("Ann", "live_position", place=PLACE),
        ]
        return [each.text for each in found]

    await agreed(world)
    before = await answered()
    assert await positions(world) == []
    await talk.says("Ann", DURESS)
    assert await answered() == before
    assert await told(world, await world.alert()) == ["he wants my phone", "(A position.)"]
    assert await positions(world) == [None]


async def test_without_an_alert_nothing_that_is_said_outside_a_visit_is_kept(world: World, talk: Talk) -> None:
    (answer,) = await talk.says("Ann", "hallway")
    assert answer.template == "reply.help"
    await talk.sends("Ann", "position", place=PLACE)
    await talk.sends("Ann", "live_position", place=PLACE)
    assert await positions(world) == []


async def test_under_duress_with_a_visit_planned_for_later_captions_and_edits_stand_with_it_and_are_answered_as_before(
    world: World, talk: Talk
) -> None:
    async def answered() -> list[str]:
        found = [
            *await talk.sends("Ann", "photo", text="white van LK12 ABC"),
            *await talk.sends("Ann", "note", text="he is here"),
        ]
        return [each.text for each in found]

    await agreed(world)
    await world.plan("Ann", after=60)
    before = await answered()
    world.clock.move(timedelta(seconds=70))
    await talk.says("Ann", DURESS)
    assert await answered() == before
    there = (await page(world, await called(world, Kind.DURESS))).facts.words
    found = [(each.note, each.elsewhere) for each in there if each.note]
    assert found == [("white van LK12 ABC", False), ("he is here", False)]
