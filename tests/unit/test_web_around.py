"""Pages around a family: filled in by who may, read by who may; a link for another agency works by its button only."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from safety_service import web
from safety_service.actions import supervision, warning
from safety_service.guesses import WRONG
from safety_service.store import people, shares
from safety_service.store.shares import Share
from safety_service.store.visits import VisitRow
from tests.guidance.around import agency_at, bad_visit, told
from tests.http import application, browsing, serving, signed_in
from tests.world import World


class Office:
    """Browsers of several people, and of strangers."""

    def __init__(self, world: World, base: str, stack: AsyncExitStack) -> None:
        self.world, self._base, self._stack = world, base, stack

    async def stranger(self) -> ClientSession:
        return await self._stack.enter_async_context(browsing(self._base))

    async def browser(self, who: str) -> ClientSession:
        session = await self.stranger()
        await signed_in(self.world, session, who)
        return session


@pytest.fixture
async def row(world: World) -> VisitRow:
    return await bad_visit(world)


@pytest.fixture
async def office(world: World, row: VisitRow) -> AsyncIterator[Office]:
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(serving(application(world, web)))
        yield Office(world, base, stack)


async def seen(browser: ClientSession, path: str) -> str:
    async with browser.get(path) as answer:
        return f"{answer.status} {await answer.text()}"


async def sent(browser: ClientSession, path: str, **fields: Any) -> str:
    async with browser.post(path, data=fields) as answer:
        return f"{answer.status} {await answer.text()}"


TERMS = {
    "concern": "Shouting at the door",
    "expected": "Nobody shouts",
    "otherwise": "We meet at the office",
    "agencies": "Police: come along\nSchool: rings us",
    "told": "Both parents, by Ann",
    "told_on": "2026-11-16",
    "review_on": "2026-12-14",
}


async def test_an_undertaking_is_written_down_and_says_what_it_is_not(office: Office) -> None:
    mia, ann = await office.browser("Mia"), await office.browser("Ann")
    text = await sent(mia, "/families/F-1/undertakings/new", **{**TERMS, "otherwise": ""})
    assert text.startswith("422") and "Nobody shouts" in text and "This needs an answer" in text
    text = await sent(mia, "/families/F-1/undertakings/new", **{**TERMS, "review_on": "2026-11-01"})
    assert text.startswith("409") and "Nobody shouts" in text and "looked at again" in text
    text = await sent(mia, "/families/F-1/undertakings/new", **TERMS)
    assert text.startswith("200") and "not a partnership agreement" in text and "Police: come along" in text
    text = await seen(ann, "/families/F-1/undertakings")
    assert "Nobody shouts" in text and "Write one down" not in text
    assert (await seen(ann, "/families/F-1/undertakings/new")).startswith("409")


async def test_it_stands_on_the_plan_the_briefing_and_the_familys_page(office: Office) -> None:
    mia, ann = await office.browser("Mia"), await office.browser("Ann")
    await sent(mia, "/families/F-1/undertakings/new", **TERMS)
    text = await seen(ann, "/families/F-1/plan")
    assert "Nobody shouts" in text and "not a partnership agreement" in text
    assert "Nobody shouts" in await seen(ann, "/families/F-1/briefing")
    for who, shown in ((ann, False), (mia, True)):
        text = await seen(who, "/families/F-1")
        assert 'href="/families/F-1/undertakings"' in text and 'href="/families/F-1/meetings"' in text
        assert ('href="/families/F-1/shares"' in text) is shown


async def test_what_became_of_it_is_said_on_its_page(office: Office) -> None:
    mia = await office.browser("Mia")
    text = await sent(mia, "/families/F-1/undertakings/new", **TERMS)
    match = re.search(r"/undertakings/[0-9a-f-]{36}", text)
    assert match is not None
    await sent(mia, f"{match[0]}/note", state="broken", note="He shouted on Friday")
    text = await seen(mia, match[0])
    assert "He shouted on Friday" in text and "broken" in text
    text = await sent(mia, f"{match[0]}/note", state="ended", note="They moved away")
    assert "ended" in text and "Say what became of it" not in text


async def proposed(office: Office, row: VisitRow, **more: Any) -> Share:
    await agency_at(office.world, row.family_id, **more)
    await told(office.world, row, warning.follow, whole=True, circumstances=["drink"])
    async with office.world.database.reading() as tx:
        (one,) = await shares.of_family(tx, row.family_id)
    return one


DECIDED = {"decided": "share", "basis": "protect_worker", "reason": "They go there on Thursday"}


async def decides(browser: ClientSession, one: Share, **fields: Any) -> str:
    """Read it, and decide it."""
    return await sent(browser, f"/shares/{one.id}/decide", text_digest=read_in(await form_of(browser, one)), **fields)


async def form_of(browser: ClientSession, one: Share) -> str:
    return await seen(browser, f"/shares/{one.id}/decide")


def read_in(form: str) -> str:
    """What goes back with the decision: which text was read."""
    match = re.search(r'name="text_digest" value="(\w{64})"', form)
    assert match is not None, form
    return match[1]


async def link_of(office: Office, row: VisitRow, browser: ClientSession) -> str:
    one = await proposed(office, row)
    text = await decides(browser, one, **DECIDED)
    match = re.search(r"/a/[a-z2-7]{26}", text)
    assert match is not None, text
    assert "mailto:jo%40school.example" in text and "tel:01632960111" in text
    mail = re.search(r'mailto:[^"]*', text)
    assert mail is not None and "threat" not in mail[0] and "F-1" not in mail[0]
    return match[0]


async def state_of(office: Office, row: VisitRow) -> str:
    async with office.world.database.reading() as tx:
        (one,) = await shares.of_family(tx, row.family_id)
    return one.state


async def test_a_share_is_decided_on_its_page_and_the_link_is_shown_once(office: Office, row: VisitRow) -> None:
    mia = await office.browser("Mia")
    link = await link_of(office, row, mia)
    record = await seen(mia, "/families/F-1/shares")
    assert "sent, not acknowledged yet" in record and "They go there on Thursday" in record and link not in record
    assert (await seen(await office.browser("Ann"), "/families/F-1/shares")).startswith("404")


async def test_what_is_wrong_with_a_decision_is_said_and_what_was_typed_stays(office: Office, row: VisitRow) -> None:
    mia = await office.browser("Mia")
    one = await proposed(office, row, verified=False)
    form = await seen(mia, f"/shares/{one.id}/decide")
    assert "Nobody has checked this contact yet" in form and "Only if you say so: Drink" in form
    text = await decides(mia, one, decided="share", reason="They go there on Thursday")
    assert text.startswith("422") and "They go there on Thursday" in text
    text = await decides(mia, one, **DECIDED)
    assert text.startswith("409") and "Nobody has checked this contact yet" in text
    text = await decides(mia, one, **DECIDED, unverified="yes")
    assert "/a/" in text


async def test_where_more_was_told_meanwhile_the_new_text_is_shown_and_nothing_is_decided(
    office: Office, row: VisitRow
) -> None:
    mia = await office.browser("Mia")
    one = await proposed(office, row)
    before = after = read_in(await form_of(mia, one))
    await told(office.world, row, warning.follow, met=("open_threat", "weapon"), whole=True)
    for read in ({"text_digest": before}, {}):
        text = await sent(mia, f"/shares/{one.id}/decide", **DECIDED, **read)
        assert text.startswith("409") and "More was told of it since you read it" in text
        assert "Open threat, Weapon" in text and "They go there on Thursday" in text
        after = read_in(text)
    assert await state_of(office, row) == "proposed"
    assert "/a/" in await sent(mia, f"/shares/{one.id}/decide", **DECIDED, text_digest=after)


async def test_what_is_asked_about_a_second_time_says_why(office: Office, row: VisitRow) -> None:
    mia = await office.browser("Mia")
    one = await proposed(office, row)
    assert "Told only after" not in await form_of(mia, one)
    await decides(mia, one, **DECIDED)
    await told(office.world, row, warning.follow, met=("open_threat", "weapon"), whole=True)
    async with office.world.database.reading() as tx:
        later = (await shares.of_family(tx, row.family_id))[0]
    form = await form_of(mia, later)
    assert "Told only after the one before was decided" in form and "Weapon" in form and "Open threat" not in form


async def test_opening_a_link_acknowledges_nothing_whoever_opens_it(office: Office, row: VisitRow) -> None:
    link = await link_of(office, row, await office.browser("Mia"))
    stranger = await office.stranger()
    for _ in range(2):
        text = await seen(stranger, link)
        assert "Open threat" in text and "F-1" in text and "Drink" not in text
    async with stranger.head(link) as answer:
        assert answer.status == 200
    async with stranger.get(link, headers={"Purpose": "prefetch", "Sec-Purpose": "prefetch"}) as answer:
        assert answer.headers["Referrer-Policy"] == "no-referrer" and answer.headers["Cache-Control"] == "no-store"
    assert await state_of(office, row) == "sent"


async def test_the_button_acknowledges_by_name_and_then_there_is_nothing_more_to_read(
    office: Office, row: VisitRow
) -> None:
    link = await link_of(office, row, await office.browser("Mia"))
    stranger = await office.stranger()
    text = await sent(stranger, link, name=" ")
    assert text.startswith("422") and await state_of(office, row) == "sent"
    async with stranger.post(link, data={"name": "Jo Field"}, headers={"Origin": "null"}) as answer:
        text = await answer.text()
    assert answer.status == 200 and "It has arrived" in text
    assert await state_of(office, row) == "acknowledged"
    text = await seen(stranger, link)
    assert "It has arrived" in text and "threat" not in text and "F-1" not in text and "button" not in text


async def test_who_says_on_the_phone_that_they_have_it_is_noted_by_name(office: Office, row: VisitRow) -> None:
    mia = await office.browser("Mia")
    link = await link_of(office, row, mia)
    (one,) = re.findall(r'href="(/shares/[0-9a-f-]+)"', await seen(mia, "/families/F-1/shares"))
    assert f"{one}/told" in await seen(mia, one)
    assert "Who said so?" in await seen(mia, f"{one}/told")
    assert (await sent(mia, f"{one}/told", name="")).startswith("422")
    assert "Jo Field" in await sent(mia, f"{one}/told", name="Jo Field")
    assert await state_of(office, row) == "acknowledged"
    assert "Open threat" not in await seen(await office.stranger(), link)
    assert (await seen(await office.browser("Ann"), f"{one}/told")).startswith("409")


async def test_links_cannot_be_guessed(office: Office) -> None:
    stranger = await office.stranger()
    for _ in range(WRONG):
        assert (await seen(stranger, "/a/aaaaaaaaaaaaaaaaaaaaaaaaaa")).startswith("404")
    assert (await seen(stranger, "/a/aaaaaaaaaaaaaaaaaaaaaaaaaa")).startswith("429")


async def test_a_meeting_is_called_and_held_on_its_pages(office: Office, row: VisitRow) -> None:
    school = await agency_at(office.world, row.family_id, "School")
    mia, ann = await office.browser("Mia"), await office.browser("Ann")
    called = {
        "kind": "risk",
        "meets_at": "2026-11-18T10:00",
        "why": "Three threats in a month",
        "invited": str(school),
        "parents": "excluded",
        "share_what": "That we met",
        "share_how": "Ann tells them",
        "share_when": "On Monday",
    }
    text = await sent(mia, "/families/F-1/meetings/new", **called)
    assert text.startswith("422") and "Three threats in a month" in text
    unasked = {**called, "parents": "invited", "why": "", "parents_why": "They threatened the chair"}
    text = await sent(mia, "/families/F-1/meetings/new", **unasked)
    assert text.startswith("422") and "They threatened the chair" in text, "also what was not asked for stays"
    text = await sent(mia, "/families/F-1/meetings/new", **called, parents_why="They threatened the chair")
    match = re.search(r"/meetings/[0-9a-f-]{36}", text)
    assert match is not None and "School" in text and "They threatened the chair" in text
    assert (await seen(ann, f"{match[0]}/held")).startswith("409")
    outcome = {
        "notes": "Nobody goes alone",
        "review_on": "2026-12-14",
        "decision_1.what": "A light at the door",
        "decision_1.owner": str(office.world.ids["Ann"]),
        "decision_1.due_on": "2026-11-30",
    }
    text = await sent(mia, f"{match[0]}/held", **{**outcome, "decision_1.owner": ""})
    assert text.startswith("409") and "Nobody goes alone" in text and "A light at the door" in text
    text = await sent(mia, f"{match[0]}/held", **outcome)
    assert "A light at the door: Ann by 30 November 2026" in text and "14 December 2026" in text
    assert "Version" in await seen(ann, match[0])


async def supervised(world: World) -> None:
    async with world.database.transaction() as tx:
        ann = await people.get(tx, world.ids["Ann"])
        await people.save(tx, replace(ann, supervisor_id=world.ids["Mia"]))


async def test_a_supervision_is_read_by_two_and_written_down_by_one(office: Office) -> None:
    world = office.world
    await supervised(world)
    path = f"/people/{world.ids['Ann']}/supervision"
    mia, ann, dev = await office.browser("Mia"), await office.browser("Ann"), await office.browser("Dev")
    text = await sent(ann, f"{path}/wish", text="The stairs at night", family="F-1", risk="high")
    assert "The stairs at night" in text and "Ring 01632 960000" in text
    form = await seen(mia, f"{path}/record")
    item = re.search(r'name="closed\.([0-9a-f-]{36})"', form)
    assert item is not None and "The stairs at night" in form
    said = {
        "notes": "We looked at the stairs",
        f"closed.{item[1]}": "There is a lamp now",
        "judged.family.own": "F-1",
        "judged.worker": "high",
        "judged.worker_why": "It is dark",
        "judged.supervisor": "medium",
        "judged.supervisor_why": "There is a lamp",
        "new_1.text": "Go there by day",
        "new_1.mine": "worker",
    }
    text = await sent(mia, f"{path}/record", **{**said, "judged.worker": ""})
    assert text.startswith("409") and "We looked at the stairs" in text
    text = await sent(mia, f"{path}/record", **said)
    assert text.startswith("200")
    for browser in (mia, ann):
        text = await seen(browser, path)
        assert "We looked at the stairs" in text and "There is a lamp now" in text and "Go there by day" in text
        assert "high, says the worker (It is dark)" in text
    text = await seen(dev, path)
    assert "Supervision, 16 November 2026" in text and "stairs" not in text and "lamp" not in text
    assert (await seen(dev, f"{path}/record")).startswith("409")
    assert (await seen(await office.browser("Ben"), path)).startswith("404")
    assert path in await seen(mia, "/supervision") and path not in await seen(dev, "/supervision")
    world.clock.move(timedelta(days=1))
    assert len((await world.do("Mia", supervision.read, world.ids["Ann"])).records) == 1
