"""The pages of visits: changed, and decided with a reason."""

from __future__ import annotations

import re

from aiohttp import ClientSession

from safety_service.domain.words import Role, Status
from safety_service.store import people
from tests.http import get, post, signed_in
from tests.unit.visit_pages.forms import HIGH, typed
from tests.world import World


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
