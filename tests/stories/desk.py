"""A small team in a town: who they are, their phones, and what they do at a desk: browsers and programs."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from aiohttp import ClientSession

from safety_service.actions import linking, signing_in
from tests.http import Program, browsing
from tests.stories.town import Town, all_sent, person
from tests.talk import taps
from tests.telegram import Bubble

CSV = """agency,team,name,email,phone,roles,supervisor_email,training
Elmshire,North,Ann Lee,ann@example.org,07700 900101,practitioner,mia@example.org,{training}
Elmshire,North,Ben Oak,ben@example.org,07700 900105,practitioner,mia@example.org,{training}
Elmshire,North,Mia Holt,mia@example.org,07700 900102,manager,,
Elmshire,North,Dev Rao,dev@example.org,07700 900103,manager,,
Elmshire,North,Adam Fox,adam@example.org,07700 900104,administrator,,
"""


async def set_up(north: Town) -> None:
    """It is a Friday; five people, two of whom are on duty; a school that goes to the family, too."""
    await north.later((4 - north.now.weekday()) % 7 * 24 * 60)
    doorstep = north.service.command
    on = f"{north.now:%Y-%m-%d}"
    (north.service.folder / "people.csv").write_text(
        CSV.format(training=f"lone_working:{on};personal_safety:{on};de_escalation:{on}")
    )
    assert "5 added" in await doorstep("people", "import", "people.csv")
    assert "confirmed by Adam" in await doorstep("agency", "confirm", "--by", "Adam")
    since, until = (f"{north.now + timedelta(days=days):%Y-%m-%d %H:%M}" for days in (-1, 30))
    for post, who in (("manager_on_duty", "Mia"), ("deputy_on_duty", "Dev")):
        await doorstep("rota", "add", post, who, "--from", since, "--to", until)
    for who in ("Dev", "Adam"):
        await doorstep("standing", "add", who)
    for who in ("Ann", "Ben", "Mia", "Dev"):
        printed = await doorstep("invite", who)
        link = re.search(r"https://t\.me/\w+\?start=(\S+)", printed) or re.search(r"/start (\S+)", printed)
        assert link is not None, printed
        await north.invited(who, link[1])


async def answered(north: Town, who: str) -> Bubble:
    """Whatever the form asks, the first choice that makes it go on, until it says what it would plan."""
    phone = north[who]
    for _ in range(12):
        await north.settle()
        await all_sent(north.service)
        newest = [each for each in phone.screen.from_bot if each.labels][-1]
        if "Yes, plan it" in newest.labels:
            return newest
        if "Done" in newest.labels and any(each.startswith("✓") for each in newest.labels):
            await phone.presses(newest, "Done")
        else:
            await phone.presses(newest, newest.labels[0])
    raise AssertionError(f"it never ended: {phone.screen}")


def hidden(page: str) -> dict[str, str]:
    """What a form sends back with whatever is filled in."""
    fields = [each for each in re.findall(r"<input[^>]*>", page) if 'type="hidden"' in each]
    found = [(re.search(r'name="([^"]*)"', each), re.search(r'value="([^"]*)"', each)) for each in fields]
    return {name[1]: value[1] for name, value in found if name and value}


def page_of(bubble: Bubble) -> str:
    """The path to which a message leads: without https it stands in its text."""
    found = re.search(r"https?://[^/\s]+(/\S+)", bubble.text)
    assert found is not None, bubble
    return found[1]


async def taps_of(north: Town, name: str) -> int:
    """How often this person has pressed something, by the chat's own record."""
    who = await person(north.service, name)
    async with north.service.database() as database:
        return await taps(database, who.id, north.now - timedelta(days=400), channel="telegram")


@asynccontextmanager
async def browser(north: Town, name: str) -> AsyncIterator[ClientSession]:
    """This person's browser, signed in over HTTP."""
    who = await person(north.service, name)
    async with north.service.database() as database, database.transaction() as tx:
        code = (await signing_in.sign_in_link(tx, None, who.id)).code
    async with browsing(north.service.url) as session:
        async with session.post(f"/in/{code}", allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
        yield session


@asynccontextmanager
async def program(north: Town, name: str) -> AsyncIterator[Program]:
    """A paired program that speaks for this person."""
    who = await person(north.service, name)
    async with north.service.database() as database, database.transaction() as tx:
        code = (await linking.invite(tx, None, who.id)).code
    async with ClientSession(north.service.url) as session:
        made = Program(session)
        status, answer = await made.post("/pair", {"code": code, "label": "test"})
        assert status == 201, answer
        made.token = answer["token"]
        yield made
