"""The evidence log on a page: whose entries one reads, what they say, what they never say, and whether it is whole."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession
from sqlalchemy import text
from yarl import URL

from safety_service import web
from safety_service.actions import alerts as handling
from safety_service.actions import (
    event_chain,
    evidence_check,
    evidence_read,
    exclusions,
    families,
    items,
    reading,
    words,
)
from safety_service.actions.actor import Actor
from safety_service.actions.evidence import keep as evidence_keep
from safety_service.actions.evidence_read import Entry, Found, Search
from safety_service.actions.words import Word
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Found as WhatFound
from safety_service.domain.words import KnownBy, Role
from safety_service.store import evidence, people
from safety_service.store.database import Tx
from safety_service.store.items import Item
from tests.danger import DURESS, OWN, agreed, inside_high
from tests.debriefs import given
from tests.http import application, browsing, serving, signed_in
from tests.world import World

CASE = "shouted on the landing"


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


async def look(world: World, reader: str, **wanted: Any) -> Found:
    return await world.do(reader, evidence_read.look, Search(**wanted))


async def read(world: World, reader: str, **wanted: Any) -> list[Entry]:
    return (await look(world, reader, **wanted)).entries


def deeds(entries: list[Entry]) -> set[tuple[str, str]]:
    return {(each.noted.verb, each.noted.subject) for each in entries}


async def page(browser: ClientSession, path: str) -> str:
    async with browser.get(URL(path, encoded=True)) as answer:
        return f"{answer.status} {await answer.text()}"


async def opened(world: World, who: str, ref: str = "F-1") -> None:
    """Somebody gives the reason for which they open a family: that is case text."""
    await world.opens(who, ref)


async def test_each_reads_what_is_theirs(world: World) -> None:
    row = await world.inside("Ann")
    await world.ok(row)
    await opened(world, "Rita")
    hers = await read(world, "Ann")
    assert ("ok", "visit") in deeds(hers) and {each.noted.actor_id for each in hers} == {world.ids["Ann"]}
    assert await read(world, "Ben") == [] or {each.noted.actor_id for each in await read(world, "Ben")} == {
        world.ids["Ben"]
    }
    teams = await read(world, "Mia")
    assert {("ok", "visit"), ("opened", "family")} <= deeds(teams) and all(each.with_text for each in teams)
    everything = await read(world, "Adam")
    assert ("ok", "visit") in deeds(everything)
    assert not [each for each in everything if each.with_text and each.noted.actor_id != world.ids["Adam"]]
    with pytest.raises(Refused, match="not_your_role"):
        await read(world, "Rita")


async def test_the_reason_is_read_by_managers_and_sealed_for_administrators(office: Office) -> None:
    await given(office.world, "Ann")
    await opened(office.world, "Rita")
    mia, adam = await office.browser("Mia"), await office.browser("Adam")
    assert "asked to look into it" in (text_ := await page(mia, "/evidence")) and "Rita said why they open" in text_
    sealed = await page(adam, "/evidence")
    assert "Rita said why they open a family" in sealed
    assert "asked to look into it" not in sealed and "F-1" not in sealed
    assert (await page(await office.browser("Rita"), "/evidence")).startswith("409")


async def test_it_is_narrowed_by_who_what_when_and_with_what(world: World) -> None:
    row = await world.inside("Ann")
    await world.jump(60 * 24 * 2)
    await world.do("Mia", reading.visit, row.id)
    world.clock.move(timedelta(days=2))
    await world.do("Dev", reading.visit, row.id)
    of_mia = await read(world, "Mia", who=world.ids["Mia"])
    assert deeds(of_mia) == {("read", "visit")}
    assert {each.noted.verb for each in await read(world, "Mia", verbs=frozenset({"begin"}))} == {"begin"}
    assert deeds(await read(world, "Mia", subjects=frozenset({"evidence"}))) == {("read", "evidence")}
    day = timedelta(days=1)
    between = await read(world, "Mia", since=world.now - 3 * day, until=world.now - day)
    assert {each.noted.actor_id for each in between} == {world.ids["Mia"]}
    assert not await read(world, "Mia", since=world.now + day, until=world.now + 2 * day)
    before = await read(world, "Mia", until=world.now - 3 * day)
    assert ("begin", "visit") in deeds(before) and ("read", "visit") not in deeds(before)


async def test_what_somebody_is_kept_off_is_not_in_it(world: World) -> None:
    await given(world, "Ann", ref="F-2")
    row = await world.inside("Ben", ref="F-1")
    await world.do("Dev", reading.visit, row.id)
    assert any(each.about.ref == "F-1" for each in await read(world, "Mia"))
    await world.do("Adam", exclusions.add, world.ids["Mia"], worker_id=world.ids["Ben"], reason="a brother")
    await world.do("Adam", exclusions.add, world.ids["Mia"], family_ref="F-2", reason="a cousin")
    left = await look(world, "Mia")
    assert not {each.about.ref for each in left.entries} & {"F-1", "F-2"}
    assert world.ids["Ben"] not in left.names


async def test_whom_an_exclusion_keeps_off_reads_nothing_of_it(world: World) -> None:
    async with world.database.transaction() as tx:
        eve = await people.add(tx, world.agency_id, "Eve", email="eve@example.org")
        world.ids["Eve"] = eve.id
        await people.set_roles(tx, eve.id, world.team_id, frozenset({Role.ADMINISTRATOR}))
    await world.plan("Ann", ref="F-1")
    adam = world.ids["Adam"]
    kept = await world.do("Eve", exclusions.add, adam, worker_id=world.ids["Ann"], reason="were married")
    await world.do("Eve", exclusions.add, adam, family_ref="F-1", reason="a cousin")
    await world.do("Eve", exclusions.add, world.ids["Mia"], worker_id=world.ids["Ann"], reason="a sister")
    wanted = frozenset({"exclusion"})
    assert await read(world, "Adam", subjects=wanted) == []
    assert len(await read(world, "Eve", subjects=wanted)) == 3
    await world.do("Eve", exclusions.end, world.agency_id, kept)
    left = await read(world, "Adam", subjects=wanted)
    assert [each.noted.verb for each in left] == ["added"] and not left[0].with_text


@pytest.mark.parametrize("logged", ["now", "before"])
async def test_what_became_of_a_wish_for_supervision_is_read_by_the_two_of_them_alone(
    office: Office, monkeypatch: pytest.MonkeyPatch, logged: str
) -> None:
    world = office.world
    if logged == "before":
        monkeypatch.setattr(items, "_log", _as_it_was_logged)
    async with world.database.transaction() as tx:
        ann = await people.get(tx, world.ids["Ann"])
        await people.save(tx, replace(ann, supervisor_id=world.ids["Mia"]))
        about: dict[str, Any] = {"kind": "supervision", "text": "My nights", "worker_id": ann.id}
        row = await items.open_item(tx, agency_id=world.agency_id, team_id=world.team_id, key="sleep", **about)
    await world.do("Ann", items.close_item, row.id, "I sleep again")
    verbs = frozenset({"item_closed"})
    for reader, with_text in (("Dev", False), ("Adam", False), ("Mia", True), ("Ann", True)):
        (entry,) = await read(world, reader, verbs=verbs)
        assert entry.with_text is with_text, reader
    shown = await page(await office.browser("Dev"), "/evidence")
    assert "I sleep again" not in shown and "sleep" not in shown and str(row.id) not in shown
    (entry,) = await read(world, "Mia", verbs=verbs)
    assert ("I sleep again" in str(entry.noted.details)) is (logged == "before")
    assert ("'key'" in str(entry.noted.details)) is (logged == "before")


async def _as_it_was_logged(tx: Tx, actor: Actor | None, row: Item, verb: str, **details: Any) -> None:
    """With the note, as entries are that exist."""
    note = details.get("note", "")
    await evidence_keep(tx, actor, row.agency_id, verb, subject="item", subject_id=row.id, key=row.key, note=note)


async def test_nothing_of_duress_is_read_by_whom_it_is_about(world: World) -> None:
    await agreed(world, "Mia")
    await _visits_too(world, "Mia")
    row = await inside_high(world, "Mia")
    await world.later(1)
    quiet = deeds(await read(world, "Mia"))
    await world.do("Mia", words.ok, row.id, Word(phrase=DURESS))
    raised = await world.alert()
    assert raised.alert.kind == "duress"
    await world.later(1)
    await world.do("Dev", handling.take, raised.id)
    await world.do("Dev", families.find, "F-1")
    seen = deeds(await read(world, "Mia")) - quiet
    assert seen <= {("ok", "visit"), ("read", "evidence")}
    assert ("took", "alert") in deeds(await read(world, "Dev"))
    await world.do("Dev", handling.resolve, raised.id, WhatFound.SAFE, KnownBy.SEEN, "at the door")
    await world.do("Adam", handling.resolve, raised.id, WhatFound.SAFE, KnownBy.SEEN, "at the door")
    assert ("took", "alert") not in deeds(await read(world, "Mia")), "she is still inside"
    await world.do("Mia", words.left, row.id, Word(phrase=OWN))
    await world.do("Mia", words.home, row.id, Word(phrase=OWN))
    assert ("took", "alert") in deeds(await read(world, "Mia"))


async def _visits_too(world: World, who: str) -> None:
    async with world.database.transaction() as tx:
        both = frozenset({Role.MANAGER, Role.PRACTITIONER})
        await people.set_roles(tx, world.ids[who], world.team_id, both)


async def test_it_goes_on_where_it_stopped_however_rare_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safety_service.actions.evidence_read.STRETCH", 7)
    monkeypatch.setattr("safety_service.actions.evidence_read.LOOKED_AT", 14)
    monkeypatch.setattr("safety_service.actions.evidence_read.PAGE", 3)
    row = await world.inside("Ann")
    for _ in range(20):
        await world.ok(row)
    found: list[UUID] = []
    place = None
    for _ in range(30):
        there = await look(world, "Ann", before=place, verbs=frozenset({"ok", "begin"}))
        found += [each.noted.id for each in there.entries]
        place = there.after
        if place is None:
            break
    assert place is None and len(found) == len(set(found)) == 21


async def test_two_ids_around_any_moment(world: World) -> None:
    row = await world.inside("Ann")
    for _ in range(5):
        world.clock.move(timedelta(hours=1))
        await world.ok(row)
    async with world.database.transaction() as tx:
        entries, _ = await evidence.stretch(tx, evidence.Wanted(agency_id=world.agency_id), evidence_read.NEWEST, 100)
        for hours in (-1, 0, 1.5, 3, 9):
            at = row.visit.starts_at + timedelta(hours=hours)
            there = await evidence.around(tx, world.agency_id, at)
            assert there is not None
            assert all(each.at < at for each in entries if each.id < there[0])
            assert all(each.at >= at for each in entries if each.id >= there[1])


async def test_no_agreed_word_and_no_address_of_a_channel_is_in_it(office: Office) -> None:
    await agreed(office.world)
    row = await inside_high(office.world)
    await office.world.do("Ann", words.ok, row.id, Word(phrase=DURESS))
    for who in ("Ann", "Mia", "Adam"):
        text_ = await page(await office.browser(who), "/evidence")
        assert text_.startswith("200") and DURESS not in text_ and "chat-Ann" not in text_


@pytest.mark.parametrize("form", ["csv", "jsonl", "pdf"])
async def test_a_time_of_it_is_taken_along(office: Office, form: str) -> None:
    await given(office.world, "Ann")
    await opened(office.world, "Rita")
    async with office.world.database.transaction() as tx:
        tx.now += timedelta(minutes=1)
        await event_chain.extend(tx, 1000)
    mia, adam, rita = [await office.browser(who) for who in ("Mia", "Adam", "Rita")]
    fields = {"format": form, "from": "2026-11-16", "to": "2026-11-16"}
    async with mia.post("/evidence/export", data=fields) as answer:
        body = await answer.read()
        assert (
            answer.status == 200 and f'filename="evidence-2026-11-16.{form}"' in answer.headers["Content-Disposition"]
        )
    if form == "csv":
        assert b"asked to look into it" in body and re.search(rb",\d+,[0-9a-f]{64}", body)
    async with adam.post("/evidence/export", data=fields) as answer:
        assert answer.status == 200 and b"asked to look into it" not in await answer.read()
    for wrong in ({**fields, "from": "2026-11-17"}, {"format": form}):
        async with mia.post("/evidence/export", data=wrong) as answer:
            assert answer.status == 409
    async with rita.post("/evidence/export", data=fields) as answer:
        assert answer.status == 409
    assert ("exported", "evidence") in deeds(await read(office.world, "Mia"))


async def linked(world: World) -> None:
    async with world.database.transaction() as tx:
        tx.now += timedelta(minutes=1)
        await event_chain.extend(tx, 1000)


async def test_the_page_says_whether_it_is_whole(office: Office) -> None:
    world = office.world
    row = await world.inside("Ann")
    await world.ok(row)
    mia = await office.browser("Mia")
    assert "Nothing is linked yet" in await page(mia, "/evidence")
    await linked(world)
    shown = await page(mia, "/evidence")
    end = re.findall(r"<code[^>]*>(\d+:[0-9a-f]{64})</code>", shown)[0]
    for fields in ({}, {"end": end}):
        async with mia.post("/evidence/check", data=fields) as answer:
            assert "are as they were written" in await answer.text()
    async with mia.post("/evidence/check", data={"end": f"{end.partition(':')[0]}:{'0' * 64}"}) as answer:
        assert "not as it was written" in await answer.text()
    async with mia.post("/evidence/check", data={"end": "nonsense"}) as answer:
        assert answer.status == 409 and "64 digits" in unescape(await answer.text())


async def test_what_was_changed_in_it_is_found_from_the_page(world: World) -> None:
    row = await world.inside("Ann")
    await world.ok(row)
    await linked(world)
    async with world.database.transaction() as tx:
        if tx.dialect == "sqlite":
            names = [
                each[0] for each in await tx.conn.execute(text("SELECT name FROM sqlite_master WHERE type='trigger'"))
            ]
            for name in names:
                await tx.conn.execute(text(f"DROP TRIGGER {name}"))
        else:
            await tx.conn.execute(text("ALTER TABLE event_log DISABLE TRIGGER ALL"))
        await tx.conn.execute(text("UPDATE event_log SET verb = 'home' WHERE verb = 'ok'"))
    checked = await world.do("Mia", evidence_check.check)
    assert len(checked.found) == 1 and "changed" in checked.found[0]
    with pytest.raises(Refused, match="managers_only"):
        await world.do("Ann", evidence_check.check)


async def test_only_the_newest_part_is_walked_and_that_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = await world.inside("Ann")
    for _ in range(6):
        await world.ok(row)
    await linked(world)
    monkeypatch.setattr(evidence_check, "MOST", 3)
    checked = await world.do("Mia", evidence_check.check)
    assert checked.last - checked.first == 2 and not checked.found
    with pytest.raises(Refused, match="end_too_old"):
        await world.do("Mia", evidence_check.check, (1, "0" * 64))
