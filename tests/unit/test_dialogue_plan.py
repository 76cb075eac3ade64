"""Planning in the chat: a known family in a few taps, a new one question by question, nothing typed is lost (P9)."""

from datetime import timedelta

import pytest

from bots.dialogue.incoming import Place
from safety_service.actions import reading, words
from safety_service.actions.words import Word
from safety_service.domain.words import Risk, Status
from safety_service.store import families
from safety_service.store.visits import VisitRow
from tests.talk import Talk, with_page
from tests.world import World

ANSWERS = {"hostility": "none", "joint": "alone", "transport": "car", "exit": "two_ways"}


@pytest.fixture
async def talk(world: World) -> Talk:
    """Ann has been to F-1 before."""
    row = await world.plan(minutes=45, answers=ANSWERS)
    await world.do("Ann", words.cancel, row.id, Word())
    return Talk(world)


async def known_to_be_violent(world: World) -> None:
    async with world.database.transaction() as tx:
        family_id = await families.ensure(tx, world.agency_id, "F-1")
        await families.add_fact(tx, family_id, "open_threat", tx.now.date(), source="debrief", by=None)


async def newest(world: World) -> VisitRow:
    rows = await world.do("Ann", reading.today)
    return next(each for each in rows if each.visit.status not in (Status.CANCELLED, Status.CLOSED))


async def test_a_known_family_is_planned_in_three_taps(world: World, talk: Talk) -> None:
    since = world.now
    world.clock.move(timedelta(minutes=1))
    (who,) = await talk.says("Ann", "/visit")
    assert who.text == "Who? Choose, or type the reference." and "F-1" in who.labels
    (when,) = await talk.presses("Ann", "F-1")
    assert when.text == "When? Choose, or type a time.\nAs last time: 45 minutes.\nF-1"
    assert when.labels[:6] == ["Now", "09:30", "10:00", "10:30", "tomorrow 09:00", "Change"]
    (sure,) = await talk.presses("Ann", "10:00")
    assert sure.text.splitlines() == ["10:00, 45 minutes. I ask every 30 minutes.", "LOW.", "F-1, plan"]
    (done,) = await talk.presses("Ann", "Yes, plan it")
    assert done.text == "Planned: 10:00, 45 minutes.\nF-1"
    assert await talk.taps("Ann", since) == 3
    row = await newest(world)
    assert (row.family_ref, row.address["text"], row.visit.risk) == ("F-1", "1 Elm Row", Risk.LOW)
    assert row.answers == {**ANSWERS, "news": "none"}


async def test_a_high_risk_family_is_planned_in_at_most_six_taps_and_never_without_strategies(
    world: World, talk: Talk
) -> None:
    await known_to_be_violent(world)
    since = world.now
    await talk.says("Ann", "/visit")
    await talk.presses("Ann", "F-1")
    (strategies,) = await talk.presses("Ann", "Now")
    assert strategies.text.startswith("A threat is expected. What will you do about it?")
    (none_yet,) = (await talk.presses("Ann", "Done"))[:1]
    assert none_yet.text == "I need an answer here."
    (picked,) = await talk.presses("Ann", "I stay by the door")
    assert "✓ I stay by the door" in picked.labels
    (sure,) = await talk.presses("Ann", "Done")
    assert sure.text.splitlines() == [
        "Now, 45 minutes. I ask every 15 minutes.",
        "HIGH. A manager has to decide. I will watch you if you go.",
        "F-1, plan",
        "Lacking: Ann: Personal safety.",
    ]
    assert "Raise it" not in sure.labels
    (own_word, read, done) = await talk.presses("Ann", "Yes, plan it")
    assert own_word.text.startswith("You have set no words of your own yet.")
    assert read.labels == ["Read"]
    assert done.text.splitlines()[2:] == [
        "Lacking: Ann: Personal safety.",
        "I will watch you if you go. Mia has been told.",
    ]
    assert done.labels == ["Going in", "Late", "Not going"]
    assert await talk.taps("Ann", since) <= 6 + 1  # one of them was the test's own Done too early
    row = await newest(world)
    assert (row.visit.status, row.answers["strategies"]) == (Status.WAITING, ["door"])


async def test_the_reasons_are_shown_where_the_channel_may_carry_them_and_our_page_is_offered_where_not(
    world: World, talk: Talk
) -> None:
    await known_to_be_violent(world)
    await with_page(world, "Ann")
    await talk.says("Ann", "/visit F-1 45m")
    await talk.says("Ann", "door")
    (sure,) = await talk.says("Ann", "done")
    assert "threat on" not in sure.text and "Open our page" in sure.labels
    talk.channel = "webchat"
    (go_on,) = await talk.says("Ann", "/visit")
    assert go_on.text == "You had begun this. Go on where you were?"
    (sure,) = await talk.presses("Ann", "Go on")
    assert "Open threat on 16 November 2026." in sure.text


async def test_risk_is_raised_in_one_tap(world: World, talk: Talk) -> None:
    await talk.says("Ann", "/visit F-1 45m")
    (sure,) = await talk.presses("Ann", "Raise it")
    assert "HIGH. A manager has to decide." in sure.text
    await talk.presses("Ann", "Yes, plan it")
    row = await newest(world)
    assert row.visit.risk is Risk.HIGH and [each["key"] for each in row.because] == ["raised"]


async def test_the_quick_form_plans_a_known_family_in_one_tap(world: World, talk: Talk) -> None:
    (sure,) = await talk.says("Ann", "/visit f-1 30m every 10m")
    assert sure.text.splitlines()[0] == "Now, 30 minutes. I ask every 10 minutes."
    await talk.presses("Ann", "Yes, plan it")
    row = await newest(world)
    assert row.visit.ends_at - row.visit.starts_at == timedelta(minutes=30)
    assert row.visit.watches[0].interval == timedelta(minutes=10)


async def test_a_new_family_is_asked_question_by_question(world: World, talk: Talk) -> None:
    talk.channel = "webchat"
    await with_page(world, "Ann")
    await talk.says("Ann", "/visit")
    said = [
        ("n-77", "When?"),
        ("11:00", "Where?"),
        ("4 Hill Road, Northfield", "What for?"),
        ("Assessment", "How long?"),
        ("50 min", "How often shall I ask?"),
        ("20m", "What do you expect?"),
        ("A threat", "Talked through with your manager?"),
        ("yes", "What else is there?"),
        ("loose dog, no signal", "What else is there?"),
        ("done", "Any news to bring?"),
        ("bad news", "Who goes with you?"),
        ("a colleague", "Which colleague?"),
        ("Ben", "How do you get there?"),
        ("my bike, locked outside", "Way out?"),
        ("one door only", "A threat is expected."),
        ("I keep my coat on, I stay by the door", "A threat is expected."),
        ("done", "11:00, 50 minutes. I ask every 15 minutes."),
    ]
    bubble = None
    for text, answered in said:
        bubble = (await talk.says("Ann", text))[-1]
        assert bubble.text.startswith(answered), (text, bubble.text)
    assert bubble is not None
    assert bubble.text.splitlines()[1:3] == [
        "HIGH. A manager has to decide. I will watch you if you go.",
        "n-77, Assessment",
    ]
    await talk.says("Ann", "yes, plan it")
    row = await newest(world)
    assert row.family_ref == "N-77" and row.address["text"] == "4 Hill Road, Northfield"
    assert row.workers == {world.ids["Ann"], world.ids["Ben"]}
    assert row.answers == {
        "hostility": "threat",
        "talked": "yes",
        "around": ["dog", "no_signal"],
        "news": "bad",
        "joint": "colleague",
        "colleague": str(world.ids["Ben"]),
        "transport": "my bike, locked outside",
        "exit": "front_only",
        "strategies": ["I keep my coat on", "door"],
    }


async def test_an_address_is_asked_on_our_own_page_where_the_chat_may_not_carry_it(world: World, talk: Talk) -> None:
    await with_page(world, "Ann")
    await talk.says("Ann", "/visit N-77 45m at 11:00")
    elsewhere = (await talk.screen("Ann"))[-1]
    assert elsewhere.text == "The next question is for our own page, not for this chat."
    assert elsewhere.button("Open our page").url == "https://doorstep.example/chat"
    assert [each.template for each in await talk.screen("Ann", channel="webchat")] == ["form.visit.address"]
    talk.channel = "webchat"
    (purpose,) = await talk.sends("Ann", "position", place=Place(50.9, -1.4))
    assert purpose.text.startswith("What for?")
    talk.channel = "telegram"
    (length,) = await talk.says("Ann", "review")
    assert length.text.startswith("How often")


async def test_what_cannot_be_read_is_answered_with_why_and_nothing_given_is_lost(world: World, talk: Talk) -> None:
    await talk.says("Ann", "/visit")
    await talk.says("Ann", "F-1")
    why, again = await talk.says("Ann", "quarter past nothing")
    assert why.text == 'I cannot read "quarter past nothing" as a time. Try 14:30, or tomorrow 9:00.'
    assert again.template == "form.visit.starts" and "F-1" in again.text
    (sure,) = await talk.says("Ann", "tomorrow 9:30")
    assert sure.text.startswith("tomorrow 09:30, 45 minutes.")


async def test_going_back_offers_what_was_said_before(world: World, talk: Talk) -> None:
    await talk.says("Ann", "/visit")
    await talk.says("Ann", "F-1")
    (sure,) = await talk.says("Ann", "10:00")
    (when,) = await talk.presses("Ann", "Back")
    assert when.template == "form.visit.starts" and when.labels[0] == "As last time"
    (sure,) = await talk.presses("Ann", "As last time")
    assert sure.text.startswith("10:00, 45 minutes.")


async def test_change_asks_everything_again_and_offers_last_times_answers(world: World, talk: Talk) -> None:
    await talk.says("Ann", "/visit F-1")
    talk.channel = "webchat"
    await with_page(world, "Ann")
    await talk.says("Ann", "/visit")
    await talk.presses("Ann", "Go on")
    (when,) = await talk.presses("Ann", "Change")
    assert when.text == "When? Choose, or type a time.\nF-1" and "Change" not in when.labels
    (where,) = await talk.says("Ann", "10:00")
    assert where.template == "form.visit.address" and where.labels[0] == "As last time"
    (purpose,) = await talk.presses("Ann", "As last time")
    assert purpose.template == "form.visit.purpose"


async def test_a_half_filled_form_waits_and_is_offered_again(world: World, talk: Talk) -> None:
    await talk.says("Ann", "/visit")
    await talk.says("Ann", "F-1")
    (kept,) = await talk.presses("Ann", "Leave it")
    assert kept.text == "Kept. Come back to it when you like."
    assert (await talk.says("Ann", "10:00"))[0].template == "reply.help"
    world.clock.move(timedelta(days=1))
    (offer,) = await talk.says("Ann", "/visit")
    assert offer.labels == ["Go on", "Start again"]
    (when,) = await talk.presses("Ann", "Go on")
    assert when.template == "form.visit.starts" and when.text.endswith("F-1")
    await talk.says("Ann", "/visit")
    (who,) = await talk.presses("Ann", "Start again")
    assert who.template == "form.visit.ref"


async def test_a_button_of_an_earlier_question_of_a_form_asks_the_present_one(world: World, talk: Talk) -> None:
    (who,) = await talk.says("Ann", "/visit")
    await talk.presses("Ann", "F-1", of=who)
    stale, when = await talk.presses("Ann", "F-1", of=who)
    assert stale.text == "That was an earlier question." and when.template == "form.visit.starts"


async def test_a_form_that_is_finished_says_so(world: World, talk: Talk) -> None:
    (sure,) = await talk.says("Ann", "/visit F-1 30m")
    await talk.presses("Ann", "Yes, plan it", of=sure)
    (finished,) = await talk.presses("Ann", "Yes, plan it", of=sure)
    assert finished.text == "That is finished already."
    assert len([each for each in await world.do("Ann", reading.today) if each.visit.status is Status.PLANNED]) == 1


async def test_what_the_action_refuses_leaves_the_form_as_it_was(world: World, talk: Talk) -> None:
    (sure,) = await talk.says("Ann", "/visit F-1 30m at 09:30")
    world.clock.move(timedelta(hours=2))
    (refused,) = await talk.presses("Ann", "Yes, plan it", of=sure)
    assert refused.text == "That time is over."
    (length,) = await talk.presses("Ann", "Back", of=sure)
    assert length.template == "form.visit.length"
    (when,) = await talk.presses("Ann", "Back")
    assert when.template == "form.visit.starts"
    await talk.says("Ann", "in 10")
    await talk.presses("Ann", "As last time")
    (done,) = await talk.presses("Ann", "Yes, plan it")
    assert done.text.startswith("Planned: 11:10")


async def test_a_form_waits_while_its_worker_is_inside_and_goes_on_after(world: World, talk: Talk) -> None:
    await talk.says("Ann", "/visit")
    (when,) = await talk.presses("Ann", "F-1")
    row = await world.inside(ref="F-2")
    assert (await talk.presses("Ann", "10:00", of=when))[0].text == "That can wait until you are out."
    assert (await talk.says("Ann", "10:00"))[0].text == "OK?"
    await world.do("Ann", words.home, row.id, Word())
    (sure,) = await talk.presses("Ann", "10:00", of=when)
    assert sure.template == "form.visit.confirm"


async def test_a_word_for_the_watch_is_one_even_while_a_form_is_open(world: World, talk: Talk) -> None:
    row = await world.inside(ref="F-2")
    await world.do("Ann", words.left, row.id, Word())
    await talk.says("Ann", "/visit")
    assert (await talk.says("Ann", "home"))[0].template == "reply.home"
    assert (await talk.says("Ann", "F-1"))[0].template == "form.visit.starts"


async def test_somebody_who_does_not_visit_is_told_so(world: World, talk: Talk) -> None:
    await talk.says("Rita", "/visit F-9 30m at 10:00")
    await with_page(world, "Rita")
    talk.channel = "webchat"
    await talk.says("Rita", "/visit")
    await talk.presses("Rita", "Go on")
    for text in ("1 High Street", "review", "skip", "all calm", "done", "none", "nobody", "bus or train", "not known"):
        await (talk.presses("Rita", "Skip") if text == "skip" else talk.says("Rita", text))
    (refused,) = await talk.presses("Rita", "Yes, plan it")
    assert refused.template.startswith("refused.")


async def test_leave_it_typed_where_words_are_asked_for_is_the_button_and_no_address(world: World, talk: Talk) -> None:
    await with_page(world, "Ann")
    talk.channel = "webchat"
    await talk.says("Ann", "/visit")
    await talk.says("Ann", "N-5")
    (where,) = await talk.says("Ann", "Now")
    assert where.text == "Where? Type it, or send a position."
    (when,) = await talk.says("Ann", "back")
    assert when.text.startswith("When?")
    await talk.says("Ann", "Now")
    (left,) = await talk.says("Ann", "leave it")
    assert left.text == "Kept. Come back to it when you like."


async def test_as_last_time_whoever_came_along_then_goes_with_whoever_went_first(world: World) -> None:
    talk = Talk(world)
    ann, ben = world.ids["Ann"], world.ids["Ben"]
    joint = {**ANSWERS, "joint": "colleague", "colleague": str(ben)}
    before = await world.plan("Ann", workers=(ann, ben), answers=joint)
    await talk.says("Ben", "/visit")
    for label in ("F-1", "10:00", "Yes, plan it"):
        await talk.presses("Ben", label)
    row = next(each for each in await world.do("Ben", reading.today) if each.id != before.id)
    assert row.workers == {ann, ben} and row.answers["colleague"] == str(ann)
