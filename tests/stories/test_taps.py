"""How many taps an ordinary day takes, by the chat's own record and by the phone's: practice.md's counts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from safety_service.store import families, people
from tests.stories.town import CAST, FAMILY, Town, person, town
from tests.talk import taps
from tests.telegram import Phone

EVER = datetime.min.replace(tzinfo=UTC)


@asynccontextmanager
async def at_most(demo: Town, name: str, presses: int) -> AsyncIterator[Phone]:
    """In this part of the story this person presses so often and types nothing, by both records."""
    phone, worker = demo[name], await person(demo.service, CAST[name])
    await demo.settle()
    before, kept = phone.taps, await _kept(demo, worker.id)
    yield phone
    await demo.settle()
    spent = phone.taps - before
    assert (spent.presses, spent.typed, spent.sent) == (presses, 0, 0)
    assert await _kept(demo, worker.id) - kept == presses


async def _kept(demo: Town, person_id: Any) -> int:
    async with demo.service.database() as database:
        return await taps(database, person_id, EVER, channel="telegram")


async def test_an_ordinary_day_and_a_bad_minute_in_few_taps(tmp_path: Path, sqlite_url: str) -> None:
    async with town(tmp_path / "service", sqlite_url, None) as demo:
        await plans_a_known_family(demo)
        await is_inside(demo)
        await leaves_and_tells(demo)
        await takes_and_resolves(demo)
        await plans_a_family_that_threatened(demo)


async def plans_a_known_family(demo: Town) -> None:
    """Four, with the one that opens the form."""
    async with at_most(demo, "Sam", 4) as sam:
        for question, answer in (
            ("linked", "Plan a visit"),
            ("Who?", FAMILY),
            ("When?", "Now"),
            ("LOW", "Yes, plan it"),
        ):
            await sam.presses(await sam.sees(question), answer)
        await sam.sees("Planned:")


async def is_inside(demo: Town) -> None:
    """Each word is one tap: in, OK, longer."""
    for label, answer in (("Going in", r"^OK\."), ("OK", r"^OK\."), ("+15", r"^OK\.")):
        async with at_most(demo, "Sam", 1) as sam:
            newest = sam.screen.from_bot[-1]
            await sam.presses(None, label)
            await sam.sees(re.compile(answer), after=newest)


async def leaves_and_tells(demo: Town) -> None:
    """Out and home are one each, and a visit that went well is told in two."""
    async with at_most(demo, "Sam", 1) as sam:
        await sam.presses(None, "Out")
        await sam.sees("How was it?")
    async with at_most(demo, "Sam", 2) as sam:
        await sam.presses(None, "Fine")
        await sam.presses(await sam.sees("Child or adult seen?"), "Alone")
        await sam.sees("Done. Thank you.")


async def takes_and_resolves(demo: Town) -> None:
    """On the way home: ring me, one; home, one; help, one; taking it, one; closing it, two."""
    async with at_most(demo, "Sam", 1) as sam:
        await sam.presses(None, "Ring me")
        await sam.sees("Somebody is asked to ring you now")
    async with at_most(demo, "Helen", 1) as helen:
        await helen.presses(await helen.sees("Ring Sam Okoro now"), "Spoke, fine")
        await helen.sees("Good. Noted.")
    async with at_most(demo, "Sam", 1) as sam:
        await sam.presses(None, "Send help")
        await sam.sees("Managers are being told now")
    async with at_most(demo, "Sam", 1) as sam:
        await sam.presses(None, "Home")
        await sam.sees(re.compile(r"^Home \d\d:\d\d\."))
    async with at_most(demo, "Helen", 1) as helen:
        await helen.presses(await helen.sees("SOS"), "I have it")
        await helen.sees("You have alarm")
    async with at_most(demo, "Helen", 2) as helen:
        await helen.presses(await helen.sees("You have alarm"), "Heard, safe")
        await helen.presses(await helen.sees("How do you know?"), "Saw them")
        await helen.sees("a second person agrees")
    async with at_most(demo, "Tom", 1) as tom:
        await tom.presses(await tom.sees("Do you agree?"), "I agree")
        await tom.sees("is closed")


async def plans_a_family_that_threatened(demo: Town) -> None:
    """Six, though it says what to do about the threat, and a manager is asked."""
    async with demo.service.database() as database, database.transaction() as tx:
        (sam_row,) = await people.find(tx, None, CAST["Sam"])
        family_id = await families.ensure(tx, sam_row.agency_id, FAMILY)
        await families.add_fact(tx, family_id, "open_threat", tx.now.date(), source="debrief", by=None)
    await demo["Sam"].says("/today")
    await demo["Sam"].sees("today")
    async with at_most(demo, "Sam", 6) as sam:
        await sam.presses(None, "Plan a visit")
        for question, answer in (
            ("Who?", FAMILY),
            ("When?", "Now"),
            ("A threat is expected", "I stay by the door"),
        ):
            await sam.presses(await sam.sees(question), answer)
        await sam.presses(await sam.sees_button("✓ I stay by the door"), "Done")
        await sam.presses(await sam.sees("HIGH"), "Yes, plan it")
        await sam.sees("A manager has been asked to decide")
    async with at_most(demo, "Helen", 2) as helen:
        await helen.presses(await helen.sees("waits for your decision"), "Go ahead")
        await helen.presses(await helen.sees("Why?"), "Talked it through")
        await helen.sees("They are told.")
    await sam.sees("Go ahead")
