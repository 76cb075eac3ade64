"""Signing in with a work account: it makes nobody, and a manager's waits for a second person."""

from __future__ import annotations

import re
from typing import Any

import pytest
from aiohttp import ClientSession

from safety_service import web
from safety_service.actions import losing, people
from safety_service.store import identities
from safety_service.store.tables.people import identity, person, session
from tests import http
from tests.services.openid import Provider
from tests.unit.account_pages.signing import counted, linked, signs_in, status
from tests.unit.reachable import said
from tests.world import World


async def test_the_page_at_the_door_offers_it_and_without_a_service_it_does_not(
    world: World, browser: ClientSession
) -> None:
    async with browser.get("/") as answer:
        assert 'href="/account/enter"' in await answer.text()
    async with http.serving(http.application(world, web)) as without, http.browsing(without) as other:
        async with other.get("/") as answer:
            assert "/account/enter" not in await answer.text()
        assert [await status(other, f"/account/{each}") for each in ("enter", "back?state=x&code=y")] == [404, 403]


async def test_a_worker_comes_in_the_first_time_by_a_verified_address_and_their_other_ways_hear_of_it(
    world: World, browser: ClientSession
) -> None:
    assert (await signs_in(browser, "sub-Ann"))[0] == 303
    assert await status(browser, "/items") == 200
    kinds = [each.params["kind"] for each in await said(world, "Ann", "link.new_channel")]
    assert kinds == ["account", "web"]


async def test_later_the_subject_alone_counts_whatever_its_address_is_now(
    world: World, base: str, provider: Provider, browser: ClientSession
) -> None:
    await signs_in(browser, "sub-Ann")
    provider.people["sub-Ann"] = {"email": "ann.married@example.org", "email_verified": False}
    provider.people["sub-other"] = {"email": "ann@example.org", "email_verified": True}
    async with http.browsing(base) as again_here, http.browsing(base) as other:
        assert (await signs_in(again_here, "sub-Ann"))[0] == 303
        answered, text = await signs_in(other, "sub-other")
        assert answered == 403 and "Somebody else of your agency agrees" in text
        assert await status(other) != 200


async def test_subjects_that_differ_by_a_letters_size_are_two(
    base: str, provider: Provider, browser: ClientSession
) -> None:
    await signs_in(browser, "sub-Ann")
    provider.people["SUB-ANN"] = {"email": "nobody@example.org", "email_verified": True}
    async with http.browsing(base) as other:
        assert (await signs_in(other, "SUB-ANN"))[0] == 403


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "stranger@example.org", "email_verified": True},
        {"email": "ann@example.org", "email_verified": False},
        {"email": "ann@example.org", "email_verified": "true"},
        {"email": "ann@example.org"},
        {"email": ["ann@example.org"], "email_verified": True},
        {},
    ],
    ids=str,
)
async def test_nobody_is_made_by_signing_in_nor_known_by_an_address_that_is_not_verified(
    world: World, provider: Provider, browser: ClientSession, claims: dict[str, Any]
) -> None:
    before = await counted(world, person)
    provider.people["sub-new"] = claims
    answered, text = await signs_in(browser, "sub-new")
    assert answered == 403 and "not known here" in text
    assert (await counted(world, person), await counted(world, session), await counted(world, identity)) == (
        before,
        0,
        0,
    )


async def test_who_has_left_is_not_known_any_more(world: World, provider: Provider, browser: ClientSession) -> None:
    await linked(world, provider, "Ann")
    await world.do("Adam", people.deactivate, world.ids["Ann"])
    answered, text = await signs_in(browser, "sub-Ann")
    assert answered == 403 and "not known here" in text


async def test_a_managers_account_waits_for_a_second_person_the_first_time(
    world: World, base: str, browser: ClientSession
) -> None:
    answered, text = await signs_in(browser, "sub-Mia")
    assert answered == 403 and "Somebody else of your agency agrees" in text and await status(browser) != 200
    assert (await signs_in(browser, "sub-Mia"))[0] == 403
    assert len(await said(world, "Dev", "account.waiting")) == 1 and await said(world, "Mia", "account.waiting") == []
    async with http.browsing(base) as dev, http.browsing(base) as ann, http.browsing(base) as mia:
        for each, who in ((dev, "Dev"), (ann, "Ann"), (mia, "Mia")):
            await http.signed_in(world, each, who)
        async with dev.get("/account") as answer:
            shown = re.search(r'action="(/account/[0-9a-f-]+)/agree"', await answer.text())
        assert shown is not None
        for each, refusal in ((ann, 409), (mia, 409)):
            async with each.post(f"{shown[1]}/agree") as answer:
                assert answer.status == refusal
        async with dev.post(f"{shown[1]}/agree") as answer:
            assert answer.status == 200
        async with dev.post(f"{shown[1]}/refuse") as answer:
            assert answer.status == 409
    assert (await signs_in(browser, "sub-Mia"))[0] == 303
    assert await status(browser, "/devices") == 200


async def test_what_a_second_person_refuses_opens_nothing_and_waits_again(
    world: World, base: str, browser: ClientSession
) -> None:
    await signs_in(browser, "sub-Mia")
    async with http.browsing(base) as dev:
        await http.signed_in(world, dev, "Dev")
        async with dev.get("/account") as answer:
            shown = re.search(r'action="(/account/[0-9a-f-]+)/refuse"', await answer.text())
        assert shown is not None
        async with dev.post(f"{shown[1]}/refuse") as answer:
            assert answer.status == 200
    assert {each.params["by"] for each in await said(world, "Mia", "link.refused")} == {"Dev"}
    assert (await signs_in(browser, "sub-Mia"))[0] == 403


async def test_whoever_ended_theirs_needs_a_second_person_to_come_in_by_it_again(
    world: World, provider: Provider, browser: ClientSession
) -> None:
    await signs_in(browser, "sub-Ann")
    async with browser.get("/account") as answer:
        shown = re.search(r'action="(/account/[0-9a-f-]+/end)"', await answer.text())
    assert shown is not None
    async with browser.post(shown[1]) as answer:
        assert answer.status == 200
    assert {each.channel for each in await said(world, "Ann", "link.ended")} == {"telegram", "webchat"}
    assert (await signs_in(browser, "sub-Ann"))[0] == 403


async def test_of_who_lost_their_phone_no_account_speaks_until_a_second_person_agrees(
    world: World, provider: Provider, browser: ClientSession
) -> None:
    await linked(world, provider, "Ann")
    await world.do("Mia", losing.lost, world.ids["Ann"])
    assert (await signs_in(browser, "sub-Ann"))[0] == 403


async def test_nobody_ends_anybody_elses(world: World, base: str, provider: Provider) -> None:
    await linked(world, provider, "Ann")
    async with world.database.reading() as tx:
        (hers,) = await identities.of_person(tx, world.ids["Ann"])
    async with http.browsing(base) as mia:
        await http.signed_in(world, mia, "Mia")
        async with mia.post(f"/account/{hers.id}/end") as answer:
            assert answer.status == 404
