"""A bad afternoon in Telegram: help is asked for behind somebody's door, and everything else goes wrong besides."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from tests.stories.town import CAST, FAMILY, HOME, Town, assert_discreet_logs, discreet, town


async def test_help_is_asked_for_discreetly_and_two_people_close_it(
    tmp_path: Path, database_url: str, hot_url: str | None
) -> None:
    async with town(tmp_path / "service", database_url, hot_url) as demo:
        await sam_goes_in(demo)
        await ring_me_that_nobody_answers_is_an_alarm(demo)
        await an_sos_is_heard_on_both_rungs(demo)
        await the_first_has_it_and_the_second_agrees(demo)
        await a_manager_who_blocked_the_bot_is_stepped_over(demo)
    assert_discreet_logs(demo.service, HOME, FAMILY, *CAST.values())


async def sam_goes_in(demo: Town) -> None:
    sam = demo["Sam"]
    await sam.says(f"/visit {FAMILY} 60m every 60m")
    await sam.presses(await sam.sees("I ask every 1 hour"), "Yes, plan it")
    await sam.presses(await sam.sees("Planned:"), "Going in")
    await sam.sees(re.compile(r"^OK\. \d\d:\d\d\."))


async def ring_me_that_nobody_answers_is_an_alarm(demo: Town) -> None:
    """On Sam's screen it is an OK; Helen is asked to ring with a reason to leave; after 90 seconds it is an alarm."""
    sam, helen, tom = demo["Sam"], demo["Helen"], demo["Tom"]
    begun = sam.screen.from_bot[-1]
    await sam.presses(None, "Ring me")
    answer = await sam.sees(re.compile(r"^OK\. \d\d:\d\d\."), after=begun)
    assert answer.labels == begun.labels[: len(answer.labels)] and answer.text == begun.text, "it looks like any OK"
    ring = await helen.sees("Ring Sam Okoro now: 07700900101. Give a reason to leave.")
    assert ring.labels == ("Spoke, fine", "Raise alarm", "No answer")
    assert not tom.screen.find("Sam Okoro")
    await demo.later(0, 95)
    alarm = await helen.sees("ALARM")
    assert re.match(r"ALARM \d+\. Asked to be rung\. LOW\.", alarm.text)
    await helen.presses(alarm, "I have it")
    await helen.presses(await helen.sees("You have alarm"), "Heard, safe")
    await helen.presses(await helen.sees("How do you know?"), "Heard their voice")
    await helen.sees("is closed.")
    await helen.no_longer_sees("ALARM")
    discreet(sam)


async def an_sos_is_heard_on_both_rungs(demo: Town) -> None:
    """The button does not say what it is; what it does is heard by both rungs at once."""
    sam, helen, tom = demo["Sam"], demo["Helen"], demo["Tom"]
    before = sam.screen.from_bot[-1]
    await sam.presses(None, "Office now")
    await sam.sees(re.compile(r"^OK\. \d\d:\d\d\."), after=before)
    for alarm in await asyncio.gather(helen.sees("SOS"), tom.sees("SOS")):
        lines = alarm.text.splitlines()
        assert re.match(r"ALARM \d+\. SOS\.", lines[0])
        assert "Sam Okoro, alone, asked for help at" in lines[1]
        assert f"{HOME} ({FAMILY})." in alarm.text
        assert "Ring 999 now, or Sam Okoro first if the plan says so: 07700900101." in alarm.text
    discreet(sam)


async def the_first_has_it_and_the_second_agrees(demo: Town) -> None:
    """Tom is first. Closing an SOS needs a second person; only then it is over, and everyone hears so."""
    sam, helen, tom = demo["Sam"], demo["Helen"], demo["Tom"]
    await tom.presses(await tom.sees("SOS"), "I have it")
    took = await tom.sees("You have alarm")
    await helen.sees("Tom Ridley has alarm")
    await sam.sees(re.compile(r"^Read \d\d:\d\d\.$"))
    await tom.presses(took, "999 rung")
    await helen.sees("Tom Ridley has rung 999.")
    await tom.presses(None, "Heard, safe")
    await tom.presses(await tom.sees("How do you know?"), "Police told me")
    await tom.sees("It closes when a second person agrees.")
    asked = await helen.sees(re.compile(r"Tom Ridley says safe \(told by the police\)\. .*Do you agree\?"))
    assert helen.screen.find("SOS"), "it is open until she does"
    await helen.presses(asked, "I agree")
    await helen.sees("is closed.")
    await tom.sees(re.compile(r"Sam Okoro: safe\. Helen Marsh closed alarm \d+"))
    for phone in (helen, tom):
        await phone.no_longer_sees(HOME)
    discreet(sam)


async def a_manager_who_blocked_the_bot_is_stepped_over(demo: Town) -> None:
    """Helen cannot be reached: when Sam falls silent the next rung hears at once, not when her time has run out."""
    sam, helen, tom = demo["Sam"], demo["Helen"], demo["Tom"]
    await helen.blocks_the_bot()
    await demo.settle()
    newest = tom.screen.from_bot[-1]
    await demo.later(61)
    await sam.sees(re.compile(r"^\d\d:\d\d\. Out\?|^\d\d:\d\d\?"))
    await demo.later(17)
    alarm = await tom.sees(re.compile(r"ALARM \d+\. (Not out|Missed check-in)"), after=newest)
    assert "Sam Okoro" in alarm.text
    await tom.presses(alarm, "I have it")
    await sam.says("sorry, all well, out now")
    await tom.presses(None, "Heard, safe")
    await tom.presses(None, "Heard their voice")
    await sam.presses(None, "Out")
    await sam.sees("How was it?")
