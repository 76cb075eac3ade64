"""A manager acts from the message: takes it, rings, passes it on, closes it in two taps; the first yes wins."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from safety_service.actions import words
from safety_service.actions.words import Word
from safety_service.domain.words import Decided, Found, Kind, KnownBy, State
from safety_service.store import families
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.system import event_log
from tests.danger import DURESS, OWN, agreed
from tests.talk import Bubble, Talk
from tests.world import World


@pytest.fixture
async def talk(world: World) -> Talk:
    """Ann is inside and has fallen silent: Mia, on duty, has the alarm."""
    await world.inside(latitude=50.9, longitude=-1.4)
    await world.later(36)
    assert (await world.alert()).alert.kind is Kind.MISSED_CHECK_IN
    return Talk(world)


async def alarm(talk: Talk, who: str = "Mia") -> Bubble:
    return next(each for each in await talk.screen(who) if each.template.startswith("alarm."))


async def test_taking_it_is_one_tap_and_says_whom_to_ring(world: World, talk: Talk) -> None:
    (taken,) = await talk.presses("Mia", "I have it")
    number = (await world.alert()).alert.number
    assert taken.text.splitlines()[0] == f"You have alarm {number}. Ann: 07700 900000."
    assert taken.text.splitlines()[1] == "Tell me when you know more. I ask again by 09:51."
    assert taken.labels == ["Heard, safe", "Still trying", "999 rung", "Call", "Pass on", "Close it"]
    assert (await talk.screen("Ann"))[-1].text == "Read 09:36."


async def test_the_first_yes_wins_and_the_second_may_take_over(world: World, talk: Talk) -> None:
    await world.later(6)
    assert (await alarm(talk, "Dev")).labels[0] == "I have it"
    await talk.presses("Mia", "I have it")
    (refused,) = await talk.presses("Dev", "I have it", of=await alarm(talk, "Dev"))
    assert refused.text == "Mia has it already." and refused.labels == ["Take over"]
    (taken,) = await talk.presses("Dev", "Take over", of=refused)
    assert taken.template == "reply.took"
    assert world.name((await world.alert()).alert.owner_id) == "Dev"


async def test_closing_is_two_taps(world: World, talk: Talk) -> None:
    await talk.presses("Mia", "I have it")
    since = world.now
    world.clock.move(timedelta(seconds=1))
    (how,) = await talk.presses("Mia", "Heard, safe")
    assert how.text.endswith("Ann: safe. How do you know?")
    assert how.labels[:4] == ["Heard their voice", "Saw them", "Police told me", "Another way"]
    (closed,) = await talk.presses("Mia", "Heard their voice")
    alert = (await world.alert()).alert
    assert closed.text == f"Alarm {alert.number} is closed." and alert.state is State.RESOLVED
    assert alert.resolution is not None
    assert (alert.resolution.found, alert.resolution.known_by) == (Found.SAFE, KnownBy.HEARD_VOICE)
    assert await talk.taps("Mia", since + timedelta(milliseconds=1)) == 2


async def test_anything_else_that_was_found_is_chosen_and_another_way_of_knowing_is_said_in_words(
    world: World, talk: Talk
) -> None:
    await talk.presses("Mia", "I have it")
    (what,) = await talk.presses("Mia", "Close it")
    assert what.labels[:6] == ["Safe", "False alarm", "Late, and well", "Needed help", "Police have it", "Harmed"]
    await talk.presses("Mia", "Late, and well")
    (how,) = await talk.presses("Mia", "Another way")
    assert how.text == "How do you know? In a few words."
    await talk.says("Mia", "Her neighbour rang me.")
    alert = (await world.alert()).alert
    assert alert.resolution is not None and alert.resolution.note == "Her neighbour rang me."
    assert alert.state is State.RESOLVED


async def test_a_text_or_an_ok_never_closes_an_alarm(world: World, talk: Talk) -> None:
    await talk.says("Mia", "ok")
    await talk.says("Ann", "ok")
    assert (await world.alert()).alert.state is State.OPEN
    assert any(each.template == "alert.late_ok" for each in await talk.screen("Mia"))


async def test_an_sos_needs_a_second_person_who_agrees_to_the_same(world: World) -> None:
    talk = Talk(world)
    await talk.says("Ann", "/sos")
    await talk.presses("Mia", "I have it")
    await talk.presses("Mia", "Heard, safe")
    (asked,) = await talk.presses("Mia", "Saw them")
    assert asked.text == "Noted. It closes when a second person agrees. I am asking them."
    wanted = (await talk.screen("Dev"))[-1]
    assert wanted.labels == ["I agree", "Not so"]
    (not_so,) = await talk.presses("Dev", "Not so", of=wanted)
    assert not_so.template == "reply.not_so" and (await world.alert()).alert.open
    (closed,) = await talk.presses("Dev", "I agree", of=wanted)
    assert closed.template == "reply.resolved"
    assert (await world.alert()).alert.state is State.RESOLVED


async def test_nobody_agrees_with_themselves(world: World) -> None:
    talk = Talk(world)
    await talk.says("Ann", "/sos")
    for label in ("I have it", "Heard, safe", "Saw them"):
        await talk.presses("Mia", label)
    wanted = (await talk.screen("Dev"))[-1]
    (answer,) = await talk.token("Mia", wanted.button("I agree").token or "")
    assert answer.template == "reply.second_asked" and (await world.alert()).alert.open


async def test_call_map_and_the_words_for_999(world: World, talk: Talk) -> None:
    bubble = await alarm(talk)
    (call,) = await talk.presses("Mia", "Call", of=bubble)
    assert call.text == "Ann: 07700 900000"
    (place,) = await talk.presses("Mia", "Map", of=bubble)
    assert place.text.startswith("https://www.openstreetmap.org/?mlat=50.90000&mlon=-1.40000")
    (spoken,) = await talk.presses("Mia", "999 words", of=bubble)
    assert spoken.text.startswith('"I am ringing about Ann, alone at 1 Elm Row since 09:00.')
    assert "No word since 09:00." in spoken.text


async def words_for_999(world: World, *, kind: str) -> str:
    talk = Talk(world)
    shown = next(each for each in await talk.screen("Mia") if each.template == f"alarm.{kind}")
    (spoken,) = await talk.presses("Mia", "999 words", of=shown)
    return spoken.text


async def test_the_police_are_not_sent_to_a_door_as_if_they_were_still_behind_it(world: World) -> None:
    row = await world.inside()
    await world.later(10)
    await world.do("Ann", words.left, row.id, Word())
    await world.later(5)
    await world.do("Ann", words.sos, row.id, Word())
    spoken = await words_for_999(world, kind="sos")
    assert "alone at 1 Elm Row since 09:00. They said at 09:10 that they had left." in spoken
    assert "They asked for help at 09:15." in spoken and "No word since" not in spoken
    shown = next(each for each in await Talk(world).screen("Mia") if each.template == "alarm.sos")
    assert "1 Elm Row (F-1). Left 09:10, they said." in shown.text


async def test_nobody_is_said_to_be_where_they_never_said_that_they_went_in(world: World) -> None:
    await world.plan()
    await world.later(25)
    spoken = await words_for_999(world, kind="not_begun")
    assert "They were expected there at 09:00, and have not said that they went in." in spoken
    assert "since 09:00" not in spoken and "left" not in spoken


async def test_passing_on_offers_those_who_can_be_reached_and_waits_for_their_yes(world: World, talk: Talk) -> None:
    (whom,) = await talk.presses("Mia", "Pass on")
    assert whom.labels == ["Dev", "Adam", "Wake next person"]
    (asked,) = await talk.presses("Mia", "Dev")
    assert asked.text == "Dev is asked. It stays with you until they take it."
    offer = (await talk.screen("Dev"))[-1]
    assert offer.template == "alert.offer" and offer.labels[:2] == ["I take it", "No"]
    assert "1 Elm Row" in offer.text and world.name((await world.alert()).alert.owner_id) == "Mia"
    (declined,) = await talk.presses("Dev", "No", of=offer)
    assert declined.text == "Noted. It stays with whoever asked you."
    (taken,) = await talk.presses("Dev", "I take it", of=offer)
    assert taken.template == "reply.took"
    assert world.name((await world.alert()).alert.owner_id) == "Dev"


async def test_news_restarts_the_owners_clock(world: World, talk: Talk) -> None:
    await talk.presses("Mia", "I have it")
    await world.later(15.5)
    asked = (await talk.screen("Mia"))[-1]
    assert asked.template == "alert.news_wanted" and asked.labels[0] == "Heard, safe"
    (trying,) = await talk.presses("Mia", "Still trying", of=asked)
    assert trying.text.startswith("Noted. I ask again by ")
    (rung,) = await talk.presses("Mia", "999 rung", of=trying)
    assert rung.text.startswith("Noted: 999 rung.")


async def test_what_the_owner_types_is_news_to_everyone_told(world: World, talk: Talk) -> None:
    await world.later(6)
    assert (await talk.says("Mia", "who is near?"))[0].template == "reply.help"
    await talk.presses("Mia", "I have it")
    (noted,) = await talk.says("Mia", "Her car is outside, engine cold.")
    assert noted.text.startswith("Noted, and told to everyone who has the alarm.") and noted.labels[0] == "Heard, safe"
    news = (await talk.screen("Dev"))[-1]
    assert news.template == "alert.news_note" and news.params["note"] == "Her car is outside, engine cold."


async def test_an_agreed_word_that_the_owner_types_is_told_to_nobody(world: World, talk: Talk) -> None:
    await agreed(world, "Mia")
    await talk.presses("Mia", "I have it")
    (usual,) = await talk.says("Mia", "hallway")
    for word in (DURESS, OWN):
        (answer,) = await talk.says("Mia", word)
        assert (answer.text, answer.labels) == (usual.text, usual.labels)
    async with world.database.reading() as tx:
        kept = str((await tx.conn.execute(select(outbox.c.params))).all())
        kept += str((await tx.conn.execute(select(event_log.c.details))).all())
    assert "hallway" in kept and DURESS not in kept and OWN not in kept


async def test_waking_the_next_person_twice_from_one_message_wakes_one(world: World, talk: Talk) -> None:
    bubble = await alarm(talk)
    (woken,) = await talk.presses("Mia", "Wake next person", of=bubble)
    assert woken.text == "The next person is being told."
    (again,) = await talk.presses("Mia", "Wake next person", of=bubble)
    assert again.text == "They have been told already."
    assert (await world.alert()).alert.rung == 2


async def test_ring_me_is_answered_in_one_tap(world: World) -> None:
    talk = Talk(world)
    await world.inside()
    await talk.says("Ann", "ring me")
    wanted = (await talk.screen("Mia"))[-1]
    assert wanted.text.startswith("Ring Ann now: 07700 900000. Give a reason to leave.")
    assert wanted.labels == ["Spoke, fine", "Raise alarm", "No answer"]
    (noted,) = await talk.presses("Mia", "Spoke, fine", of=wanted)
    assert noted.text == "Good. Noted." and await world.alerts() == []
    (late,) = await talk.presses("Mia", "Raise alarm", of=wanted)
    assert late.text == "Somebody has answered that."


async def test_no_answer_to_ring_me_is_an_alarm_at_once(world: World) -> None:
    talk = Talk(world)
    await world.inside()
    await talk.says("Ann", "ring me")
    (out,) = [each for each in await talk.presses("Mia", "No answer") if each.template == "reply.ring_raise"]
    assert out.text == "The alarm is out."
    assert (await world.alert()).alert.kind is Kind.RING_ME


async def test_a_decision_is_two_taps_with_a_ready_reason_or_ones_own(world: World) -> None:
    talk = Talk(world)
    row = await world.plan(after=60, answers={"raise": "yes"})
    wanted = (await talk.screen("Mia"))[-1]
    assert wanted.text.startswith("A visit waits for your decision. HIGH.")
    assert wanted.labels[:4] == ["Go ahead", "With measures", "Change", "Do not visit"]
    (why,) = await talk.presses("Mia", "With measures", of=wanted)
    assert why.text == "Go ahead, with measures. Why? Choose, or type it."
    (told,) = await talk.presses("Mia", "Two of you go")
    assert told.text == "Noted: Go ahead, with measures. They are told."
    made = (await world.visit(row.id)).decision
    assert made is not None and (made.kind, made.reason) == (Decided.GO_AHEAD_WITH_MEASURES, "Two of you go")
    seen = (await talk.screen("Ann"))[-1]
    assert seen.text.splitlines()[0] == "10:00 F-1: Go ahead, with measures. Mia"
    assert "Two of you go" not in seen.text
    await talk.presses("Mia", "Do not visit", of=wanted)
    await talk.says("Mia", "He rang us, drunk.")
    assert "If you go, I will watch you." in (await talk.screen("Ann"))[-1].text


async def test_nobody_decides_or_takes_their_own(world: World) -> None:
    talk = Talk(world)
    row = await world.inside("Mia")
    await world.do("Mia", words.sos, row.id, Word())
    dev = next(each for each in await talk.screen("Dev") if each.template == "alarm.sos")
    await world.do("Mia", words.home, row.id, Word())
    (answer,) = await talk.token("Mia", dev.button("I have it").token or "")
    assert answer.text == "Not for yourself: somebody else has to do this."


async def test_the_board_and_the_open_alerts_for_a_manager(world: World, talk: Talk) -> None:
    (board,) = await talk.says("Mia", "/board")
    number = (await world.alert()).alert.number
    assert board.text == f"Out now: 1.\nAnn: inside, 09:45, F-1. ALARM {number}."
    (listed,) = await talk.says("Mia", "/alerts")
    assert listed.text.splitlines() == [f"Alarm {number}. Missed check-in. Ann. Since 09:35.", "Nobody has it."]
    assert listed.labels[0] == "I have it"
    await talk.presses("Mia", "I have it", of=listed)
    (mine,) = await talk.says("Mia", "/alerts")
    assert "Mia has it." in mine.text and mine.labels[0] == "Heard, safe"


async def test_a_colleague_sees_who_is_out_and_nothing_of_an_alarm(world: World, talk: Talk) -> None:
    (board,) = await talk.says("Ben", "/board")
    assert board.text == "Out now: 1.\nAnn: inside, 09:45."
    assert (await talk.says("Ben", "/alerts"))[0].text == "Nothing is open."
    (token,) = [each.button("I have it").token for each in [await alarm(talk)]]
    assert (await talk.token("Ben", token or ""))[0].text == "I do not know of that."
    assert (await talk.says("Rita", "/board"))[0].text == "That is not among your tasks."


async def test_what_is_known_of_a_family_is_one_tap_away_and_not_said_in_the_chat(world: World, talk: Talk) -> None:
    async with world.database.transaction() as tx:
        family_id = await families.ensure(tx, world.agency_id, "F-1")
        await families.add_fact(tx, family_id, "weapon", tx.now.date(), source="debrief", by=None)
    (brief,) = await talk.says("Mia", "/brief f-1")
    assert brief.text == "F-1: read this before you go."
    assert brief.button("Read").url == "https://doorstep.example/families/F-1/briefing"
    assert (await talk.says("Mia", "/brief F-404"))[0].text == "I know nothing of F-404 yet."
    assert (await talk.says("Mia", "/brief"))[0].text == "Which reference?"


async def test_who_is_on_duty_and_handing_it_over(world: World, talk: Talk) -> None:
    (cover,) = await talk.says("Ben", "/cover")
    assert cover.text == "Deputy on duty: Dev.\nManager on duty: Mia." and "Hand over" not in cover.labels
    (cover,) = await talk.says("Mia", "/cover")
    await talk.presses("Mia", "Hand over", of=cover)
    await talk.presses("Mia", "manager on duty")
    await talk.presses("Mia", "Dev")
    (asked,) = await talk.says("Mia", "12:00")
    assert asked.text == "Dev is asked. You stay manager on duty until they say yes."
    offer = (await talk.screen("Dev"))[-1]
    assert offer.text == "Mia asks you to take over as manager on duty (North) until 12:00."
    (taken,) = await talk.presses("Dev", "I take over", of=offer)
    assert taken.text == "You are manager on duty until 12:00."
    assert "Manager on duty: Dev." in (await talk.says("Ben", "/cover"))[0].text


async def test_me_says_whom_the_bot_takes_one_for(world: World, talk: Talk) -> None:
    (me,) = await talk.says("Mia", "/me")
    assert me.text == "Mia.\nManages in North.\nChats: Telegram."
