"""The pages of visits: planned and changed at a desk, decided with a reason, listed, and told as a whole."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientSession

from safety_service import web
from safety_service.actions import alerts, drafts, evidence_read, exclusions, planning, visit_list, words
from safety_service.actions.evidence_read import Search
from safety_service.actions.planning import PlanRequest
from safety_service.actions.visit_list import Look
from safety_service.actions.words import Word
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Found, KnownBy, Risk, Role, Status
from safety_service.store import people, risk_facts, teams
from safety_service.store.visits import VisitRow
from tests.danger import DURESS, agreed, inside_high
from tests.guidance.telling import gives, out
from tests.http import application, browsing, serving, signed_in
from tests.world import MINUTE, World

HIGH = {"raise": "yes"}
#: A line of the risk that a threat told of before makes.
THREAT = "Open threat on"
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
async def browser(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, web)) as base, browsing(base) as session:
        yield session


async def get(browser: ClientSession, path: str) -> tuple[int, str, str]:
    """Status, text, and where it ended."""
    async with browser.get(path) as answer:
        return answer.status, await answer.text(), answer.url.path_qs


async def post(browser: ClientSession, path: str, data: Any) -> tuple[int, str, str]:
    async with browser.post(path, data=data) as answer:
        return answer.status, await answer.text(), answer.url.path_qs


def typed(world: World, **more: Any) -> dict[str, Any]:
    """A plan as it is typed for a family that nobody knows yet."""
    local = (world.now + 60 * MINUTE).astimezone(LONDON)
    plain = {
        "ref.own": "F-9",
        "starts": f"{local:%Y-%m-%dT%H:%M}",
        "length": "45",
        "address": "4 Hill Road",
        "purpose": "home_visit",
        "hostility": "none",
        "news": "none",
        "joint": "alone",
        "transport": "car",
        "exit": "two_ways",
    }
    return {**plain, **more}


async def only_visit(world: World, who: str = "Ann") -> VisitRow:
    """The one that they go on."""
    found = await world.do(who, visit_list.look, Look(mine=True))
    assert len(found.rows) == 1
    return await world.visit(found.rows[0].id)


async def second_team(world: World, who: str, *roles: Role) -> None:
    async with world.database.transaction() as tx:
        team = await teams.add(tx, world.agency_id, "South")
        await people.set_roles(tx, world.ids[who], team.id, frozenset(roles))


# --- Planning ---------------------------------------------------------------------------------------------------------


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


# --- Changing ---------------------------------------------------------------------------------------------------------


async def test_a_planned_visit_is_changed_and_decided_anew(world: World, browser: ClientSession) -> None:
    answers = {**HIGH, "hostility": "none", "news": "none", "joint": "alone", "transport": "car", "exit": "two_ways"}
    row = await world.plan("Ann", after=60, answers=answers)
    await signed_in(world, browser, "Mia")
    _, text, _ = await get(browser, f"/visits/{row.id}/change")
    assert 'value="1 Elm Row"' in text and "Which family?" not in text
    page = f"/visits/{row.id}/change"
    await post(browser, page, typed(world, seen=str(row.version), worker=str(world.ids["Ann"])))
    _, text, at = await post(browser, f"{page}/check", {"do": "raise"})
    assert at == f"/visits/{row.id}?changed=1" and "changed" in text and "where" in text
    after = await world.visit(row.id)
    assert after.address["text"] == "4 Hill Road" and after.visit.status is Status.WAITING
    assert after.family_ref == "F-1"


async def test_who_changes_what_somebody_else_changed_meanwhile_is_told_and_loses_nothing(
    world: World, browser: ClientSession
) -> None:
    row = await world.plan("Ann", after=60, answers={"exit": "front_only"})
    page = f"/visits/{row.id}/change"
    await signed_in(world, browser, "Ann")
    _, text, _ = await get(browser, page)
    assert f'name="seen" value="{row.version}"' in text
    await signed_in(world, browser, "Mia")
    await post(browser, page, typed(world, seen=str(row.version), worker=str(world.ids["Ann"]), address="2 Oak Lane"))
    await post(browser, f"{page}/check", {"do": "plan"})
    await signed_in(world, browser, "Ann")
    await post(browser, page, typed(world, seen=str(row.version), address="7 Ash Way"))
    status, text, _ = await post(browser, f"{page}/check", {"do": "plan"})
    assert status == 409 and "Somebody changed this meanwhile" in text
    assert (await world.visit(row.id)).address["text"] == "2 Oak Lane"
    _, text, _ = await get(browser, page)
    assert 'value="7 Ash Way"' in text and "Somebody changed this visit meanwhile" in text
    await post(browser, page, typed(world, seen=str(row.version + 1), address="7 Ash Way"))
    await post(browser, f"{page}/check", {"do": "plan"})
    assert (await world.visit(row.id)).address["text"] == "7 Ash Way", "having looked at it, they may"


async def test_a_third_colleague_is_not_dropped_by_a_page_that_asks_about_two(
    world: World, browser: ClientSession
) -> None:
    going = tuple(world.ids[each] for each in ("Ann", "Ben", "Dev"))
    row = await world.plan("Ann", after=60, workers=going)
    await signed_in(world, browser, "Ann")
    others = sorted(going[1:], key=str)
    given = typed(world, seen=str(row.version), joint="colleague", colleague=str(others[0]))
    await post(browser, f"/visits/{row.id}/change", given)
    await post(browser, f"/visits/{row.id}/change/check", {"do": "plan"})
    assert (await world.visit(row.id)).workers == set(going)


async def test_once_it_has_begun_there_is_nothing_to_change(world: World, browser: ClientSession) -> None:
    row = await world.inside("Ann")
    await signed_in(world, browser, "Mia")
    status, text, _ = await get(browser, f"/visits/{row.id}/change")
    assert status == 409 and "Its start has come" in text
    _, text, _ = await get(browser, f"/visits/{row.id}")
    assert "Change the plan" not in text


# --- Deciding ---------------------------------------------------------------------------------------------------------


async def test_what_waits_is_decided_with_a_reason(world: World, browser: ClientSession) -> None:
    await world.plan("Ben", ref="F-2", after=200, answers=HIGH)
    row = await world.plan("Ann", ref="F-1", after=60, answers=HIGH)
    await signed_in(world, browser, "Mia")
    _, text, _ = await get(browser, "/visits")
    assert "2 visits wait for your decision" in text
    _, text, _ = await get(browser, "/visits/waiting")
    assert text.index("F-1") < text.index("F-2") and "High risk" in text
    _, text, _ = await get(browser, f"/visits/{row.id}/decide")
    version = re.search(r'name="version" value="(\d+)"', text)
    assert version and "Talked it through" in text
    given = {"version": version[1], "kind": "go_ahead"}
    status, text, _ = await post(browser, f"/visits/{row.id}/decide", given)
    assert status == 422 and "A decision needs its reason." in text
    status, _, at = await post(
        browser,
        f"/visits/{row.id}/decide",
        {**given, "reason_go_ahead": "Talked it through", "reason_change": "Not alone"},
    )
    assert (status, at) == (200, f"/visits/{row.id}?decided=1")
    made = (await world.visit(row.id)).decision
    assert made is not None and (made.kind, made.reason) == ("go_ahead", "Talked it through")
    _, text, _ = await get(browser, "/visits/waiting")
    assert "F-1" not in text and "F-2" in text


async def test_words_of_ones_own_count_before_a_ready_reason(world: World, browser: ClientSession) -> None:
    row = await world.plan("Ann", after=60, answers=HIGH)
    await signed_in(world, browser, "Mia")
    given = {"version": str(row.version), "kind": "change", "reason_change": "Not alone", "reason.own": "After four"}
    await post(browser, f"/visits/{row.id}/decide", given)
    made = (await world.visit(row.id)).decision
    assert made is not None and made.reason == "After four"


async def test_a_plan_that_was_changed_after_it_was_read_is_not_decided(world: World, browser: ClientSession) -> None:
    row = await world.plan("Ann", after=60, answers=HIGH)
    await signed_in(world, browser, "Ann")
    await post(browser, f"/visits/{row.id}/change", typed(world, seen=str(row.version)))
    await post(browser, f"/visits/{row.id}/change/check", {"do": "plan"})
    await signed_in(world, browser, "Mia")
    given = {"version": str(row.version), "kind": "go_ahead", "reason.own": "Her aunt is there all day"}
    status, text, _ = await post(browser, f"/visits/{row.id}/decide", given)
    assert status == 409 and "Somebody changed this meanwhile" in text and "The plan was changed since" in text
    assert (await world.visit(row.id)).visit.status is Status.WAITING
    # The page shows the plan as it is now, keeps what was chosen and written, and is about this version.
    assert "Her aunt is there all day</textarea>" in text and 'value="go_ahead" checked' in text
    version = re.search(r'name="version" value="(\d+)"', text)
    assert version is not None
    unsaid = {**given, "reason.own": ""}
    status, text, _ = await post(browser, f"/visits/{row.id}/decide", unsaid)
    assert status == 422 and "The plan was changed since" in text, "nor is it bound to another one silently"
    await post(browser, f"/visits/{row.id}/decide", {**given, "version": version[1]})
    made = (await world.visit(row.id)).decision
    assert made is not None and made.reason == "Her aunt is there all day"


async def test_who_may_not_decide(world: World, browser: ClientSession) -> None:
    row = await world.plan("Ann", after=60, answers=HIGH)
    given = {"version": str(row.version), "kind": "go_ahead", "reason_go_ahead": "Talked it through"}
    async with world.database.transaction() as tx:
        await people.set_roles(tx, world.ids["Ann"], world.team_id, frozenset({Role.PRACTITIONER, Role.MANAGER}))
    for who, wanted, why in (
        ("Ann", 409, "yourself"),
        ("Rita", 409, "manager"),
        ("Ben", 404, "Nothing here"),
        ("Adam", 404, "Nothing"),
    ):
        await signed_in(world, browser, who)
        for status, text, _ in (
            await get(browser, f"/visits/{row.id}/decide"),
            await post(browser, f"/visits/{row.id}/decide", given),
        ):
            assert status == wanted and why in text, (who, status)
    assert (await world.visit(row.id)).visit.status is Status.WAITING
    await signed_in(world, browser, "Ann")
    _, text, _ = await get(browser, "/visits/waiting")
    assert "You go on this one: somebody else decides." in text and "/decide" not in text
    await signed_in(world, browser, "Ben")
    status, _, _ = await get(browser, "/visits/waiting")
    assert status == 409


# --- The list ---------------------------------------------------------------------------------------------------------


async def test_the_list_is_narrowed_and_goes_on(world: World, browser: ClientSession) -> None:
    for number in range(55):
        await world.plan("Ann", ref=f"A-{number:02}", after=60 + number)
    await world.plan("Ben", ref="B-1", after=30, answers=HIGH)
    await world.plan("Mia", ref="M-1", after=30)
    await signed_in(world, browser, "Mia")
    _, text, _ = await get(browser, "/visits")
    assert text.index("B-1") < text.index("A-00") and "M-1" in text and "A-54" not in text
    following = re.search(r'href="(/visits\?[^"]*after=[^"]*)"', text)
    assert following
    _, text, _ = await get(browser, following[1].replace("&amp;", "&"))
    assert "A-54" in text and "B-1" not in text
    _, text, _ = await get(browser, "/visits?who=mine")
    assert "M-1" in text and "B-1" not in text
    _, text, _ = await get(browser, "/visits?status=waiting")
    assert "B-1" in text and "A-00" not in text
    tomorrow = (world.now + timedelta(days=1)).date()
    _, text, _ = await get(browser, f"/visits?from={tomorrow}")
    assert "B-1" not in text and "No visits like that." in text
    _, text, _ = await get(browser, "/visits?status=nonsense&team=nonsense&from=x&to=y&after=z")
    assert "B-1" in text, "what cannot be read narrows nothing"
    for beyond in ("9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00%2B14:00"):
        status, text, _ = await get(browser, f"/visits?after={beyond}~{UUID(int=1)}")
        assert status == 200 and "B-1" in text, "a moment that no clock of UTC has is none"


async def test_what_was_is_listed_newest_first(world: World, browser: ClientSession) -> None:
    await out(world, "Ann", "F-1")
    world.clock.move(timedelta(days=1))
    await out(world, "Ann", "F-2")
    world.clock.move(timedelta(days=1))
    await signed_in(world, browser, "Ann")
    _, text, _ = await get(browser, "/visits?when=past")
    assert text.index("F-2") < text.index("F-1") and "Yesterday" in text
    _, text, _ = await get(browser, "/visits")
    assert "Nothing is planned." in text


async def test_nobody_finds_in_the_list_what_they_may_not_know(world: World, browser: ClientSession) -> None:
    await world.plan("Ann", ref="F-1", after=60, answers=HIGH)
    await world.plan("Ben", ref="F-2", after=60, answers=HIGH)
    await signed_in(world, browser, "Ann")
    _, text, _ = await get(browser, "/visits?who=team")
    assert "F-1" in text and "F-2" not in text
    async with world.database.transaction() as tx:
        admin = await world.actor(tx, "Adam")
        await exclusions.add(tx, admin, world.ids["Mia"], worker_id=world.ids["Ann"], reason="they are married")
        await exclusions.add(tx, admin, world.ids["Dev"], family_ref="F-2", reason="a cousin")
    await signed_in(world, browser, "Mia")
    for path in ("/visits", "/visits/waiting"):
        _, text, _ = await get(browser, path)
        assert "F-2" in text and "F-1" not in text
    _, text, _ = await get(browser, "/visits")
    assert "1 visit waits" in text, "what they are kept off is not counted either"
    await signed_in(world, browser, "Dev")
    _, text, _ = await get(browser, "/visits")
    assert "F-1" in text and "F-2" not in text
    await second_team(world, "Ben", Role.MANAGER)
    await signed_in(world, browser, "Ben")
    _, text, _ = await get(browser, f"/visits?who=team&team={world.team_id}")
    assert "F-1" not in text, "of another team than theirs"


# --- The story --------------------------------------------------------------------------------------------------------


async def test_the_story_tells_plan_decision_words_alerts_and_debrief(world: World, browser: ClientSession) -> None:
    row = await world.plan("Ann", after=30, answers={**HIGH, "exit": "two_ways"})
    await signed_in(world, browser, "Mia")
    given = {"version": str(row.version), "kind": "go_ahead", "reason_go_ahead": "Talked it through"}
    await post(browser, f"/visits/{row.id}/decide", given)
    await world.later(30)
    await world.do("Ann", words.begin, row.id, Word(note="dog in the yard"))
    await world.later(25)
    (alert,) = await world.alerts()
    _, text, _ = await get(browser, f"/visits/{row.id}")
    assert f"Alert {alert.alert.number} is open" in text
    await world.do("Mia", alerts.take, alert.id)
    await world.do("Mia", alerts.resolve, alert.id, Found.SAFE, KnownBy.HEARD_VOICE, "")
    world.clock.move(MINUTE)
    await world.do("Ann", words.left, row.id, Word())
    await world.do("Ann", words.home, row.id, Word())
    await gives(world, row, {"mood": "fine", "seen": "alone"})
    _, text, _ = await get(browser, f"/visits/{row.id}")
    order = [
        "Ann planned it",
        "Mia decided: Go ahead",
        "Ann: going in",
        "Ann was asked: all well?",
        "missed check-in",
        "closed by Mia",
        "Ann: out",
    ]
    places = [text.index(each) for each in order]
    assert places == sorted(places)
    for each in ("1 Elm Row", "Two ways out", "Talked it through", "dog in the yard", "Over: met", "/log/"):
        assert each in text, each
    assert f"/alerts/{alert.id}" in text


async def test_whoever_goes_reads_their_own_part_and_of_alerts_what_is_over(
    world: World, browser: ClientSession
) -> None:
    row = await world.plan("Ann", after=0, workers=(world.ids["Ann"], world.ids["Ben"]))
    await world.do("Ann", words.begin, row.id, Word())
    await world.do("Ben", words.begin, row.id, Word(note="bens own note"))
    await world.do("Ann", words.note, row.id, Word(note="the boiler is off"))
    await world.do("Ann", words.left, row.id, Word())
    await world.do("Ben", words.sos, row.id, Word())
    await signed_in(world, browser, "Ann")
    _, text, _ = await get(browser, f"/visits/{row.id}")
    assert "Ann: going in" in text
    assert "Alert" not in text and "bens own note" not in text and "send help" not in text
    assert "a note" not in text and "boiler" not in text, "a duress word would have left none"


async def test_nothing_of_open_duress_is_on_the_page_of_whoever_goes(world: World, browser: ClientSession) -> None:
    """Byte for byte, against the same day without it: tests/stories/test_duress_looks_normal.py."""
    await agreed(world)
    row = await inside_high(world, "Ann", workers=(world.ids["Ann"], world.ids["Ben"]))
    await world.do("Ann", words.left, row.id, Word(phrase=DURESS))
    await world.do("Ann", words.home, row.id, Word(phrase=DURESS))
    assert [each.alert.kind for each in await world.alerts()] == ["duress"]
    for who in ("Ann", "Ben"):
        await signed_in(world, browser, who)
        _, text, _ = await get(browser, f"/visits/{row.id}")
        assert "Ann: out" in text if who == "Ann" else "Ann: out" not in text
        assert not re.search("alert|duress", text, re.IGNORECASE)
    await signed_in(world, browser, "Mia")
    _, text, _ = await get(browser, f"/visits/{row.id}")
    assert "is open" in text, "whoever is to act reads of it"


async def test_inside_no_page_of_visits_says_whose_or_where(world: World, browser: ClientSession) -> None:
    row = await world.inside("Ann", ref="F-1")
    coming = await world.plan("Ann", ref="F-2", after=90)
    await signed_in(world, browser, "Ann")
    for path in ("/visits", f"/visits/{row.id}", f"/visits/{coming.id}", "/visits/new", f"/visits/{coming.id}/change"):
        status, text, _ = await get(browser, path)
        assert status == 200 and "This page waits until you are out." in text, path
        assert not re.search("F-1|F-2|Elm|risk", text), path
    await post(browser, "/visits/new", typed(world))
    await world.do("Ann", words.left, row.id, Word())
    _, text, _ = await get(browser, "/visits/new")
    assert 'value="4 Hill Road"' in text, "what was typed when they went in is still there"


async def test_who_may_not_read_it_finds_nothing(world: World, browser: ClientSession) -> None:
    row = await world.plan("Ann", after=60)
    for who in ("Ben", "Adam"):
        await signed_in(world, browser, who)
        for path in ("", "/change", "/change/check", "/decide"):
            assert (await get(browser, f"/visits/{row.id}{path}"))[0] == 404, (who, path)
    await signed_in(world, browser, "Rita")
    _, _, at = await get(browser, f"/visits/{row.id}")
    assert at.startswith("/families/F-1/open?back="), "a reviewer says first why they look"
    await signed_in(world, browser, "Mia")
    assert (await get(browser, "/visits/nonsense"))[0] == 404


async def test_a_change_of_something_else_takes_back_neither_the_raised_risk_nor_what_is_done_about_a_threat(
    world: World, browser: ClientSession
) -> None:
    row = await world.plan("Ann", after=60, answers={**HIGH, "hostility": "threat", "strategies": ["door"]})
    await signed_in(world, browser, "Mia")
    given = typed(world, seen=str(row.version), worker=str(world.ids["Ann"]), hostility="threat", talked="yes")
    await post(browser, f"/visits/{row.id}/change", given)
    _, text, _ = await get(browser, f"/visits/{row.id}/change/check")
    assert re.search(r'value="door" checked', text) and "Raised by Ann" in text
    await post(browser, f"/visits/{row.id}/change/check", {"do": "plan", "strategies": "door"})
    after = await world.visit(row.id)
    assert after.answers["raise"] == "yes" and after.visit.risk is Risk.HIGH and after.answers["strategies"] == ["door"]


async def test_who_was_away_shows_again_that_it_is_them_before_deciding(world: World, browser: ClientSession) -> None:
    row = await world.plan("Ann", after=600, answers=HIGH)
    await signed_in(world, browser, "Mia")
    world.clock.move(timedelta(hours=2))
    given = {"version": str(row.version), "kind": "go_ahead", "reason_go_ahead": "Talked it through"}
    status, text, _ = await post(browser, f"/visits/{row.id}/decide", given)
    assert status == 403 and 'value="Talked it through"' in text, "what was typed goes with it"
    assert (await world.visit(row.id)).decision is None
    assert (await get(browser, f"/visits/{row.id}/decide"))[0] == 200, "reading asks for nothing"


async def test_what_is_begun_at_a_desk_takes_no_answer_from_the_chat(world: World, browser: ClientSession) -> None:
    async with world.database.transaction() as tx:
        actor = await world.actor(tx, "Ann")
        asked = await drafts.begin(tx, actor, "visit", drafts.NOTHING, {"ref": "F-1"})
    world.clock.move(MINUTE)
    await signed_in(world, browser, "Ann")
    await post(browser, "/visits/new", typed(world))
    async with world.database.reading() as tx:
        latest = await drafts.latest(tx, actor)
    assert latest is not None and latest.id == asked.id
