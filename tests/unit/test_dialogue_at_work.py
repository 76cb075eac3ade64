"""A worker's day in the chat: at the door, inside, out, home; every word is answered, and gives nobody away."""

from datetime import timedelta

import pytest

from bots.dialogue.incoming import Place
from bots.dialogue.tokens import Token
from safety_service.actions import words
from safety_service.actions.words import Word
from safety_service.domain.words import Kind, Phase, Status
from safety_service.store import said
from tests.talk import Talk
from tests.world import World


@pytest.fixture
def talk(world: World) -> Talk:
    return Talk(world)


async def test_an_ordinary_visit_is_a_few_taps_and_each_answer_says_the_next_time(world: World, talk: Talk) -> None:
    row = await world.plan(minutes=45)
    (bubble,) = await talk.says("Ann", "/where")
    assert bubble.labels == ["Going in", "Late", "Not going"]
    (bubble,) = await talk.presses("Ann", "Going in")
    assert bubble.text == "OK. 09:30.\n(09:00 visit)"
    assert bubble.labels == ["OK", "+5", "+15", "Out", "Ring me", "Office now", "Battery low", "No signal"]
    world.clock.move(timedelta(minutes=10))
    (bubble,) = await talk.presses("Ann", "OK")
    assert bubble.text == "OK. 09:40.\n(09:00 visit)"
    (bubble,) = await talk.presses("Ann", "+15")
    assert bubble.text == "OK. 09:40. Out by 10:00.\n(09:00 visit)"
    (bubble,) = await talk.presses("Ann", "Out")
    assert bubble.text.startswith("Out 09:10. How was it?\nHome by 09:40?")
    assert bubble.labels[:5] == ["Fine", "A bit off", "Bad", "No entry", "Later"]
    assert "Home" in bubble.labels
    (bubble,) = await talk.presses("Ann", "Home")
    assert bubble.text == "Home 09:10. Done."
    assert (await world.visit(row.id)).visit.status is Status.CLOSED
    assert await talk.taps("Ann", world.now - timedelta(hours=1)) == 5


@pytest.mark.parametrize("text", ["ok", "OK!", "k", "Fine", "yes", "👍", "/ok", "/ok@doorstep_bot"])
async def test_any_word_for_all_well_counts(world: World, talk: Talk, text: str) -> None:
    row = await world.inside()
    world.clock.move(timedelta(minutes=5))
    (bubble,) = await talk.says("Ann", text)
    assert bubble.text.startswith("OK. 09:35.")
    assert (await world.visit(row.id)).visit.watch(world.ids["Ann"]).last_word_at == world.now


async def test_typed_words_run_the_whole_visit(world: World, talk: Talk) -> None:
    await world.plan(minutes=45)
    assert (await talk.says("Ann", "going in"))[0].template == "reply.begin"
    assert (await talk.says("Ann", "here"))[0].template == "reply.begin"
    assert (await talk.says("Ann", "+30"))[0].template == "reply.extend"
    assert (await talk.says("Ann", "/extend 10m"))[0].template == "reply.extend"
    assert (await talk.says("Ann", "out"))[0].template == "form.debrief.mood"
    assert (await talk.says("Ann", "home!"))[0].template == "reply.home"
    assert (await talk.says("Ann", "ok"))[0].template == "reply.nothing_now"


async def test_more_time_shows_how_the_end_has_moved(world: World, talk: Talk) -> None:
    await world.inside(minutes=45)
    (bubble,) = await talk.says("Ann", "+15")
    assert bubble.text.startswith("OK. 09:30. Out by 10:00."), "asked every 30 minutes, begun at 09:00"


async def test_a_word_counts_from_when_it_was_said(world: World, talk: Talk) -> None:
    await world.inside()
    world.clock.move(timedelta(minutes=10))
    (bubble,) = await talk.says("Ann", "ok", at=world.now - timedelta(minutes=4))
    assert bubble.text.startswith("OK. 09:36.")


async def test_a_button_of_an_earlier_question_is_answered_by_asking_the_present_one(world: World, talk: Talk) -> None:
    row = await world.inside()
    earlier = (await talk.says("Ann", "ok"))[0]
    await world.later(30.5)
    asked = (await talk.screen("Ann"))[-1]
    assert asked.text == "09:30?"
    stale, again = await talk.presses("Ann", "OK", of=earlier)
    assert stale.text == "That was an earlier question."
    assert again.text == "09:30?"
    watch = (await world.visit(row.id)).visit.watch(world.ids["Ann"])
    assert watch.last_word_at is not None and watch.last_word_at < world.now - timedelta(minutes=30)
    (answer,) = await talk.presses("Ann", "OK", of=again)
    assert answer.template == "reply.ok"


async def test_the_first_question_can_still_be_answered_after_its_nudge(world: World, talk: Talk) -> None:
    await world.inside()
    await world.later(30.5)
    asked = (await talk.screen("Ann"))[-1]
    await world.later(2)
    assert (await talk.screen("Ann"))[-1].text == "09:30? Asking once more."
    (answer,) = await talk.presses("Ann", "OK", of=asked)
    assert answer.template == "reply.ok"


async def test_ring_me_and_help_never_grow_stale_and_look_like_an_ok(world: World, talk: Talk) -> None:
    await world.inside()
    first = (await talk.says("Ann", "ok"))[0]
    await world.later(31)
    (ring,) = await talk.presses("Ann", "Ring me", of=first)
    (cry,) = await talk.presses("Ann", "Office now", of=first)
    (fine,) = await talk.says("Ann", "ok", at=world.now - timedelta(minutes=31))
    assert ring.text == cry.text == fine.text == "OK. 09:30.\n(09:00 visit)"
    assert ring.labels == cry.labels == first.labels
    assert [each.alert.kind for each in await world.alerts()] == [Kind.SOS]
    assert [each.template for each in await world.deliver() if each.template.startswith("ring.")] == ["ring.wanted"]


async def test_help_without_a_visit_says_who_is_told_and_that_the_police_are_not(world: World, talk: Talk) -> None:
    (bubble,) = await talk.says("Ann", "/sos")
    assert "Managers are being told now. The police are not: ring 999" in bubble.text
    assert "ring 01632 960000" in bubble.text
    assert (await world.alert()).alert.kind is Kind.SOS


@pytest.mark.parametrize("text", ["help", "HELP ME", "emergency!"])
async def test_a_typed_help_is_asked_plainly_with_the_button(world: World, talk: Talk, text: str) -> None:
    await world.inside()
    (bubble,) = await talk.says("Ann", text)
    assert bubble.text == "Office now?" and "Office now" in bubble.labels
    assert await world.alerts() == []
    await talk.presses("Ann", "Office now")
    assert (await world.alert()).alert.kind is Kind.SOS


async def test_a_position_is_an_ok_and_a_far_one_is_asked_about(world: World, talk: Talk) -> None:
    row = await world.inside(latitude=50.9000, longitude=-1.4000)
    world.clock.move(timedelta(minutes=5))
    (near,) = await talk.sends("Ann", "position", place=Place(50.9001, -1.4001))
    assert near.text == "OK. 09:35.\n(09:00 visit)"
    (far,) = await talk.sends("Ann", "position", place=Place(50.9206, -1.4000))
    assert far.text == "OK. 09:35.\nYou are 2.3 km away: right place?"
    async with world.database.reading() as tx:
        kept = [each.position["distance_m"] for each in await said.of_visit(tx, row.id) if each.position]
    assert kept[0] < 100 and 2200 < kept[1] < 2400


async def test_a_live_position_changes_no_deadline_and_one_a_minute_is_kept(world: World, talk: Talk) -> None:
    row = await world.inside()
    due_at = (await world.visit(row.id)).visit.watch(world.ids["Ann"]).due_at
    for _ in range(13):
        world.clock.move(timedelta(seconds=10))
        assert await talk.sends("Ann", "live_position", place=Place(50.9, -1.4)) == []
    assert (await world.visit(row.id)).visit.watch(world.ids["Ann"]).due_at == due_at
    async with world.database.reading() as tx:
        assert sum(each.position is not None for each in await said.of_visit(tx, row.id)) == 3


async def test_while_an_alarm_is_open_a_live_position_is_kept_every_ten_seconds(world: World, talk: Talk) -> None:
    row = await world.inside()
    await talk.sends("Ann", "live_position", place=Place(50.9, -1.4))
    world.clock.move(timedelta(seconds=5))
    await world.do("Ann", words.sos, row.id, Word())
    for step in range(1, 7):
        world.clock.move(timedelta(seconds=5))
        await talk.sends("Ann", "live_position", place=Place(50.9, -1.4 - step / 1000))
    async with world.database.reading() as tx:
        kept = [round(each.position["longitude"], 3) for each in await said.of_visit(tx, row.id) if each.position]
    assert kept == [-1.4, -1.401, -1.403, -1.405]


async def test_anything_else_said_inside_is_kept_and_answered_with_ok(world: World, talk: Talk) -> None:
    row = await world.inside()
    due_at = (await world.visit(row.id)).visit.watch(world.ids["Ann"]).due_at
    world.clock.move(timedelta(minutes=3))
    (bubble,) = await talk.says("Ann", "he is shouting upstairs")
    assert bubble.text == "OK?" and bubble.labels[0] == "OK"
    (bubble,) = await talk.sends("Ann", "voice")
    assert bubble.text == "OK?"
    async with world.database.reading() as tx:
        notes = [each.note for each in await said.of_visit(tx, row.id) if each.note]
    assert notes == ["he is shouting upstairs", "(A voice note.)"]
    assert (await world.visit(row.id)).visit.watch(world.ids["Ann"]).due_at == due_at


@pytest.mark.parametrize(
    "text", ["/today", "/visit", "/brief F-1", "/board", "/alerts", "/debrief", "/cover", "/me", "/start"]
)
async def test_nothing_that_shows_names_is_shown_inside(world: World, talk: Talk, text: str) -> None:
    await world.inside()
    (bubble,) = await talk.says("Ann", text)
    assert bubble.text == "That can wait until you are out."
    assert bubble.labels == ["OK", "+5", "+15", "Out", "Ring me", "Office now"]


async def test_everything_that_a_worker_is_shown_inside_is_on_the_list_that_is_read_for_safety(
    world: World, talk: Talk
) -> None:
    from bots.dialogue.known import INSIDE

    await world.inside()
    seen = set()
    for text in (
        "ok",
        "+15",
        "/extend soon",
        "help",
        "ring me",
        "what now",
        "/help",
        "/where",
        "/today",
        "/stop",
        "/cancel",
    ):
        seen |= {each.template for each in await talk.says("Ann", text)}
    for token in ("nonsense", str(Token("take", world.agency_id)), str(Token("f", world.agency_id, 1, "0"))):
        seen |= {each.template for each in await talk.token("Ann", token)}
    await world.later(50)
    seen |= {each.template for each in (await talk.screen("Ann"))}
    assert seen <= INSIDE | {"reply.begin"}, seen - INSIDE


async def test_the_next_visit_holds_the_watch_and_the_answer_names_it(world: World, talk: Talk) -> None:
    await world.inside()
    await world.plan(ref="F-2", after=60)
    (bubble,) = await talk.says("Ann", "out")
    assert bubble.text == "Out 09:00. How was it?\nNext: 10:00.\nF-2"
    assert "Home" not in bubble.labels
    (bubble,) = await talk.says("Ann", "/begin")
    assert bubble.text.endswith("(10:00 visit)")


async def test_beginning_the_next_takes_a_worker_out_of_the_last(world: World, talk: Talk) -> None:
    first = await world.inside()
    await world.plan(ref="F-2", after=60)
    await talk.says("Ann", "/begin")
    assert (await world.visit(first.id)).visit.watch(world.ids["Ann"]).phase is Phase.DONE


async def test_what_cannot_be_done_is_refused_with_the_reason_and_the_watch_goes_on(world: World, talk: Talk) -> None:
    row = await world.inside()
    (bubble,) = await talk.says("Ann", "/cancel")
    assert bubble.text == "You are in already. Say Out when you are out."
    assert bubble.labels[0] == "OK"
    (bubble,) = await talk.says("Ann", "/extend soon")
    assert bubble.text == "Longer by how much? For example +15."
    assert (await world.visit(row.id)).visit.watch(world.ids["Ann"]).phase is Phase.INSIDE


async def test_the_last_extra_time_says_that_it_is_the_last(world: World, talk: Talk) -> None:
    await world.inside(minutes=30)
    answers = [(await talk.says("Ann", "+30"))[0].text for _ in range(3)]
    assert ["No more after that." in each for each in answers] == [False, False, True]


async def test_another_workers_button_is_nobodys(world: World, talk: Talk) -> None:
    row = await world.inside("Ben")
    await world.plan("Ann", ref="F-2")
    (bubble,) = await talk.token("Ann", str(Token("out", row.id, 0)))
    assert bubble.text == "I do not know of that."
    assert (await world.visit(row.id)).visit.watch(world.ids["Ben"]).phase is Phase.INSIDE


async def test_an_unknown_button_gets_a_plain_answer(world: World, talk: Talk) -> None:
    assert (await talk.token("Ann", "pay:100"))[0].text == "That button has had its time."
    assert (await talk.token("Ann", ""))[0].text == "That button has had its time."


async def test_outside_a_visit_anything_unknown_is_answered_with_what_can_be_said(world: World, talk: Talk) -> None:
    for text in ("hello?", "/setphrases", "/nonsense"):
        (bubble,) = await talk.says("Ann", text)
        assert bubble.template == "reply.help"
    assert [each.template for each in await talk.says("Mia", "?")] == ["reply.help", "reply.help_manager"]


async def test_start_says_what_the_service_does_and_does_not_do(world: World, talk: Talk) -> None:
    (bubble,) = await talk.says("Ann", "/start")
    assert "The police are not: ring 999." in bubble.text and "Ann" in bubble.text


async def test_late_and_not_going_are_one_tap_at_the_door(world: World, talk: Talk) -> None:
    row = await world.plan(after=1)
    await world.later(12)
    asked = (await talk.screen("Ann"))[-1]
    assert asked.text == "09:01. Going in, late, or not going?"
    (late,) = await talk.presses("Ann", "Late", of=asked)
    assert late.text == "OK. New time: 09:27."
    await talk.presses("Ann", "Not going", of=late)
    assert (await world.visit(row.id)).visit.status is Status.CANCELLED


async def test_a_word_of_a_worker_whose_visit_ended_is_answered_plainly(world: World, talk: Talk) -> None:
    row = await world.inside()
    old = (await talk.says("Ann", "ok"))[0]
    await world.do("Ann", words.home, row.id, Word())
    bubbles = await talk.presses("Ann", "OK", of=old)
    assert bubbles[0].template in ("refused.visit_is_over", "reply.stale")
