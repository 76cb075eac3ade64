"""The pages of visits: planned at a desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import ClientSession

from safety_service.actions import evidence_read, exclusions, planning, visit_list
from safety_service.actions.evidence_read import Search
from safety_service.actions.planning import PlanRequest
from safety_service.actions.visit_list import Look
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Risk, Status
from safety_service.store import risk_facts
from safety_service.store.visits import VisitRow
from tests.http import get, post, signed_in
from tests.unit.visit_pages.forms import LONDON, typed
from tests.world import MINUTE, World

#: A line of the risk that a threat told of before makes.
THREAT = "Open threat on"


async def only_visit(world: World, who: str = "Ann") -> VisitRow:
    """The one that they go on."""
    found = await world.do(who, visit_list.look, Look(mine=True))
    assert len(found.rows) == 1
    return await world.visit(found.rows[0].id)


async def test_a_visit_is_planned_on_two_pages_and_watched(world: World, browser: ClientSession) -> None:
    await signed_in(world, browser, "Ann")
    _, text, _ = await get(browser, "/visits/new")
    assert "Which family?" in text and "What is expected?" in text and "Who goes?" not in text
    status, text, at = await post(browser, "/visits/new", typed(world))
    assert (status, at) == (200, "/visits/new/check")
    assert "4 Hill Road" in text and "45 minutes" in text and "Medium risk" in text, "nothing is known of the family"
    _, text, at = await post(browser, "/visits/new/check", {"do": "plan"})
    row = await only_visit(world)
    assert at == f"/visits/{row.id}?planned=1" and "It is planned." in text
    assert (row.family_ref, row.address["text"], row.purpose) == ("F-9", "4 Hill Road", "home_visit")
    assert row.answers["exit"] == "two_ways" and row.visit.watches[0].due_at == row.visit.starts_at
    _, text, _ = await get(browser, "/visits/new")
    assert "4 Hill Road" not in text, "a new one begins empty"


async def test_a_known_family_is_as_last_time(world: World, browser: ClientSession) -> None:
    before = await world.plan("Ann", ref="F-1", minutes=30, answers={"joint": "police", "exit": "front_only"})
    await signed_in(world, browser, "Ann")
    _, text, _ = await get(browser, "/visits/new")
    assert 'value="F-1"' in text
    starts = typed(world)["starts"]
    _, text, at = await post(
        browser, "/visits/new", {"ref": "F-1", "starts": starts, "hostility": "none", "transport": "car"}
    )
    assert at == "/visits/new/check" and "30 minutes" in text and "1 Elm Row" in text and "Police" in text
    # What was filled in, and is emptied by hand now, stays empty.
    _, text, _ = await get(browser, "/visits/new")
    assert 'value="1 Elm Row"' in text
    status, text, _ = await post(browser, "/visits/new", typed(world, **{"ref.own": "F-1", "address": ""}))
    assert status == 422 and 'href="#address"' in text
    assert (await world.visit(before.id)).version == before.version


async def test_nothing_typed_is_lost_whatever_is_wrong(world: World, browser: ClientSession) -> None:
    await signed_in(world, browser, "Ann")
    status, text, _ = await post(browser, "/visits/new", typed(world, length="long", purpose="", **{"purpose.own": ""}))
    assert status == 422 and "So many minutes, as a number." in text and 'href="#purpose"' in text
    assert 'value="4 Hill Road"' in text
    _, text, _ = await get(browser, "/visits/new")
    assert 'value="4 Hill Road"' in text and "You had begun this." in text, "another browser, another day"
    _, text, at = await post(browser, "/visits/new/again", {})
    assert at == "/visits/new" and "4 Hill Road" not in text


async def test_what_is_refused_leaves_what_was_typed(world: World, browser: ClientSession) -> None:
    await signed_in(world, browser, "Ann")
    past = (world.now - timedelta(hours=3)).astimezone(LONDON)
    await post(browser, "/visits/new", typed(world, starts=f"{past:%Y-%m-%dT%H:%M}"))
    status, text, _ = await post(browser, "/visits/new/check", {"do": "plan"})
    assert status == 409 and "That was not done" in text
    _, text, _ = await get(browser, "/visits/new")
    assert 'value="4 Hill Road"' in text


async def test_where_a_threat_is_expected_the_page_asks_what_is_done_about_it(
    world: World, browser: ClientSession
) -> None:
    await signed_in(world, browser, "Ann")
    _, text, _ = await post(browser, "/visits/new", typed(world, hostility="threat", talked="yes"))
    assert "A threat is expected. What is done about it?" in text and "High risk" in text
    status, text, _ = await post(browser, "/visits/new/check", {"do": "plan"})
    assert status == 422 and 'href="#strategies"' in text
    await post(
        browser, "/visits/new/check", {"do": "plan", "strategies": ["door", "short"], "strategies.own": "By day"}
    )
    row = await only_visit(world)
    assert row.answers["strategies"] == ["door", "short", "By day"] and row.visit.status is Status.WAITING


async def test_the_risk_is_raised_in_one_press(world: World, browser: ClientSession) -> None:
    await signed_in(world, browser, "Ann")
    await post(browser, "/visits/new", typed(world))
    await post(browser, "/visits/new/check", {"do": "raise"})
    assert (await only_visit(world)).visit.risk is Risk.HIGH


async def test_a_manager_plans_for_their_people_and_they_hear_of_it(world: World, browser: ClientSession) -> None:
    await signed_in(world, browser, "Mia")
    _, text, _ = await get(browser, "/visits/new")
    assert "Who goes?" in text and ">Ann<" in text
    await post(
        browser,
        "/visits/new",
        typed(world, worker=str(world.ids["Ann"]), joint="colleague", colleague=str(world.ids["Ben"])),
    )
    await post(browser, "/visits/new/check", {"do": "plan"})
    row = await only_visit(world)
    assert row.workers == {world.ids["Ann"], world.ids["Ben"]} and row.created_by == world.ids["Mia"]
    await world.deliver()
    assert world.told("Ann", "visit.planned") and world.told("Ben", "visit.planned")


async def test_nobody_comes_along_with_themself(world: World, browser: ClientSession) -> None:
    ann, mia = str(world.ids["Ann"]), str(world.ids["Mia"])
    await signed_in(world, browser, "Ann")
    status, text, _ = await post(browser, "/visits/new", typed(world, joint="colleague", colleague=ann))
    assert status == 422 and 'href="#colleague"' in text and ">Me<" not in text
    await signed_in(world, browser, "Mia")
    for who in (ann, mia):
        _, text, _ = await get(browser, "/visits/new")
        status, text, _ = await post(browser, "/visits/new", typed(world, worker=who, joint="colleague", colleague=who))
        assert status == 422 and "Nobody comes along with themself" in text
    with pytest.raises(Refused, match="worker_twice"):
        await world.plan("Ann", workers=(world.ids["Ann"], world.ids["Ann"]))


async def test_at_a_desk_too_whoever_came_along_goes_with_whoever_went_first(
    world: World, browser: ClientSession
) -> None:
    ann, ben = world.ids["Ann"], world.ids["Ben"]
    await world.plan("Ann", workers=(ann, ben), ref="F-9", answers={"joint": "colleague", "colleague": str(ben)})
    await signed_in(world, browser, "Ben")
    fields = {"ref": "F-9", **{key: typed(world)[key] for key in ("starts", "hostility", "transport", "exit")}}
    status, text, at = await post(browser, "/visits/new", fields)
    assert (status, at) == (200, "/visits/new/check"), text
    assert "Ben, Ann" in text or "Ann, Ben" in text


async def test_nobody_plans_for_whom_they_do_not_manage(world: World, browser: ClientSession) -> None:
    await signed_in(world, browser, "Ann")
    await post(browser, "/visits/new", typed(world, worker=str(world.ids["Ben"])))
    await post(browser, "/visits/new/check", {"do": "plan"})
    assert (await only_visit(world)).workers == {world.ids["Ann"]}, "it is not even asked"
    await signed_in(world, browser, "Mia")
    status, text, _ = await post(browser, "/visits/new", typed(world, worker=str(world.agency_id)))
    assert status == 422 and 'href="#worker"' in text
    await signed_in(world, browser, "Rita")
    status, text, _ = await get(browser, "/visits/new")
    assert status == 409 and "That is not yours to do" in text


@pytest.mark.parametrize("off", [False, True])
async def test_what_is_known_of_a_family_is_no_line_for_whoever_is_kept_off_it(
    world: World, browser: ClientSession, off: bool
) -> None:
    row = await world.inside("Ann")
    async with world.database.transaction() as tx:
        await risk_facts.add(tx, row.family_id, "open_threat", world.now.date(), source="debrief", by=None)
    if off:
        await world.do("Adam", exclusions.add, world.ids["Ben"], family_ref="F-1", reason="a cousin")
    await signed_in(world, browser, "Ben")
    status, text, at = await post(browser, "/visits/new", typed(world, **{"ref.own": "f-1"}))
    assert (status, at) == (200, "/visits/new/check")
    assert (THREAT in text) is not off
    wanted = Search(who=world.ids["Ben"], verbs=frozenset({"read"}), subjects=frozenset({"family"}))
    looked = (await world.do("Dev", evidence_read.look, wanted)).entries
    assert [each.noted.subject_id for each in looked[:1]] == ([] if off else [row.family_id])


async def test_who_is_kept_off_a_family_is_told_the_risk_of_one_that_nobody_knows(world: World) -> None:
    row = await world.inside("Ann")
    async with world.database.transaction() as tx:
        await risk_facts.add(tx, row.family_id, "open_threat", world.now.date(), source="debrief", by=None)
    await world.do("Adam", exclusions.add, world.ids["Ben"], family_ref="F-1", reason="a cousin")
    asked = PlanRequest(family_ref="F-1", starts_at=world.now, ends_at=world.now + 30 * MINUTE)
    unknown = await world.do("Ben", planning.looked_ahead, replace(asked, family_ref="F-404"))
    assert await world.do("Ben", planning.looked_ahead, asked) == unknown
    risk, because = await world.do("Mia", planning.looked_ahead, asked)
    assert risk is Risk.HIGH and "open_threat" in {each.key for each in because}
