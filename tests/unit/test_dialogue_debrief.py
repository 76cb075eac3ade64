"""The debrief in the chat: two taps when all was well, and never a lost answer."""

from datetime import timedelta

import pytest

from safety_service.actions import debriefs as actions
from safety_service.actions import words
from safety_service.actions.debrief_chasing import sweep_debriefs
from safety_service.actions.words import Word
from safety_service.domain.words import Outcome
from safety_service.store import debriefs, families, visits
from safety_service.store.debriefs import Debrief
from safety_service.store.visits import Wanted
from tests.talk import Talk, with_page
from tests.world import World


@pytest.fixture
async def talk(world: World) -> Talk:
    """Ann is out of a visit that began at nine."""
    await world.inside()
    world.clock.move(timedelta(minutes=12))
    talk = Talk(world)
    await talk.says("Ann", "out")
    return talk


async def of(world: World) -> Debrief:
    """Ann's debrief of the first visit."""
    async with world.database.reading() as tx:
        rows = await visits.listed(tx, Wanted(agency_id=world.agency_id, newest_first=False), 1)
        found = await debriefs.of_visit(tx, rows[0].id, world.ids["Ann"])
    assert found is not None
    return found


async def test_all_well_is_two_taps(world: World, talk: Talk) -> None:
    since = world.now
    world.clock.move(timedelta(seconds=1))
    (seen,) = await talk.presses("Ann", "Fine")
    assert seen.text == "Child or adult seen?"
    assert seen.labels[:4] == ["Alone", "With others", "No", "Not due"]
    (done,) = await talk.presses("Ann", "With others")
    assert done.text == "Done. Thank you." and "Home" in done.labels
    row = await of(world)
    assert (row.state, row.severity, dict(row.answers)) == (
        "submitted",
        "none",
        {"mood": "fine", "seen": "with_others"},
    )
    assert await talk.taps("Ann", since + timedelta(milliseconds=1)) == 2


async def test_no_entry_is_one_tap_and_stands_on_the_visit(world: World, talk: Talk) -> None:
    (done,) = await talk.presses("Ann", "No entry")
    assert done.template == "form.debrief.done"
    visit = await world.visit((await of(world)).visit_id)
    assert visit.visit.outcome is Outcome.NO_ENTRY


async def test_a_hard_visit_is_eight_taps_and_the_rest_is_for_our_own_page(world: World, talk: Talk) -> None:
    since = world.now
    world.clock.move(timedelta(seconds=1))
    await talk.presses("Ann", "Bad")
    (go_on,) = await talk.presses("Ann", "No")
    assert go_on.labels[:3] == ["Yes", "Ring me", "Stop my visits"]
    await talk.presses("Ann", "Yes", of=go_on)
    await talk.presses("Ann", "Hit, held")
    (hurt,) = await talk.presses("Ann", "Done")
    assert hurt.text == "Is anybody hurt?"
    (tell,) = await talk.presses("Ann", "No", of=hurt)
    assert tell.text == "Who has to know now? Choose all, then Done."
    await talk.presses("Ann", "Police")
    (first,) = await talk.presses("Ann", "Done")
    assert await talk.taps("Ann", since + timedelta(milliseconds=1)) == 8
    row = await of(world)
    assert first.text.startswith("Kept. What cannot wait has been passed on.")
    assert first.button("Open our page").url == f"https://doorstep.example/debriefs/{row.id}/tell"
    assert (row.state, row.severity, row.first_part_at is not None) == ("draft", "high", True)
    assert row.answers["tell_now"] == ["police"] and row.answers["met"] == ["hit"]
    async with world.database.reading() as tx:
        family_id = await families.by_ref(tx, world.agency_id, "F-1")
        assert family_id is not None
        assert {each.kind for each in await families.facts(tx, family_id)} == {"violence", "targeted"}
    (rest,) = await talk.says("Ann", "/debrief")
    assert "there is more to tell, on our own page" in rest.text


async def test_a_choice_of_many_is_taken_back_by_pressing_it_again(world: World, talk: Talk) -> None:
    await talk.presses("Ann", "Bad")
    await talk.presses("Ann", "No")
    await talk.presses("Ann", "Yes")
    (met,) = await talk.presses("Ann", "Open threat")
    assert "✓ Open threat" in met.labels
    await talk.presses("Ann", "Dog, damage")
    (unpicked,) = await talk.presses("Ann", "✓ Dog, damage")
    assert "Dog, damage" in unpicked.labels
    await talk.presses("Ann", "Done")
    assert (await of(world)).answers["met"] == ["open_threat"]


async def test_mixed_feelings_alone_are_told_in_full_at_the_roadside(world: World, talk: Talk) -> None:
    await talk.presses("Ann", "A bit off")
    await talk.presses("Ann", "Alone")
    await talk.presses("Ann", "Yes")
    await talk.presses("Ann", "Mixed feelings")
    (done,) = await talk.presses("Ann", "Done")
    assert done.text == "Done. Thank you."
    row = await of(world)
    assert (row.state, row.severity) == ("submitted", "low")
    async with world.database.reading() as tx:
        family_id = await families.by_ref(tx, world.agency_id, "F-1")
        assert family_id is not None and await families.facts(tx, family_id) == []


async def test_going_back_and_saying_otherwise_keeps_the_last_word(world: World, talk: Talk) -> None:
    await talk.presses("Ann", "Bad")
    await talk.presses("Ann", "No")
    (seen,) = await talk.presses("Ann", "Back")
    assert seen.text == "Child or adult seen?" and "As last time" in seen.labels
    await talk.presses("Ann", "Alone")
    assert (await of(world)).answers == {"mood": "bad", "seen": "alone"}


async def test_what_happened_may_be_a_voice_note_where_the_chat_may_carry_it(world: World, talk: Talk) -> None:
    talk.channel = "webchat"
    await with_page(world, "Ann")
    await talk.says("Ann", "/debrief")
    for text in ("a bit off", "alone", "yes", "argued, blocked"):
        await talk.says("Ann", text)
    (happened,) = await talk.says("Ann", "done")
    assert happened.template == "form.debrief.happened"
    (first,) = await talk.sends("Ann", "voice")
    assert first.template == "form.debrief.first"
    assert (await of(world)).answers["happened"] == "(A voice note.)"


async def test_later_keeps_it_and_the_reminder_goes_on_where_it_was(world: World, talk: Talk) -> None:
    await talk.presses("Ann", "Bad")
    await talk.presses("Ann", "Leave it")
    assert (await of(world)).answers == {"mood": "bad"}
    await talk.says("Ann", "home")
    world.clock.move(timedelta(hours=1))
    async with world.database.transaction() as tx:
        await sweep_debriefs(tx, 10)
    reminder = (await talk.screen("Ann"))[-1]
    assert reminder.text == "You have not told me how 09:00 was.\nF-1"
    (seen,) = await talk.presses("Ann", "Tell it now", of=reminder)
    assert seen.text == "Child or adult seen?"


async def test_the_answer_later_asks_nothing_more_now(world: World, talk: Talk) -> None:
    (kept,) = await talk.presses("Ann", "Later")
    assert kept.text == "Kept. Come back to it when you like."
    assert (await of(world)).answers == {}
    (again,) = await talk.says("Ann", "/debrief")
    assert again.text.startswith("Out 09:12. How was it?")


async def test_fine_typed_on_the_way_home_answers_the_question(world: World, talk: Talk) -> None:
    (seen,) = await talk.says("Ann", "Fine")
    assert seen.text == "Child or adult seen?"


async def test_when_everything_is_told_there_is_nothing_to_tell(world: World, talk: Talk) -> None:
    (mood,) = [each for each in await talk.screen("Ann") if each.template == "form.debrief.mood"]
    await talk.presses("Ann", "No entry", of=mood)
    assert (await talk.says("Ann", "/debrief"))[0].text == "Nothing is left to tell."
    assert (await talk.presses("Ann", "Fine", of=mood))[0].text == "That is finished already."


async def test_no_form_is_shown_inside_the_next_visit(world: World, talk: Talk) -> None:
    row = await world.inside(ref="F-2")
    assert (await talk.presses("Ann", "Bad"))[0].text == "That can wait until you are out."
    await world.do("Ann", words.left, row.id, Word())
    assert (await talk.says("Ann", "/debrief"))[0].template == "form.debrief.mood"


async def test_a_button_of_the_chat_after_all_was_given_on_our_page_is_answered_plainly(
    world: World, talk: Talk
) -> None:
    await talk.presses("Ann", "Bad")
    (go_on,) = await talk.presses("Ann", "No")
    row = await of(world)
    await world.do("Ann", actions.submit, row.id, {"go_on": "yes", "met": ["mixed"]})
    (said,) = await talk.presses("Ann", "Yes", of=go_on)
    assert said.text == "You have told that already."
