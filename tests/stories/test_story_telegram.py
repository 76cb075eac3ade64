"""The story in Telegram: an agency sets itself up on its machine, and one visit goes wrong and ends well."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from pathlib import Path

from safety_service.actions import planning, words
from safety_service.actions.actor import load_actor
from safety_service.actions.planning import PlanRequest
from safety_service.actions.words import Word
from safety_service.store import people
from tests.stories.town import Town, assert_discreet_logs, discreet, times, town

CSV = """agency,team,name,email,phone,roles,supervisor_email,training
Elmshire,North,Ann Lee,ann@example.org,07700 900101,practitioner,mia@example.org,lone_working:2026-03-01
Elmshire,North,Mia Holt,mia@example.org,07700 900102,manager,,
Elmshire,North,Dev Rao,dev@example.org,07700 900103,manager,,
Elmshire,North,Adam Fox,adam@example.org,07700 900104,administrator,,
"""
WHERE = "4 Hill Lane, Northfield"


async def test_a_visit_is_planned_watched_missed_and_ends_well(
    tmp_path: Path, database_url: str, hot_url: str | None
) -> None:
    async with town(tmp_path / "service", database_url, hot_url, demo=False) as elmshire:
        await set_up(elmshire)
        await been_there_before(elmshire)
        await plan_and_begin(elmshire)
        await fall_silent(elmshire)
        await the_second_rung_takes_it(elmshire)
        await a_late_word(elmshire)
        await it_is_resolved(elmshire)
        await out_and_home(elmshire)
    assert_discreet_logs(elmshire.service, WHERE, "K-31", "Ann Lee", "07700900101")


async def set_up(elmshire: Town) -> None:
    """The machine's commands: people from a spreadsheet, the assessment, rota, standing list, invitations."""
    doorstep = elmshire.service.command
    (elmshire.service.folder / "people.csv").write_text(CSV)
    assert "4 added" in await doorstep("people", "import", "people.csv")
    assert "confirmed by Adam" in await doorstep("agency", "confirm", "--by", "Adam")
    since, until = (f"{elmshire.now + timedelta(days=days):%Y-%m-%d %H:%M}" for days in (-1, 30))
    for post, who in (("manager_on_duty", "Mia"), ("deputy_on_duty", "Dev")):
        on = await doorstep("rota", "add", post, who, "--from", since, "--to", until)
        assert f"is {post} of North" in on and "Nothing reaches them yet" in on
    for who in ("Dev", "Adam"):
        assert "is on the standing list" in await doorstep("standing", "add", who)
    for who in ("Ann", "Mia", "Dev", "Adam"):
        printed = await doorstep("invite", who)
        link = re.search(r"https://t\.me/\w+\?start=(\S+)", printed)
        code = link[1] if link else re.search(r"/start (\S+)", printed)[1]  # type: ignore[index]
        await elmshire.invited(who, code)
    reached = await doorstep("people", "list")
    assert reached.count("telegram") == 4 and "nothing yet" not in reached


async def been_there_before(elmshire: Town) -> None:
    """Ann knows K-31 from last week: she planned it, and did not go."""
    async with elmshire.service.database() as database, database.transaction() as tx:
        (ann,) = await people.find(tx, None, "Ann Lee")
        actor = await load_actor(tx, ann.id, "api")
        starts_at = tx.now + timedelta(minutes=1)
        request = PlanRequest(
            family_ref="K-31",
            address_text=WHERE,
            purpose="review",
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            check_in_every=timedelta(minutes=15),
            answers={"hostility": "none", "joint": "alone", "transport": "car", "exit": "two_ways"},
        )
        row = await planning.plan_visit(tx, actor, request)
        await words.cancel(tx, actor, row.id, Word())


async def plan_and_begin(elmshire: Town) -> None:
    ann = elmshire["Ann"]
    before = ann.taps
    await ann.presses(await ann.sees("You are linked"), "Plan a visit")
    await ann.presses(await ann.sees("Who?"), "K-31")
    await ann.presses(await ann.sees(r"When?"), "Now")
    sure = await ann.sees("I ask every 15 minutes")
    assert re.match(r"Now, 1 hour\..*\nLOW\.\nK-31", sure.text) and WHERE not in sure.text
    await ann.presses(sure, "Yes, plan it")
    planned = await ann.sees(re.compile(r"Planned: \d\d:\d\d, 1 hour"))
    assert planned.labels == ("Going in", "Late", "Not going")
    assert (ann.taps - before).total == 4
    await ann.presses(planned, "Going in")
    begun = await ann.sees(re.compile(r"^OK\. \d\d:\d\d\."))
    assert begun.labels == ("OK", "+5", "+15", "Out", "Ring me", "Office now", "Battery low", "No signal")
    await ann.no_longer_sees("K-31")
    await ann.no_longer_sees("linked")
    discreet(ann)

    await elmshire.later(10)
    await ann.presses(begun, "OK")
    again = await ann.sees(re.compile(r"^OK\."), after=begun)
    assert times(again.text)[0] != times(begun.text)[0], "an OK counts from when it was said"


async def fall_silent(elmshire: Town) -> None:
    """A question, a nudge, and then Mia, who is on duty, has what she needs to act."""
    ann, mia = elmshire["Ann"], elmshire["Mia"]
    await elmshire.later(15, 5)
    asked = await ann.sees(re.compile(r"^\d\d:\d\d\?$"))
    await elmshire.later(3, 30)
    await ann.sees(re.compile(r"^\d\d:\d\d\? Asking once more\.$"), after=asked)
    assert not mia.screen.find("ALARM"), "nobody is alarmed within the grace"
    await elmshire.later(7)
    alarm = await mia.sees("ALARM")
    lines = alarm.text.splitlines()
    number = re.match(r"ALARM (\d+)\. Missed check-in\. LOW\.$", lines[0])
    assert number, alarm.text
    assert re.match(r"Ann Lee, alone\. No word since \d\d:\d\d\. Due \d\d:\d\d\.$", lines[1])
    assert f"{WHERE} (K-31)." in alarm.text, "only here the address is said"
    assert "Ring Ann Lee once: 07700900101. No answer? Ring 999." in alarm.text
    assert re.search(r"Told: you \d\d:\d\d\. Next: Dev Rao \d\d:\d\d\.", alarm.text), alarm.text
    assert alarm.labels == ("I have it", "Call", "Map", "999 words", "Pass on", "Wake next person")
    assert not elmshire["Dev"].screen.find("ALARM")
    discreet(ann)


async def the_second_rung_takes_it(elmshire: Town) -> None:
    """Mia does not answer. Dev does, by one tap; who was told hears that, and Ann that somebody has read it."""
    ann, mia, dev = elmshire["Ann"], elmshire["Mia"], elmshire["Dev"]
    await elmshire.later(10, 5)
    alarm = await dev.sees("ALARM")
    assert "Mia Holt" in alarm.text and WHERE in alarm.text
    before = dev.taps
    await dev.presses(alarm, "I have it")
    took = await dev.sees("You have alarm")
    assert "Ann Lee: 07700900101" in took.text and (dev.taps - before).total == 1
    await mia.sees(re.compile(r"Dev Rao has alarm \d+ \(Ann Lee\)"))
    await ann.sees(re.compile(r"^Read \d\d:\d\d\.$"))
    discreet(ann)
    await mia.presses(await mia.sees("ALARM"), "I have it")
    await mia.sees("Dev Rao has it already.")


async def a_late_word(elmshire: Town) -> None:
    """An OK is good news for everyone who was alarmed, and ends nothing: a text is not a voice."""
    ann, mia, dev = elmshire["Ann"], elmshire["Mia"], elmshire["Dev"]
    await elmshire.later(1)
    await ann.says("ok")
    await ann.sees(re.compile(r"^OK\. \d\d:\d\d\."))
    for each in (mia, dev):
        await each.sees(re.compile(r"Ann Lee said OK at \d\d:\d\d\. Alarm \d+ stays open until somebody has spoken"))
    discreet(ann)


async def it_is_resolved(elmshire: Town) -> None:
    """In two taps; everyone told hears the end of it, and the address is off their screens."""
    mia, dev = elmshire["Mia"], elmshire["Dev"]
    before = dev.taps
    await dev.presses(await dev.sees("You have alarm"), "Heard, safe")
    await dev.presses(await dev.sees("How do you know?"), "Heard their voice")
    await dev.sees(re.compile(r"^Alarm \d+ is closed\.$"))
    assert (dev.taps - before).total == 2
    await mia.sees(re.compile(r"Ann Lee: safe\. Dev Rao closed alarm \d+ at \d\d:\d\d: voice heard"))
    await asyncio.gather(mia.no_longer_sees(WHERE), dev.no_longer_sees(WHERE))


async def out_and_home(elmshire: Town) -> None:
    """The watch went on all the while. Out asks how it was: two taps; then home."""
    ann = elmshire["Ann"]
    discreet(ann)
    before = ann.taps
    await ann.presses(None, "Out")
    how = await ann.sees(re.compile(r"Out \d\d:\d\d\..*How was it\?"))
    assert (ann.taps - before).total == 1 and how.labels[:5] == ("Fine", "A bit off", "Bad", "No entry", "Later")
    await ann.presses(how, "Fine")
    await ann.presses(await ann.sees("Child or adult seen?"), "Alone")
    await ann.sees("Done. Thank you.")
    assert (ann.taps - before).total == 3
    await ann.presses(None, "Home")
    await ann.sees(re.compile(r"Home \d\d:\d\d\. Done\."))
    await ann.says("/debrief")
    await ann.sees("Nothing is left to tell.")
