"""A curious colleague: who has nothing to do with a family now says why they open it, and its managers see that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select
from yarl import URL

from safety_service import api, web
from safety_service.actions import briefing, debrief_log, exports, families, opening, plans, reviews, words
from safety_service.actions.became import became_of
from safety_service.actions.errors import NotFound
from safety_service.actions.words import Word
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import exclusions, people, rota, teams
from safety_service.store import families as family_rows
from safety_service.store.tables.system import event_log
from tests import http
from tests.debriefs import given
from tests.talk import Talk
from tests.world import World

WHY = "asked by the court for dates"
OPENS = (families.read, briefing.of, plans.read)


async def wants_a_reason(world: World, who: str, *actions: Any) -> None:
    """Each of these asks this person why."""
    for action in actions or OPENS:
        with pytest.raises(Refused, match="reason_for_opening"):
            await world.do(who, action, "F-1")


async def reads(world: World, who: str) -> None:
    """Each way in lets this person read."""
    for action in OPENS:
        await world.do(who, action, "F-1")


@pytest.fixture
async def visited(world: World) -> World:
    """Ann goes there tomorrow."""
    await world.plan("Ann", after=24 * 60)
    return world


async def test_who_goes_there_and_who_manages_it_is_not_asked(visited: World) -> None:
    await reads(visited, "Ann")
    await reads(visited, "Mia")
    assert await visited.do("Mia", opening.unseen) == []


async def test_a_reviewer_of_the_team_says_why_and_then_reads_for_some_hours(visited: World) -> None:
    await wants_a_reason(visited, "Rita")
    await visited.do("Rita", opening.open_family, "f-1", WHY)
    await reads(visited, "Rita")
    visited.clock.move(timedelta(hours=8))
    await wants_a_reason(visited, "Rita")


async def test_who_was_there_long_ago_or_goes_in_months_is_asked(world: World) -> None:
    row = await world.inside("Ann")
    await world.do("Ann", words.left, row.id, Word())
    await world.do("Ann", words.home, row.id, Word())
    world.clock.move(timedelta(days=56))
    await reads(world, "Ann")
    world.clock.move(timedelta(days=1))
    await wants_a_reason(world, "Ann")
    await world.plan("Ann", after=29 * 24 * 60)
    await wants_a_reason(world, "Ann")
    world.clock.move(timedelta(days=1, minutes=1))
    await reads(world, "Ann")


async def test_who_is_watched_there_still_is_never_asked(world: World) -> None:
    await world.inside("Ann")
    world.clock.move(timedelta(days=90))
    await reads(world, "Ann")


async def test_a_visit_that_was_called_off_opens_nothing(world: World) -> None:
    row = await world.plan("Ann", after=60)
    await reads(world, "Ann")
    await world.do("Ann", words.cancel, row.id, Word())
    for action in OPENS:
        with pytest.raises(NotFound):
            await world.do("Ann", action, "F-1")
    await reads(world, "Mia")


async def test_whoever_is_on_duty_for_the_team_now_is_not_asked(visited: World) -> None:
    async with visited.database.transaction() as tx:
        shift = rota.new_shift(
            visited.team_id, "deputy_on_duty", visited.ids["Rita"], tx.now, tx.now + timedelta(hours=1)
        )
        await rota.add(tx, shift, by=None)
    await reads(visited, "Rita")
    visited.clock.move(timedelta(hours=2))
    await wants_a_reason(visited, "Rita")


async def test_whoever_was_told_of_an_alert_there_is_not_asked_while_it_is_open(world: World) -> None:
    async with world.database.transaction() as tx:
        shift = rota.new_shift(world.team_id, "manager_on_duty", world.ids["Rita"], tx.now, tx.now + timedelta(hours=1))
        await rota.add(tx, shift, by=None)
    row = await world.inside("Ann")
    await world.do("Ann", words.sos, row.id, Word())
    assert world.ids["Rita"] in (await world.alert()).alert.told
    world.clock.move(timedelta(hours=2))
    await reads(world, "Rita")


async def test_it_is_no_reason_to_say_nothing(visited: World) -> None:
    for reason in ("", "   ", "because", "a         b"):
        with pytest.raises(Refused, match="opening_reason_short"):
            await visited.do("Rita", opening.open_family, "F-1", reason)
    await wants_a_reason(visited, "Rita")


async def test_a_reason_opens_nothing_to_who_may_not_know_of_it(visited: World) -> None:
    async with visited.database.transaction() as tx:
        family = await family_rows.by_ref(tx, visited.agency_id, "F-1")
        await exclusions.add(tx, visited.agency_id, visited.ids["Rita"], family_id=family, reason="aunt", by=None)
    for who in ("Rita", "Ben", "Adam"):
        for action in (families.read, briefing.of, plans.read):
            with pytest.raises(NotFound):
                await visited.do(who, action, "F-1")
        with pytest.raises(NotFound):
            await visited.do(who, opening.open_family, "F-1", WHY)
        with pytest.raises(NotFound):
            await visited.do(who, opening.asked_about, "F-1")
    with pytest.raises(NotFound):
        await visited.do("Rita", opening.open_family, "F-2", WHY)


async def test_one_reason_opens_one_family_to_one_person(visited: World) -> None:
    await visited.plan("Ann", after=25 * 60, ref="F-2")
    await visited.do("Rita", opening.open_family, "F-1", WHY)
    with pytest.raises(Refused, match="reason_for_opening"):
        await visited.do("Rita", families.read, "F-2")
    async with visited.database.transaction() as tx:
        rex = await people.add(tx, visited.agency_id, "Rex", email="rex@example.org")
        visited.ids["Rex"] = rex.id
        await people.set_roles(tx, rex.id, visited.team_id, frozenset({Role.REVIEWER}))
    await wants_a_reason(visited, "Rex")


async def test_a_family_that_nobody_visits_is_asked_about_but_not_of_who_made_it(world: World) -> None:
    await world.do("Mia", families.make, "F-9")
    await world.do("Mia", families.read, "F-9")
    with pytest.raises(Refused, match="reason_for_opening"):
        await world.do("Dev", families.read, "F-9")
    with pytest.raises(NotFound):
        await world.do("Rita", families.read, "F-9")
    await world.do("Dev", opening.open_family, "F-9", WHY)
    assert (await world.do("Dev", families.read, "F-9")).ref == "F-9"
    assert [each.ref for each in await world.do("Mia", opening.unseen)] == ["F-9"]


async def test_what_is_found_says_nothing_but_its_reference(visited: World) -> None:
    await visited.do("Mia", families.change, "F-1", 1, {"name": "Smith", "practical": {"dog": "Zoe, a spaniel"}})
    (found,) = await visited.do("Rita", families.find, "F-1")
    assert (found.ref, found.row.name, "Zoe" in repr(found)) == ("F-1", None, False)
    (whole,) = await visited.do("Mia", families.find, "F-1")
    assert "Zoe" in repr(whole)


async def test_its_managers_see_who_and_why_and_say_that_they_have_looked(visited: World) -> None:
    await visited.do("Rita", opening.open_family, "F-1", WHY)
    (one,) = await visited.do("Mia", opening.unseen)
    assert (one.ref, one.person_id, one.reason) == ("F-1", visited.ids["Rita"], WHY)
    family = await visited.do("Mia", families.known, "F-1")
    assert [each.reason for each in await visited.do("Mia", opening.of_family, family)] == [WHY]
    assert await visited.do("Rita", opening.of_family, family) == []
    for who in ("Rita", "Ann", "Adam"):
        with pytest.raises(Refused, match="managers_only"):
            await visited.do(who, opening.unseen)
    with pytest.raises(NotFound):
        await visited.do("Ann", opening.see, one.id)
    await visited.do("Mia", opening.see, one.id)
    assert await visited.do("Dev", opening.unseen) == []


async def test_nobody_looks_at_their_own_reason_nor_who_is_kept_off(world: World) -> None:
    await world.do("Mia", families.make, "F-9")
    await world.do("Dev", opening.open_family, "F-9", WHY)
    (one,) = await world.do("Mia", opening.unseen)
    assert await world.do("Dev", opening.unseen) == [
        each for each in await world.do("Dev", opening.unseen) if each.person_id == world.ids["Mia"]
    ]
    with pytest.raises(Refused, match="never_your_own"):
        await world.do("Dev", opening.see, one.id)
    async with world.database.transaction() as tx:
        await exclusions.add(
            tx, world.agency_id, world.ids["Mia"], family_id=one.family_id, reason="her cousins", by=None
        )
    assert await world.do("Mia", opening.unseen) == []
    with pytest.raises(NotFound):
        await world.do("Mia", opening.see, one.id)


async def test_a_manager_reads_nothing_that_somebody_they_are_kept_off_opened(visited: World) -> None:
    await visited.do("Rita", opening.open_family, "F-1", WHY)
    (one,) = await visited.do("Mia", opening.unseen)
    async with visited.database.transaction() as tx:
        mia, rita = visited.ids["Mia"], visited.ids["Rita"]
        await exclusions.add(tx, visited.agency_id, mia, worker_id=rita, reason="were married", by=None)
    assert await visited.do("Mia", opening.unseen) == []
    family = await visited.do("Mia", families.known, "F-1")
    assert await visited.do("Mia", opening.of_family, family) == []
    with pytest.raises(NotFound):
        await visited.do("Mia", opening.see, one.id)
    assert [each.id for each in await visited.do("Dev", opening.unseen)] == [one.id]
    assert [each.id for each in await visited.do("Dev", opening.of_family, family)] == [one.id]


async def test_another_teams_manager_neither_reads_nor_sees_why(visited: World) -> None:
    async with visited.database.transaction() as tx:
        south = await teams.add(tx, visited.agency_id, "South")
        nora = await people.add(tx, visited.agency_id, "Nora", email="nora@example.org")
        visited.ids["Nora"] = nora.id
        await people.set_roles(tx, nora.id, south.id, frozenset({Role.MANAGER}))
    await visited.do("Rita", opening.open_family, "F-1", WHY)
    assert await visited.do("Nora", opening.unseen) == []
    with pytest.raises(NotFound):
        await visited.do("Nora", opening.open_family, "F-1", WHY)


async def test_managers_hear_of_it_once_a_day_without_the_reason(visited: World) -> None:
    await visited.do("Rita", opening.open_family, "F-1", WHY)
    visited.clock.move(timedelta(minutes=1))
    for _ in range(3):
        async with visited.database.transaction() as tx:
            await opening.chase_openings(tx, 20)
    (message,) = [
        each
        for each in await visited.deliver()
        if each.template == "opening.told" and each.person_id == visited.ids["Mia"]
    ]
    assert message.params["count"] == 1
    assert WHY not in str(message.params)
    assert visited.told("Rita", "opening.told") == []
    visited.clock.move(timedelta(days=1))
    async with visited.database.transaction() as tx:
        assert await opening.chase_openings(tx, 20) == 0
    assert [each.template for each in await visited.deliver() if each.template == "opening.told"] == []


async def test_it_stands_in_the_evidence_log(visited: World) -> None:
    await visited.do("Rita", opening.open_family, "F-1", WHY)
    async with visited.database.reading() as tx:
        kept = (await tx.conn.execute(select(event_log).where(event_log.c.verb == "opened"))).all()
    assert [(each.actor_id, each.details["reason"]) for each in kept] == [(visited.ids["Rita"], WHY)]


async def test_a_debrief_that_was_reviewed_is_opened_with_a_reason_and_one_that_waits_is_the_reviewers_work(
    world: World,
) -> None:
    debrief_id = await given(world, "Ann", review="wanted", severity="medium")
    assert (await world.do("Rita", debrief_log.read, debrief_id)).logged.id == debrief_id
    await world.do("Mia", reviews.review, debrief_id, "read, and talked about")
    for action in (debrief_log.read, became_of):
        with pytest.raises(Refused, match="reason_for_opening"):
            await world.do("Rita", action, debrief_id)
    await world.do("Rita", opening.open_family, "F-1", WHY)
    await world.do("Rita", debrief_log.read, debrief_id)
    await world.do("Mia", debrief_log.read, debrief_id)


async def test_who_reviewed_a_debrief_reads_it_again_without_a_reason(world: World) -> None:
    debrief_id = await given(world, "Ann", review="wanted", severity="medium")
    await world.do("Rita", reviews.review, debrief_id, "read")
    await world.do("Rita", debrief_log.read, debrief_id)


async def test_a_reviewers_export_has_no_text_of_families_that_they_have_nothing_to_do_with(world: World) -> None:
    done = await given(world, "Ann", severity="medium", answers={"happened": "A crowbar"})
    waits = await given(
        world, "Ben", ref="F-2", after=60, review="wanted", severity="medium", answers={"happened": "An axe"}
    )
    since, until = world.now - timedelta(days=1), world.now + timedelta(days=1)

    async def told(who: str, what: str = "debriefs", column: str = "happened") -> dict[str, str]:
        table = await world.do(who, exports.export, what, world.agency_id, since, until)
        return {str(row["family"]): str(row[column]) for row in table.rows}

    await world.do("Mia", reviews.review, done, "Read")
    assert await told("Mia") == {"F-1": "A crowbar", "F-2": "An axe"}
    assert await told("Rita") == {"F-1": "", "F-2": "An axe"}
    assert set((await told("Rita", "visits", "purpose")).values()) == {""}
    await world.opens("Rita")
    assert await told("Rita") == {"F-1": "A crowbar", "F-2": "An axe"}
    assert (await told("Rita", "visits", "purpose"))["F-1"] == "plan"
    await world.do("Rita", reviews.review, waits, "Read")
    world.clock.move(timedelta(hours=9))
    assert await told("Rita") == {"F-1": "", "F-2": "An axe"}


async def test_the_chat_asks_once_and_then_leads_to_the_page(visited: World) -> None:
    talk = Talk(visited)
    for command, page in (("/brief F-1", "briefing"), ("/plan F-1", "plan")):
        (asked,) = await talk.says("Rita", command)
        assert asked.template == "form.opening.reason"
        assert "Ann" not in asked.text
        (short,) = [each for each in await talk.says("Rita", "because") if each.template.startswith("refused.")]
        assert "10 letters" in short.text
        (led,) = await talk.presses("Rita", "I was asked about it", of=asked)
        assert led.params["page"] == f"/families/F-1/{page}"
        (again,) = await talk.says("Rita", command)
        assert again.params["page"] == f"/families/F-1/{page}"
        visited.clock.move(timedelta(hours=9))
    assert {each.reason for each in await visited.do("Mia", opening.unseen)} == {"I was asked about it"}
    (none,) = await talk.says("Ben", "/brief F-1")
    assert none.template == "reply.brief_none"


@pytest.fixture
async def base(visited: World) -> AsyncIterator[str]:
    async with http.serving(http.application(visited, web, api)) as address:
        yield address


async def test_the_page_asks_and_leads_back_to_what_was_wanted(visited: World, base: str) -> None:
    async with http.browsing(base) as rita, http.browsing(base) as mia:
        await http.signed_in(visited, rita, "Rita")
        await http.signed_in(visited, mia, "Mia")
        for path in ("/families/F-1", "/families/F-1/briefing", "/families/F-1/plan", "/families/F-1/shares"):
            async with rita.get(path, allow_redirects=False) as answer:
                assert answer.status == 303
                assert answer.headers["Location"].startswith("/families/F-1/open?back=/families/F-1")
        async with rita.get("/families/F-1/briefing") as answer:
            asked = await answer.text()
            action = answer.url
        assert "why do you open it?" in asked
        assert "Elm Row" not in asked
        async with rita.post(action, data={"reason": "", "reason_own": "short"}, allow_redirects=False) as answer:
            assert answer.status in (409, 422)
        async with rita.post(action, data={"reason": "asked"}, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/families/F-1/briefing")
        async with rita.get("/families/F-1/briefing", allow_redirects=False) as answer:
            assert answer.status == 200
        async with mia.get("/families/F-1") as answer:
            assert "Rita: I was asked about it" in await answer.text()
        async with rita.get("/families/F-1") as answer:
            assert "I was asked about it" not in await answer.text()
        (one,) = await visited.do("Mia", opening.unseen)
        async with mia.get("/openings") as answer:
            assert "I was asked about it" in await answer.text()
        async with mia.post(f"/openings/{one.id}/seen") as answer:
            assert "Nothing new." in await answer.text()


async def test_the_page_sends_nobody_to_another_site_and_asks_nobody_who_may_not_know(
    visited: World, base: str
) -> None:
    async with http.browsing(base) as browser:
        await http.signed_in(visited, browser, "Rita")
        for back in ("https://evil.example/", "//evil.example/", "/\\evil.example"):
            asked = URL("/families/F-1/open").with_query(back=back)
            async with browser.post(asked, data={"reason": "asked"}, allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (303, "/families/F-1")
    async with http.browsing(base) as browser:
        await http.signed_in(visited, browser, "Ben")
        for path in ("/families/F-1", "/families/F-1/open", "/families/F-404/open"):
            async with browser.get(path, allow_redirects=False) as answer:
                assert answer.status == 404


async def test_a_program_sends_the_reason_along_or_before(visited: World, base: str) -> None:
    async with aiohttp.ClientSession(base) as session:
        rita = await http.paired(visited, session, "Rita")
        for path in ("/families/F-1", "/families/F-1/plan", "/families/F-1/briefing"):
            status, answer = await rita.get(path)
            assert (status, answer["type"]) == (403, "urn:doorstep:problem:reason_for_opening")
        status, answer = await rita.post("/families/F-1/open", {"reason": "no"})
        assert (status, answer["errors"][0]["pointer"]) == (422, "/reason")
        headers = {"Authorization": f"Bearer {rita.token}", "X-Reason": WHY}
        async with session.get("/api/v1/families/F-1/briefing", headers=headers) as reply:
            assert reply.status == 200
        assert (await rita.get("/families/F-1/plan"))[0] == 200
        ben = await http.paired(visited, session, "Ben")
        headers["Authorization"] = f"Bearer {ben.token}"
        async with session.get("/api/v1/families/F-1", headers=headers) as reply:
            assert reply.status == 404
        assert (await ben.post("/families/F-1/open", {"reason": WHY}))[0] == 404
    assert [each.reason for each in await visited.do("Mia", opening.unseen)] == [WHY]
