"""Wrong words, wrong order, twice, at once, from the wrong person: nothing is lost, and every refusal says why."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import func, select

from safety_service.actions import reading
from safety_service.actions.actor import load_actor
from safety_service.store.alerts import AlertRow
from safety_service.store.tables.chat import inbox
from tests.stories.town import CAST, FAMILY, Town, person, town
from tests.telegram import Bubble, Phone

#: Here Telegram may carry the whole plan, so that every question of the form is asked in it.
OPEN = '[ceilings]\ntelegram = "case"\n'
GIBBERISH = "xyzzy plugh"
ONE_OF_THESE = r"^Please take one of these"
#: Each question, how gibberish is refused (None: any words are an answer), and what is then answered.
PLAN = (
    ("Who?", None, "N-77"),
    ("When?", r'^I cannot read "xyzzy plugh" as a time\. Try 14:30', "now"),
    ("Where?", None, "9 Mill Close, Northfield"),
    ("What for?", None, "Assessment"),
    ("How long?", r'^I cannot read "xyzzy plugh" as a length\. Try 45m', "50m"),
    ("How often shall I ask?", r'^I cannot read "xyzzy plugh" as a length', "20m"),
    ("What do you expect?", ONE_OF_THESE, "Some upset"),
    ("Talked through with your manager?", ONE_OF_THESE, "Yes"),
    ("What else is there?", ONE_OF_THESE, "Done"),
    ("Any news to bring?", ONE_OF_THESE, "None"),
    ("Who goes with you?", ONE_OF_THESE, "Nobody"),
    ("How do you get there?", None, "On foot"),
    ("Way out?", None, "Two ways out"),
    ("I ask every 20 minutes", ONE_OF_THESE, "Yes, plan it"),
)


async def test_nothing_is_lost_and_every_refusal_says_why(
    tmp_path: Path, database_url: str, hot_url: str | None
) -> None:
    async with town(tmp_path / "service", database_url, hot_url, policy=OPEN) as demo:
        await strangers_learn_nothing(demo)
        await gibberish_in_every_step_of_the_plan(demo)
        await words_in_the_wrong_order(demo)
        await twice_and_too_late(demo)
        await two_managers_in_the_same_instant(demo)
        await the_wrong_person(demo)
        await all_was_heard(demo)


async def strangers_learn_nothing(demo: Town) -> None:
    """Who is not linked is asked for a code; one that was used, or made up, is refused, each for its reason."""
    stranger, code = demo.stranger, demo.codes["Sam"]
    await answers(stranger, "ok", r"^I do not know this chat\. Send me the code")
    await answers(stranger, f"/start {code}", r"^That code has been used\.")
    await answers(stranger, "/start " + "a" * 26, r"^I do not know that code\.")


async def gibberish_in_every_step_of_the_plan(demo: Town) -> None:
    """Each is refused with the way to do it right, and what was answered before is kept."""
    sam = demo["Sam"]
    await sam.says("/visit")
    for question, refusal, answer in PLAN:
        asked = await sam.sees(question)
        if refusal is not None:
            refused = await answers(sam, GIBBERISH, refusal)
            asked = await sam.sees(question, after=refused)
        if answer in asked.labels:
            await sam.presses(asked, answer)
        else:
            await sam.says(answer)
    await sam.sees(re.compile(r"^Planned: \d\d:\d\d, 50 minutes"))
    async with demo.service.database() as database, database.reading() as tx:
        worker = await person(demo.service, CAST["Sam"])
        rows = await reading.today(tx, await load_actor(tx, worker.id, "api"))
    (row,) = [each for each in rows if each.family_ref == "N-77"]
    assert (row.address["text"], row.purpose) == ("9 Mill Close, Northfield", "assessment")
    assert row.answers["transport"] == "foot"


async def words_in_the_wrong_order(demo: Town) -> None:
    """At the door: what does not fit yet is answered with why, and what stands open stays."""
    sam = demo["Sam"]
    await answers(sam, "home", r"^You have not gone in yet\.")
    await answers(sam, "/extend soon", r"^Longer by how much\?")
    await answers(sam, GIBBERISH, r"^Plan a visit: /visit")
    await answers(sam, "here", r"^OK\. \d\d:\d\d\.")
    await answers(sam, "not going", r"^You are in already\.")
    await answers(sam, "/visit", r"^That can wait until you are out\.")
    await answers(sam, GIBBERISH, r"^OK\?$")


async def twice_and_too_late(demo: Town) -> None:
    """Twice is as good as once. A button of an older question says so and shows the present one, which then counts."""
    sam = demo["Sam"]
    await demo.later(20, 5)
    old = await sam.sees(re.compile(r"^\d\d:\d\d\?$"))
    await sam.presses(old, "OK")
    first = await sam.sees(re.compile(r"^OK\. \d\d:\d\d\."), after=old)
    await sam.presses(old, "OK")
    second = await sam.sees(re.compile(r"^OK\. \d\d:\d\d\."), after=first)
    await demo.later(20, 5)
    await sam.sees(re.compile(r"^\d\d:\d\d\?$|Still on for"), after=second)
    await sam.presses(old, "OK")
    stale = await sam.sees("That was an earlier question.", after=second)
    now = await sam.sees(re.compile(r"\d\d:\d\d\?$"), after=stale)
    await sam.presses(now, "OK")
    again = await sam.sees(re.compile(r"^OK\. \d\d:\d\d\."), after=now)
    demo.telegram.hold()
    for _ in range(3):
        await sam.presses(again, "Office now")
    demo.telegram.release()
    await demo["Helen"].sees("SOS")
    await demo.settle()
    assert len(await open_alerts(demo)) == 1, "three cries are one alarm"


async def two_managers_in_the_same_instant(demo: Town) -> None:
    """Both press before either was heard: one has it, and the other hears who."""
    helen, tom = demo["Helen"], demo["Tom"]
    alarms = [(phone, await phone.sees("SOS")) for phone in (helen, tom)]
    demo.telegram.hold()
    for phone, alarm in alarms:
        await phone.presses(alarm, "I have it")
    demo.telegram.release()
    await demo.settle()
    (alert,) = await open_alerts(demo)
    owner = helen if (await person(demo.service, CAST["Helen"])).id == alert.alert.owner_id else tom
    other = tom if owner is helen else helen
    await owner.sees("You have alarm")
    refused = await other.sees(re.compile(r"(Helen Marsh|Tom Ridley) has it already\."))
    assert refused.labels == ("Take over",)
    assert not other.screen.find("You have alarm")
    await answers(owner, GIBBERISH, r"^Noted, and told to everyone who has the alarm\.")
    await owner.presses(await owner.sees("You have alarm"), "Close it")
    await answers(owner, GIBBERISH, ONE_OF_THESE)


async def the_wrong_person(demo: Town) -> None:
    """What is not theirs to know or do they are told, and nothing more."""
    sam, ruth = demo["Sam"], demo["Ruth"]
    await answers(sam, "/board", r"^That can wait until you are out\.")
    await answers(ruth, "/board", r"^(That is for managers|That is not among your tasks)")
    await answers(ruth, "out", r"^I am not waiting for a word from you now\.")
    await answers(ruth, f"/brief {FAMILY}", r"\S")
    await answers(sam, "out", r"How was it\?")
    await answers(sam, "out", r"^You are out already\.")


async def all_was_heard(demo: Town) -> None:
    """Whatever was said is in the inbox, acted on, and none of it was given up."""
    await demo.settle()
    said = sum("message" in each or "callback_query" in each for each in demo.telegram.updates)
    async with demo.service.database() as database, database.reading() as tx:
        states = select(inbox.c.state, func.count()).group_by(inbox.c.state)
        assert [tuple(row) for row in await tx.conn.execute(states)] == [("handled", said)]
    assert "Traceback" not in demo.service.said()


async def answers(phone: Phone, text: str, pattern: str) -> Bubble:
    """What they say is answered so, by a new message."""
    said = await phone.says(text)
    return await phone.sees(re.compile(pattern), after=said)


async def open_alerts(demo: Town) -> list[AlertRow]:
    """Every open alert, as Owen or Helen would find them."""
    async with demo.service.database() as database, database.reading() as tx:
        helen = await person(demo.service, CAST["Helen"])
        page = await reading.alerts_of(tx, await load_actor(tx, helen.id, "api"), open_only=True)
        return list(page.rows)
