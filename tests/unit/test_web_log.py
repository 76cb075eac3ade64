"""The pages of the debrief log: search, read, comment, review, take along."""

import re
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from aiohttp import ClientSession
from sqlalchemy import select, update
from yarl import URL

from safety_service import web
from safety_service.actions import exclusions
from safety_service.actions import measures as deciding
from safety_service.actions.exports_written import written
from safety_service.domain.plan import MeasureDecision
from safety_service.domain.words import Role
from safety_service.store import measures, people
from safety_service.store.tables.learning import debrief
from safety_service.store.tables.people import person
from safety_service.store.tables.system import event_log
from tests.debriefs import given
from tests.http import application, browsing, serving, signed_in
from tests.world import World

SECRET = "I keep thinking of the stairs"


@pytest.fixture
async def office(world: World) -> AsyncIterator["Office"]:
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(serving(application(world, web)))
        yield Office(world, base, stack)


class Office:
    """Browsers of several people."""

    def __init__(self, world: World, base: str, stack: AsyncExitStack) -> None:
        self.world, self._base, self._stack = world, base, stack

    async def browser(self, who: str) -> ClientSession:
        session = await self._stack.enter_async_context(browsing(self._base))
        await signed_in(self.world, session, who)
        return session


async def seen(browser: ClientSession, path: str | URL, **query: str) -> str:
    async with browser.get(path, params=query or None) as answer:
        return f"{answer.status} {await answer.text()}"


async def looked(browser: ClientSession, **fields: str) -> str:
    async with browser.post("/log", data=fields) as answer:
        return await answer.text()


async def posted(browser: ClientSession, **fields: str) -> URL:
    async with browser.post("/log", data=fields) as answer:
        return answer.url


async def test_a_manager_searches_reads_comments_and_reviews(office: Office) -> None:
    bad = await given(
        office.world,
        "Ann",
        behaviours=["argued"],
        severity="medium",
        answers={"happened": "He <b>shouted</b>", "reasons": ["removal"], "child_safe_silence": "not_known"},
        private={"feeling": SECRET},
    )
    mia = await office.browser("Mia")
    assert "F-1" in await looked(mia, q="shouting") and "F-1" not in await looked(mia, q="whisper")
    text = await seen(mia, f"/log/{bad}")
    assert "He &lt;b&gt;shouted&lt;/b&gt;" in text and "Fears losing the children" in text and "Argued, blocked" in text
    assert SECRET not in text and "Reflections" not in text
    async with mia.post(f"/log/{bad}/comment", data={"note": "Well done"}) as answer:
        assert "Well done" in await answer.text()
    async with mia.post(f"/log/{bad}/review", data={"note": "Talked through"}) as answer:
        text = await answer.text()
    assert "Talked through" in text and "I have reviewed it" not in text
    async with mia.post(f"/log/{bad}/review", data={"note": "Again"}) as answer:
        assert answer.status == 409 and "reviewed that already" in await answer.text()


async def test_what_was_seen_by_itself_reads_as_words(office: Office) -> None:
    signals = [{"kind": "near_miss", "alert": "not_out", "found": "helped", "at": "2026-11-16T09:20:00+00:00"}]
    made = await given(office.world, "Ann", signals=signals)
    text = await seen(await office.browser("Mia"), f"/log/{made}")
    assert "near miss" in text and "not out, found: helped, 09:20" in text


async def test_reflections_are_on_the_page_of_worker_and_supervisor_only(office: Office) -> None:
    bad = await given(office.world, "Ann", private={"feeling": SECRET})
    async with office.world.database.transaction() as tx:
        mine = update(person).where(person.c.id == office.world.ids["Ann"])
        await tx.conn.execute(mine.values(supervisor_id=office.world.ids["Dev"]))
    shown = {
        who: SECRET in await seen(await office.browser(who), f"/log/{bad}") for who in ("Ann", "Dev", "Mia", "Rita")
    }
    assert shown == {"Ann": True, "Dev": True, "Mia": False, "Rita": False}


async def test_what_is_not_theirs_looks_as_if_it_were_not_there(office: Office) -> None:
    hers = await given(office.world, "Ann")
    ben = await office.browser("Ben")
    assert (await seen(ben, f"/log/{hers}")).startswith("404")
    assert "Nothing found" in await seen(ben, "/log")
    assert (await seen(ben, "/log/export")).startswith("404")
    async with ben.post("/log/export", data={"what": "visits", "format": "csv"}) as answer:
        assert answer.status in (404, 409)


async def test_whoever_is_kept_off_the_family_since_is_led_nowhere_from_their_own_telling(office: Office) -> None:
    world = office.world
    made = await given(world, "Ann", behaviours=["open_threat"], severity="high")
    await world.do("Adam", exclusions.add, world.ids["Ann"], family_ref="F-1", reason="her cousin")
    text = await seen(await office.browser("Ann"), f"/log/{made}")
    assert text.startswith("200") and "/families/" not in text


async def test_a_search_without_a_word_is_said_on_the_page(office: Office) -> None:
    assert "at least one word" in await looked(await office.browser("Mia"), q="...")


@pytest.mark.parametrize("form", ["csv", "jsonl", "pdf"])
@pytest.mark.parametrize("what", ["debriefs", "care"])
async def test_a_period_is_taken_along_as_a_file(office: Office, what: str, form: str) -> None:
    await given(office.world, "Ann", private={"feeling": SECRET})
    mia = await office.browser("Mia")
    fields = {"what": what, "format": form, "from": "2026-11-01", "to": "2026-11-16"}
    async with mia.post("/log/export", data=fields) as answer:
        text = await answer.read()
        assert answer.status == 200 and f'filename="{what}-2026-11-16.{form}"' in answer.headers["Content-Disposition"]
    assert text and SECRET.encode() not in text
    async with mia.post("/log/export", data={**fields, "from": "2026-12-01"}) as answer:
        assert answer.status == 409


async def test_what_is_taken_along_is_what_was_looked_for_and_says_so(office: Office) -> None:
    await given(office.world, "Ann", ref="F-1", answers={"happened": "the terrier"}, behaviours=["argued"])
    await given(office.world, "Ben", ref="F-2", after=60, answers={"happened": "a cat"}, severity="high")
    mia = await office.browser("Mia")
    fields = {"what": "debriefs", "format": "csv", "from": "2026-11-01", "to": "2026-11-16"}

    async def taken(there: str, **more: str) -> str:
        async with mia.post(there, data={**fields, **more}) as answer:
            return f"{answer.status} {(await answer.read()).decode(errors='replace')}"

    listed = await looked(mia, q="terriers", behaviour="argued")
    there = unescape(re.findall(r'href="(/log/export[^"]*)"', listed)[0])
    assert "terrier" not in there
    page = await seen(mia, there)
    assert "Only: with the words “terriers”; what was met: Argued, blocked" in page and 'value="visits"' not in page
    there = unescape(re.findall(r'action="(/log/export[^"]*)"', page)[0])
    text = await taken(there)
    assert text.splitlines()[0].endswith('"Debriefs, only: with the words “terriers”; what was met: Argued, blocked"')
    assert "F-1" in text and "F-2" not in text
    assert '{"only": "Debriefs, only: with the words “terriers”' in await taken(there, format="jsonl")
    assert (await taken(there, format="pdf")).startswith("200")
    assert (await taken(there, what="visits")).startswith("404")
    text = await taken("/log/export?severity=high")
    assert "only: how hard: very hard" in text and "F-2" in text and "F-1" not in text
    text = await taken("/log/export")
    assert "only:" not in text and "F-1" in text and "F-2" in text
    assert (await taken("/log/export?family=F-9")).count("F-") == 1
    assert "at least one word" in await taken(
        str((await posted(mia, q="...")).relative()).replace("/log", "/log/export")
    )
    assert (await taken(f"/log/export?look={office.world.ids['Mia']}")).startswith("409")
    async with office.world.database.reading() as tx:
        kept = (
            (await tx.conn.execute(select(event_log.c.details).where(event_log.c.verb == "exported"))).scalars().all()
        )
    assert {"terriers"} <= {each.get("text") for each in kept}


async def test_a_file_is_made_apart_from_what_watches_people(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    makers: list[threading.Thread] = []

    def making(*given: Any) -> bytes:
        makers.append(threading.current_thread())
        return written(*given)

    monkeypatch.setattr("safety_service.web.log_export.written", making)
    await given(office.world, "Ann")
    mia = await office.browser("Mia")
    fields = {"what": "debriefs", "format": "pdf", "from": "2026-11-01", "to": "2026-11-16"}
    async with mia.post("/log/export", data=fields) as answer:
        assert answer.status == 200
    assert makers and threading.main_thread() not in makers


async def test_more_than_a_meeting_reads_is_not_exported_while_people_are_watched(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for ref in ("F-1", "F-2"):
        await given(office.world, "Ann", ref=ref)
    mia = await office.browser("Mia")
    fields = {"from": "2026-11-01", "to": "2026-11-16"}
    monkeypatch.setattr("safety_service.web.log_export.PAPER", 1)
    async with mia.post("/log/export", data={**fields, "what": "debriefs", "format": "pdf"}) as answer:
        assert answer.status == 409 and "more than 1" in await answer.text()
    monkeypatch.setattr("safety_service.actions.exports.MOST", 1)
    for what in ("debriefs", "visits"):
        async with mia.post("/log/export", data={**fields, "what": what, "format": "csv"}) as answer:
            assert answer.status == 409 and "more than 1" in await answer.text()


async def test_the_list_goes_on_where_it_stopped(office: Office) -> None:
    for number in range(51):
        await given(office.world, "Ann", ref=f"F-{number:02}", after=number * 30)
        office.world.clock.move(timedelta(seconds=1))
    mia = await office.browser("Mia")
    first = await seen(mia, "/log", behaviour="")
    assert "F-01" in first and "F-00" not in first
    further = re.findall(r'href="(/log\?[^"]+)">Further back', first)[0]
    second = await seen(mia, URL(unescape(further), encoded=True))
    assert "F-00" in second and "F-01" not in second and "Further back" not in second


async def test_a_family_that_asks_gets_what_somebody_has_looked_at(office: Office) -> None:
    await given(office.world, "Ann", answers={"happened": "Ann saw the neighbour at 4"}, private={"feeling": SECRET})
    mia, rita = await office.browser("Mia"), await office.browser("Rita")
    page = "/families/F-1/subject-access"
    shown = await seen(mia, page)
    assert "saw the" not in shown and 'href="/families/F-1/records">F-1: records</a>' in shown
    assert (await seen(rita, page)).startswith("409")
    assert (await seen(await office.browser("Adam"), page)).startswith("404")
    fields = {"passages": "the neighbour at 4\r\n"}
    async with mia.post(page, data=fields) as answer:
        shown = await answer.text()
    assert "[a member of staff] saw [left out]" in shown and SECRET not in shown
    digest = re.findall(r'name="digest" value="(\w+)"', shown)[0]
    async with mia.post(f"{page}/file", data={**fields, "digest": digest, "format": "txt"}) as answer:
        assert answer.status == 200 and "[a member of staff] saw [left out]" in await answer.text()
    async with mia.post(f"{page}/file", data={"digest": digest, "format": "json"}) as answer:
        assert answer.status == 409 and "Look at it" in await answer.text()


async def test_a_manager_holds_a_familys_records_and_lets_them_go(office: Office) -> None:
    await given(office.world, "Ann")
    mia = await office.browser("Mia")
    page = "/families/F-1/records"
    shown = await seen(mia, page)
    assert "Not held" in shown and 'href="/families/F-1">F-1</a>' in shown
    async with mia.post(f"{page}/hold", data={"why": "An inquiry"}) as answer:
        assert "Held since 16 November 2026" in (text := await answer.text()) and "An inquiry" in text
    async with mia.post(f"{page}/hold", data={"why": "Another"}) as answer:
        assert answer.status == 409
    async with mia.post(f"{page}/release") as answer:
        assert "Not held" in await answer.text()
    assert (await seen(await office.browser("Ann"), page)).startswith("409")
    assert (await seen(await office.browser("Adam"), page)).startswith("404")


async def test_what_was_met_month_by_month_is_for_those_who_read_the_team(office: Office) -> None:
    for number in range(2):
        await given(office.world, "Ann", behaviours=["argued"], severity="medium", after=number * 30)
    office.world.clock.move(timedelta(days=30))
    await given(office.world, "Ben", behaviours=["open_threat", "argued"], severity="high")
    text = await seen(await office.browser("Rita"), "/log/trends")
    assert "Dec 2026" in text and "Jul 2026" in text and "Jun 2026" not in text
    row = text.partition("Argued, blocked")[2].partition("</tr>")[0]
    assert re.findall(r"<td>([^<]+)</td>", row) == ["&lt;5", "&lt;5", "–", "–", "–", "–"]
    async with office.world.database.transaction() as tx:
        for name in ("Cat", "Dan", "Eve"):
            there = await people.add(tx, office.world.agency_id, name)
            await people.set_roles(tx, there.id, office.world.team_id, frozenset({Role.PRACTITIONER}))
    row = (
        (await seen(await office.browser("Rita"), "/log/trends")).partition("Argued, blocked")[2].partition("</tr>")[0]
    )
    assert re.findall(r"<td>(?:<a [^>]*>)?([^<]+)<", row) == ["1", "2", "–", "–", "–", "–"], (
        "the newest first: a phone shows no more"
    )
    rita = await office.browser("Rita")
    for link, refs in zip(re.findall(r'href="([^"]+)"', row), (1, 2), strict=True):
        listed = await seen(rita, URL(unescape(link), encoded=True))
        assert listed.startswith("200") and listed.count("data-row") == refs, link
    assert "Ann" not in text and "Ben" not in text
    assert (await seen(await office.browser("Ann"), "/log/trends")).startswith("409")


async def test_the_page_says_what_became_of_it(office: Office) -> None:
    world = office.world
    made = await given(world, "Ann", behaviours=["open_threat"], severity="high")
    mia = await office.browser("Mia")
    text = await seen(mia, f"/log/{made}")
    assert "What became of it" in text and "holds until somebody decides" in text and "Met again" not in text
    assert 'href="/families/F-1"' in text and re.search(r'href="/families/F-1/plan/measures/[^"]+"', text)
    hers = await seen(await office.browser("Ann"), f"/log/{made}")
    assert 'href="/families/F-1/plan"' in hers and "/measures/" not in hers, "she reads the plan, and decides nothing"
    async with world.database.reading() as tx:
        family_id = (await tx.conn.execute(select(debrief.c.family_id).where(debrief.c.id == made))).scalar_one()
        held = await measures.in_force(tx, family_id)
    verdict = deciding.Verdict(kind=MeasureDecision.ACCEPT, reason="He means it")
    await world.do("Mia", deciding.decide, held[0].id, verdict)
    world.clock.move(timedelta(days=1))
    await given(world, "Ben", behaviours=["open_threat"], severity="high")
    text = await seen(mia, f"/log/{made}")
    assert "Accepted by Mia, 16 November 2026: He means it" in text
    assert "Met again" in text and "Open threat, 17 November 2026" in text
