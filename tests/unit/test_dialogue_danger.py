"""Who holds the phone? One more tap at high risk; duress by word and by tap; SOS, ring me; battery and signal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bots.dialogue import tokens
from bots.dialogue.incoming import Kind as Sort
from safety_service.actions import unread, words
from safety_service.actions.words import Word
from safety_service.domain.phrases import Tap
from safety_service.domain.words import Kind, Phase
from safety_service.store import said
from safety_service.store.tables.system import event_log
from safety_service.store.visits import VisitRow
from tests.danger import DECOYS, DURESS, OWN, agreed, inside_high
from tests.talk import Bubble, Talk
from tests.world import World

FOUR = {each.capitalize() for each in (OWN, DURESS, *DECOYS)}
CRIES = ["Ring me", "Office now"]


@pytest.fixture
def talk(world: World) -> Talk:
    return Talk(world)


async def phase(world: World, row: VisitRow) -> Phase:
    return (await world.visit(row.id)).visit.watch(world.ids["Ann"]).phase


async def kinds(world: World) -> list[Kind]:
    return [each.alert.kind for each in await world.alerts()]


# --- the own word ---


async def test_at_high_risk_out_takes_one_more_tap(world: World, talk: Talk) -> None:
    await agreed(world)
    row = await inside_high(world)
    await talk.says("Ann", "ok")
    (asked,) = await talk.presses("Ann", "Out")
    assert asked.text == "One more tap, please."
    assert set(asked.labels) == FOUR | set(CRIES)
    assert await phase(world, row) is Phase.INSIDE
    (out,) = await talk.presses("Ann", "Tulip", of=asked)
    assert out.text.startswith("Out 09:00. How was it?")
    assert await phase(world, row) is Phase.HOME
    (asked,) = await talk.says("Ann", "home")
    (home,) = await talk.presses("Ann", "Tulip", of=asked)
    assert home.text.startswith("Home 09:00. Done.")
    assert await kinds(world) == []


async def test_longer_is_asked_for_too_and_goes_on_by_what_was_wanted(world: World, talk: Talk) -> None:
    await agreed(world)
    row = await inside_high(world, minutes=60)
    (asked,) = await talk.says("Ann", "+25")
    await talk.presses("Ann", "Tulip", of=asked)
    assert (await world.visit(row.id)).visit.watch(world.ids["Ann"]).spent == timedelta(minutes=25)


async def test_the_word_may_be_typed_instead(world: World, talk: Talk) -> None:
    await agreed(world)
    row = await inside_high(world)
    await talk.says("Ann", "out")
    (out,) = await talk.says("Ann", " TULIP.")
    assert out.text.startswith("Out 09:00.")
    assert await phase(world, row) is Phase.HOME


async def test_a_wrong_word_is_asked_once_more_and_two_are_a_ring_me(world: World, talk: Talk) -> None:
    await agreed(world)
    row = await inside_high(world)
    (asked,) = await talk.says("Ann", "out")
    (again,) = await talk.presses("Ann", "Kettle", of=asked)
    assert again.text == "Once more, please." and set(again.labels) == FOUR | set(CRIES)
    (answered,) = await talk.presses("Ann", "Marble", of=again)
    assert answered.text == "OK. 09:15.\n(09:00 visit)"
    assert await phase(world, row) is Phase.INSIDE
    assert [each.template for each in await talk.screen("Mia")][-1] == "ring.wanted"
    await world.later(2)
    assert await kinds(world) == [Kind.RING_ME]


async def test_a_button_of_an_answered_or_older_question_does_nothing(world: World, talk: Talk) -> None:
    await agreed(world)
    row = await inside_high(world, minutes=60)
    (first,) = await talk.says("Ann", "+15")
    (second,) = await talk.says("Ann", "+15")
    assert (await talk.presses("Ann", "Tulip", of=first))[0].template == "reply.stale"
    await talk.presses("Ann", "Tulip", of=second)
    assert (await talk.presses("Ann", "Tulip", of=second))[0].template == "reply.stale"
    assert (await world.visit(row.id)).visit.watch(world.ids["Ann"]).spent == timedelta(minutes=15)
    (asked,) = await talk.says("Ann", "out")
    (again,) = await talk.presses("Ann", "Kettle", of=asked)
    await talk.presses("Ann", "Marble", of=again)
    assert (await talk.presses("Ann", "Tulip", of=again))[0].template == "reply.stale"
    assert await phase(world, row) is Phase.INSIDE


async def test_the_order_changes_and_no_button_tells_which_is_whose(world: World, talk: Talk) -> None:
    await agreed(world)
    await inside_high(world)
    orders = set()
    for _ in range(8):
        (asked,) = await talk.says("Ann", "out")
        four = [button for line in asked.shown.buttons[:2] for button in line]
        orders.add(tuple(each.label for each in four))
        carried = [tokens.read(each.token or "") for each in four]
        assert [each.word for each in carried if each] == [f"{place}.out" for place in range(4)]
        assert not {OWN, DURESS} & set(" ".join(each.token or "" for each in four).split())
    assert len(orders) > 3


async def test_who_has_set_no_word_is_asked_none(world: World, talk: Talk) -> None:
    row = await inside_high(world)
    (out,) = await talk.says("Ann", "out")
    assert out.text.startswith("Out 09:00.")
    assert await phase(world, row) is Phase.HOME


async def test_below_high_risk_nobody_is_asked(world: World, talk: Talk) -> None:
    await agreed(world)
    row = await world.inside()
    await talk.says("Ann", "out")
    assert await phase(world, row) is Phase.HOME


async def test_another_workers_question_is_nobodys(world: World, talk: Talk) -> None:
    await agreed(world)
    row = await inside_high(world)
    (asked,) = await talk.says("Ann", "out")
    await world.plan("Ben", ref="F-2")
    token = asked.button("Tulip").token
    assert token is not None
    (answer,) = await talk.token("Ben", token)
    assert answer.text == "I do not know of that."
    assert await phase(world, row) is Phase.INSIDE


# --- duress ---


async def test_the_duress_word_opens_the_alert_and_nothing_is_kept_of_it(world: World, talk: Talk) -> None:
    await agreed(world)
    row = await inside_high(world)
    (asked,) = await talk.says("Ann", "out")
    (out,) = await talk.presses("Ann", "Harbour", of=asked)
    assert out.text.startswith("Out 09:00. How was it?")
    assert await kinds(world) == [Kind.DURESS]
    await talk.says("Ann", "harbour")
    async with world.database.reading() as tx:
        notes = [each.note for each in await said.of_visit(tx, row.id)]
        logged = str((await tx.conn.execute(select(event_log.c.details))).all())
    assert not any(notes) and DURESS not in logged


async def test_typed_at_any_time_it_is_answered_as_what_nobody_understands(world: World, talk: Talk) -> None:
    await agreed(world)
    row = await world.inside()
    (unknown,) = await talk.says("Ann", "hallway")
    (answer,) = await talk.says("Ann", "Harbour")
    assert (answer.text, answer.labels) == (unknown.text, unknown.labels)
    assert await kinds(world) == [Kind.DURESS]
    await world.do("Ann", words.home, row.id, Word())
    (before,) = [each.template for each in await talk.says("Ben", "hallway")]
    assert [each.template for each in await talk.says("Ann", "harbour")] == [before]
    assert await kinds(world) == [Kind.DURESS, Kind.DURESS]


@pytest.mark.parametrize("kind", ["photo", "voice", "document", "note"])
async def test_under_a_picture_or_in_what_was_edited_it_is_heard_and_answered_as_any_other_text(
    world: World, talk: Talk, kind: Sort
) -> None:
    await agreed(world)
    row = await world.inside()
    before = [(each.text, each.labels) for each in await talk.sends("Ann", kind, text="hallway")]
    after = [(each.text, each.labels) for each in await talk.sends("Ann", kind, text=" Harbour.")]
    assert after == before
    assert await kinds(world) == [Kind.DURESS]
    async with world.database.reading() as tx:
        assert [each.note for each in await said.of_visit(tx, row.id) if each.note] == ["hallway"]


@pytest.mark.parametrize("kind", ["photo", "note"])
async def test_in_no_visit_it_is_heard_under_a_picture_too(world: World, talk: Talk, kind: Sort) -> None:
    await agreed(world)
    before = [each.text for each in await talk.sends("Ann", kind, text="hallway")]
    assert [each.text for each in await talk.sends("Ann", kind, text=DURESS)] == before
    assert await kinds(world) == [Kind.DURESS]


@pytest.mark.parametrize(("tap", "label"), [(Tap.SHORT, "+5"), (Tap.LONG, "+15")])
async def test_the_agreed_tap_is_more_time_and_duress(world: World, talk: Talk, tap: Tap, label: str) -> None:
    await agreed(world, tap=tap)
    row = await world.inside()
    await talk.says("Ann", "ok")
    (answer,) = await talk.presses("Ann", label)
    assert answer.text.startswith("OK. 09:")
    assert await kinds(world) == [Kind.DURESS]
    spent = (await world.visit(row.id)).visit.watch(world.ids["Ann"]).spent
    assert spent == timedelta(minutes=int(label))


async def test_the_other_tap_and_later_at_the_door_are_no_more_than_time(world: World, talk: Talk) -> None:
    await agreed(world, tap=Tap.LONG)
    await world.plan()
    await talk.says("Ann", "late")
    await talk.says("Ann", "in")
    await talk.presses("Ann", "+5")
    assert await kinds(world) == []


async def test_at_high_risk_the_tap_is_heard_at_once_and_once(world: World, talk: Talk) -> None:
    await agreed(world, tap=Tap.SHORT)
    await inside_high(world)
    await talk.says("Ann", "ok")
    (asked,) = await talk.presses("Ann", "+5")
    assert asked.text == "One more tap, please." and await kinds(world) == [Kind.DURESS]
    await talk.presses("Ann", "Tulip", of=asked)
    assert [each.template for each in await talk.screen("Mia")].count("alarm.duress") == 1


async def test_nobody_is_tempted_to_ring(world: World, talk: Talk) -> None:
    await agreed(world, tap=Tap.SHORT)
    await world.inside()
    await talk.says("Ann", "+5")
    (alarm,) = [each for each in await talk.screen("Mia") if each.template == "alarm.duress"]
    assert alarm.text.splitlines()[0] == "Do not ring or text Ann. They may be watched. Ring 999 now."
    assert "Call" not in alarm.labels and "07700" not in alarm.text
    (took,) = await talk.presses("Mia", "I have it", of=alarm)
    assert "Do not ring or text Ann" in took.text and "07700" not in took.text
    assert not {"Call", "Heard, safe"} & set(took.labels)
    (words_999,) = await talk.presses("Mia", "999 words", of=alarm)
    assert "Please do not ring them" in words_999.text and "1 Elm Row" in words_999.text
    await talk.says("Ann", "ring me")
    wanted = [each for each in await talk.screen("Mia") if each.template == "ring.wanted"][-1]
    assert "Do not" in wanted.text and "07700" not in wanted.text


# --- ring me and SOS ---


async def test_whoever_is_to_ring_reads_the_words_that_mean_danger(world: World, talk: Talk) -> None:
    await agreed(world, code="Is the blue folder with you?")
    await world.inside()
    await talk.says("Ann", "ring me")
    (wanted,) = [each for each in await talk.screen("Mia") if each.template == "ring.wanted"]
    assert 'If you hear "Is the blue folder with you?", ring 999.' in wanted.text
    assert wanted.labels == ["Spoke, fine", "Raise alarm", "No answer"]
    await world.later(2)
    (alarm,) = [each for each in await talk.screen("Mia") if each.template == "alarm.ring_me"]
    assert "blue folder" in alarm.text


async def test_what_they_say_then_invites_nobody_to_speak_to_them_whatever_the_alarm(world: World, talk: Talk) -> None:
    await agreed(world)
    await inside_high(world)
    await talk.says("Ann", "ring me")
    await world.later(2)
    (asked,) = await talk.says("Ann", "out")
    await talk.presses("Ann", DURESS.capitalize(), of=asked)
    told = [each for each in await talk.screen("Mia") if each.template == "alert.late_out"]
    assert told and all("Do not ring them" in each.text and "spoken" not in each.text for each in told)


async def _unread(world: World) -> None:
    async with world.database.transaction() as tx:
        await unread.chase_unread(tx, 100)


async def _told(talk: Talk) -> list[Bubble]:
    return [each for each in await talk.screen("Ann") if each.template == "worker.unread"]


async def test_a_call_for_help_that_nobody_reads_says_so_and_whom_to_ring(world: World, talk: Talk) -> None:
    await talk.says("Ann", "/sos")
    await world.jump(0.9)
    await _unread(world)
    assert await _told(talk) == []
    await world.jump(0.2)
    await _unread(world)
    await _unread(world)
    (told,) = await _told(talk)
    assert told.text == "Nobody has read it yet. Ring 01632 960000 now. In danger? Ring 999."


async def test_inside_it_is_said_so_that_nobody_else_reads_anything_in_it(world: World, talk: Talk) -> None:
    await world.inside()
    await talk.says("Ann", "office now")
    await world.jump(1.1)
    await _unread(world)
    (told,) = await _told(talk)
    assert told.text == "No answer yet. The office: 01632 960000."


async def test_read_in_time_or_duress_says_nothing(world: World, talk: Talk) -> None:
    await agreed(world)
    await world.inside()
    await talk.says("Ann", "harbour")
    await talk.says("Ann", "/sos")
    alarm = next(each for each in await talk.screen("Mia") if each.template == "alarm.sos")
    await talk.presses("Mia", "I have it", of=alarm)
    assert (await talk.screen("Ann"))[-1].text == "Read 09:00."
    await world.jump(1.1)
    await _unread(world)
    assert await _told(talk) == []


async def test_help_is_one_tap_without_a_visit(world: World, talk: Talk) -> None:
    (answer,) = await talk.says("Ann", "/help")
    (said_,) = await talk.presses("Ann", "Send help", of=answer)
    assert said_.text.startswith("Managers are being told now. The police are not: ring 999")
    assert await kinds(world) == [Kind.SOS]


# --- battery low, no signal ---


@pytest.mark.parametrize("text", ["battery low", "/battery", "Battery low!"])
async def test_a_low_battery_is_noted_and_stands_in_the_alarm(world: World, talk: Talk, text: str) -> None:
    row = await world.inside()
    due_at = (await world.visit(row.id)).visit.watch(world.ids["Ann"]).due_at
    (answer,) = await talk.says("Ann", text)
    assert answer.text == "Noted. No phone? Ring 01632 960000 from any other. Silence still counts: 09:30."
    assert (await world.visit(row.id)).visit.watch(world.ids["Ann"]).due_at == due_at
    await world.later(36)
    alarm = next(each for each in await talk.screen("Mia") if each.template.startswith("alarm."))
    assert "Battery low 09:00." in alarm.text


async def test_both_are_one_tap_when_going_in(world: World, talk: Talk) -> None:
    await world.plan()
    (begun,) = await talk.says("Ann", "in")
    assert begun.labels[-2:] == ["Battery low", "No signal"]
    (noted,) = await talk.presses("Ann", "Battery low", of=begun)
    assert noted.template == "reply.battery"
    (asked,) = await talk.presses("Ann", "No signal", of=begun)
    assert asked.labels[:3] == ["15 minutes", "30 minutes", "45 minutes"]
    (quiet,) = await talk.presses("Ann", "45 minutes", of=asked)
    assert quiet.text.startswith("OK. Quiet until 09:45.")


@pytest.mark.parametrize("text", ["no signal 40m", "/nosignal 40m", "No signal for 40 minutes"])
async def test_no_signal_is_a_planned_silence_within_the_one_cap(world: World, talk: Talk, text: str) -> None:
    row = await world.inside(minutes=240)
    (quiet,) = await talk.says("Ann", text)
    assert quiet.text.startswith("OK. Quiet until 09:40.")
    await talk.says("Ann", "no signal 5h")
    watch = (await world.visit(row.id)).visit.watch(world.ids["Ann"])
    assert watch.spent <= (await _cap(world)) and watch.due_at is not None
    assert watch.due_at <= world.now + (await _cap(world)) + timedelta(minutes=60)


async def _cap(world: World) -> timedelta:
    async with world.database.reading() as tx:
        return (await tx.policy()).level("low").cap


async def test_at_high_risk_a_manager_hears_of_a_planned_silence(world: World, talk: Talk) -> None:
    await agreed(world)
    row = await inside_high(world, minutes=60)
    (quiet,) = await talk.says("Ann", "no signal 40m")
    assert quiet.text.startswith("OK. Quiet until 09:40.")
    heard = [each for each in await talk.screen("Mia") if each.template == "manager.planned_silence"]
    assert [each.text for each in heard] == ["Ann has no signal until 09:40 (F-1, High). I ask them then."]
    assert await phase(world, row) is Phase.INSIDE


async def test_outside_a_planned_silence_is_refused_with_the_reason(world: World, talk: Talk) -> None:
    assert (await talk.says("Ann", "no signal 20m"))[0].text == "I am not waiting for a word from you now."
    await world.plan()
    assert (await talk.says("Ann", "no signal 20m"))[0].text == "That is for inside."
    await talk.says("Ann", "in")
    assert (await talk.says("Ann", "/nosignal soon"))[0].template == "refused.extend_by_more_than_nothing"
