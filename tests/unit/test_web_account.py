"""Signing in with a work account: believed only when everything holds, and it makes nobody."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import unused_port
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import func, select

from safety_service import web
from safety_service.actions import again, losing, people
from safety_service.store import identities
from safety_service.store.tables.people import identity, person, session
from safety_service.web.openid import Away, must_be_sealed
from tests import http
from tests.services.openid import CLIENT, SECRET, Provider, forged, providing
from tests.unit.reachable import said
from tests.world import World

LATER = again.WITHIN + timedelta(seconds=1)


@pytest.fixture
async def provider(world: World) -> AsyncIterator[Provider]:
    async with providing(lambda: world.now) as one:
        for name in ("Ann", "Mia", "Dev"):
            one.people[f"sub-{name}"] = {"email": f"{name.lower()}@example.org", "email_verified": True}
        yield one


@pytest.fixture
async def base(world: World, provider: Provider) -> AsyncIterator[str]:
    port = unused_port()
    settings: dict[str, Any] = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "public_url": f"http://127.0.0.1:{port}",
        "telegram_token": "4711:a-token-of-nobody",
    }
    async with http.serving(http.application(world, web, **settings), port) as address:
        provider.back = f"{address}/account/back"
        yield address


@pytest.fixture
async def browser(base: str) -> AsyncIterator[ClientSession]:
    async with http.browsing(base) as one:
        yield one


async def off(browser: ClientSession, path: str = "/account/enter") -> str:
    """Sent off: gives the address of the service's page."""
    async with browser.get(path, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()
        return answer.headers["Location"]


async def chosen(browser: ClientSession, there: str, subject: str) -> str:
    """Who signs in there; gives the address that leads back."""
    async with browser.get(there) as answer:
        assert answer.status == 200 and subject in await answer.text()
    async with browser.post(there, data={"sub": subject}, allow_redirects=False) as answer:
        return answer.headers["Location"]


async def back(browser: ClientSession, address: str) -> tuple[int, str]:
    async with browser.get(address, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def signs_in(browser: ClientSession, subject: str, path: str = "/account/enter") -> tuple[int, str]:
    return await back(browser, await chosen(browser, await off(browser, path), subject))


async def status(browser: ClientSession, path: str = "/hello") -> int:
    async with browser.get(path, allow_redirects=False) as answer:
        return answer.status


async def counted(world: World, table: Any) -> int:
    async with world.database.reading() as tx:
        return int((await tx.conn.execute(select(func.count()).select_from(table))).scalar_one())


async def linked(world: World, provider: Provider, who: str) -> None:
    """This person's account speaks for them already."""
    async with world.database.transaction() as tx:
        await identities.add(tx, world.ids[who], provider.issuer, f"sub-{who}", "active")


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


async def to_be_linked(browser: ClientSession, subject: str) -> str:
    """Signed in there, and back: gives what the button carries."""
    answered, text = await signs_in(browser, subject, "/account/link")
    assert answered == 200 and "Is this your work account?" in text, text
    carried = re.search(r'name="account" value="([^"]+)"', text)
    assert carried is not None
    return carried[1]


async def test_whoever_is_signed_in_links_theirs_whatever_its_address_is(
    world: World, base: str, provider: Provider, browser: ClientSession
) -> None:
    provider.people["sub-x"] = {"preferred_username": "ann.field@login.example.org"}
    await http.signed_in(world, browser, "Ann")
    carried = await to_be_linked(browser, "sub-x")
    assert provider.asked[-1]["prompt"] == "login"
    assert await counted(world, identity) == 0
    async with browser.post("/account/link", data={"account": carried}) as answer:
        assert answer.status == 200 and "In use" in await answer.text()
    async with http.browsing(base) as other:
        assert (await signs_in(other, "sub-x"))[0] == 303
        assert await status(other, "/items") == 200
    assert "account" in {each.params["kind"] for each in await said(world, "Ann", "link.new_channel")}


async def test_a_managers_link_waits_for_a_second_person_too(world: World, base: str, browser: ClientSession) -> None:
    await http.signed_in(world, browser, "Mia")
    carried = await to_be_linked(browser, "sub-Ann")
    async with browser.post("/account/link", data={"account": carried}) as answer:
        assert "Waits for a second person" in await answer.text()
    async with http.browsing(base) as other:
        assert (await signs_in(other, "sub-Ann"))[0] == 403
    assert len(await said(world, "Dev", "account.waiting")) == 1


async def test_to_link_one_shows_lately_that_it_is_oneself(world: World, browser: ClientSession) -> None:
    await http.signed_in(world, browser, "Ann")
    world.clock.move(LATER)
    carried = await to_be_linked(browser, "sub-Ann")
    async with browser.post("/account/link", data={"account": carried}) as answer:
        assert answer.status == 403 and "Show that it is you" in await answer.text()
    assert await counted(world, identity) == 0


async def test_an_account_that_speaks_for_somebody_is_nobody_elses(
    world: World, provider: Provider, browser: ClientSession
) -> None:
    await linked(world, provider, "Ann")
    await http.signed_in(world, browser, "Ben")
    carried = await to_be_linked(browser, "sub-Ann")
    async with browser.post("/account/link", data={"account": carried}) as answer:
        assert answer.status == 409 and "speaks for somebody else" in await answer.text()
    assert await counted(world, identity) == 1


async def test_what_is_carried_is_good_in_that_session_for_ten_minutes_and_cannot_be_made(
    world: World, base: str, browser: ClientSession
) -> None:
    assert await status(browser, "/account/link") == 401
    await http.signed_in(world, browser, "Ann")
    carried = await to_be_linked(browser, "sub-Ann")
    async with http.browsing(base) as victim:
        await http.signed_in(world, victim, "Ben")
        async with victim.post("/account/link", data={"account": carried}) as answer:
            assert answer.status == 409
    async with browser.get("/account/enter", allow_redirects=False) as answer:
        attempt = answer.cookies["doorstep-account"].value
    async with browser.get("/account/link", allow_redirects=False) as answer:
        of_link = answer.cookies["doorstep-account"].value
    for given in ("", "x", attempt, of_link, carried[:-4] + "AAAA"):
        async with browser.post("/account/link", data={"account": given}) as answer:
            assert answer.status == 409, given
    world.clock.move(timedelta(minutes=10, seconds=1))
    async with browser.post("/account/link", data={"account": carried}) as answer:
        assert answer.status == 409
    assert await counted(world, identity) == 0


async def test_what_was_begun_to_link_links_nothing_for_whoever_signed_in_meanwhile(
    world: World, browser: ClientSession
) -> None:
    await http.signed_in(world, browser, "Ann")
    address = await chosen(browser, await off(browser, "/account/link"), "sub-Ann")
    await http.signed_in(world, browser, "Ben")
    assert (await back(browser, address))[0] == 403


async def test_it_is_asked_for_with_state_nonce_and_challenge_and_no_secret_in_the_address(
    provider: Provider, browser: ClientSession
) -> None:
    one, other = [dict(parse_qsl(urlsplit(await off(browser)).query)) for _ in range(2)]
    assert one["code_challenge_method"] == "S256" and one["scope"].split() == ["openid", "email"]
    assert all(len(one[name]) > 40 and one[name] != other[name] for name in ("state", "nonce", "code_challenge"))
    assert SECRET not in str(one) and "verifier" not in str(one)


async def test_the_cookie_of_being_sent_off_is_out_of_reach_and_gone_afterwards(browser: ClientSession) -> None:
    async with browser.get("/account/enter", allow_redirects=False) as answer:
        cookie = answer.cookies["doorstep-account"]
        there = answer.headers["Location"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and int(cookie["max-age"]) == 600
    query = dict(parse_qsl(urlsplit(there).query))
    assert not any(query[name] in cookie.value for name in ("state", "nonce"))
    await back(browser, await chosen(browser, there, "sub-Ann"))
    assert "doorstep-account" not in {each.key for each in browser.cookie_jar}


async def test_what_came_back_opens_nothing_twice_nor_in_another_browser(base: str, browser: ClientSession) -> None:
    """Somebody is lured to an address that would sign them in as somebody else: it was not their browser that went."""
    address = await chosen(browser, await off(browser), "sub-Ann")
    async with http.browsing(base) as victim:
        assert (await back(victim, address))[0] == 403
        await off(victim)
        assert (await back(victim, address))[0] == 403
        assert await status(victim) != 200
    assert (await back(browser, address))[0] == 303
    assert (await back(browser, address))[0] == 403


@pytest.mark.parametrize("change", ["state=", "state=guess", "code=", "code=guess", "iss=https://evil.example"])
async def test_nothing_that_was_changed_on_the_way_is_believed(
    world: World, browser: ClientSession, change: str
) -> None:
    address = urlsplit(await chosen(browser, await off(browser), "sub-Ann"))
    name, _, value = change.partition("=")
    query = {**dict(parse_qsl(address.query)), name: value}
    async with browser.get(address.path, params=query, allow_redirects=False) as answer:
        assert answer.status == 403
    assert await counted(world, session) == 0


WRONG: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "another client": {"aud": "another-client"},
    "many clients and not ours first": {"aud": ["another-client", CLIENT]},
    "another client, got by ours": {"aud": "another-client", "azp": CLIENT},
    "meant for another": {"azp": "another-client"},
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is no text": {"sub": 4711},
    "no end": {"exp": None},
    "another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("says", WRONG.values(), ids=WRONG)
async def test_an_answer_in_which_anything_is_wrong_opens_nothing(
    world: World, provider: Provider, browser: ClientSession, says: dict[str, Any]
) -> None:
    provider.says = says
    assert (await signs_in(browser, "sub-Ann"))[0] == 403
    assert await counted(world, session) == 0


async def test_an_answer_that_is_over_or_not_yet_is_not_believed(
    world: World, provider: Provider, browser: ClientSession
) -> None:
    at = int(world.now.timestamp())
    for says in ({"exp": at - 61}, {"nbf": at + 61}, {"iat": at + 61}):
        provider.says = says
        assert (await signs_in(browser, "sub-Ann"))[0] == 403, says
    provider.says = {"exp": at - 30, "iat": at - 330}
    assert (await signs_in(browser, "sub-Ann"))[0] == 303


async def test_what_another_key_signed_or_a_shared_secret_or_nobody_is_not_believed(
    provider: Provider, browser: ClientSession
) -> None:
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
    assert (await signs_in(browser, "sub-Ann"))[0] == 403
    provider.signs_with, provider.alg = OctKey.import_key(SECRET * 2), "HS256"
    assert (await signs_in(browser, "sub-Ann"))[0] == 403
    public = provider.key.as_pem(private=False)
    for alg, key in (("HS256", public), ("HS256", public.strip()), ("none", b""), ("None", b""), ("RS256", b"")):
        provider.forges = lambda claims, alg=alg, key=key: forged(claims, alg, key)
        assert (await signs_in(browser, "sub-Ann"))[0] == 403, alg


async def test_a_key_that_was_changed_is_found(provider: Provider, base: str, browser: ClientSession) -> None:
    assert (await signs_in(browser, "sub-Ann"))[0] == 303
    provider.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
    async with http.browsing(base) as other:
        assert (await signs_in(other, "sub-Ann"))[0] == 303


async def test_it_takes_ten_minutes_and_not_a_moment_longer(world: World, browser: ClientSession) -> None:
    there = await off(browser)
    world.clock.move(timedelta(minutes=10, seconds=1))
    assert (await back(browser, await chosen(browser, there, "sub-Ann")))[0] == 403


async def test_an_address_that_is_said_elsewhere_counts_if_it_is_said_of_the_same_person(
    provider: Provider, base: str, browser: ClientSession
) -> None:
    provider.elsewhere = {"sub": "sub-Mia"}
    assert (await signs_in(browser, "sub-Ann"))[0] == 403
    provider.elsewhere = {}
    assert (await signs_in(browser, "sub-Ann"))[0] == 303


@pytest.mark.parametrize("path", ["/account/enter", "/account/back"])
async def test_a_service_that_is_away_is_said_and_links_still_work(
    world: World, provider: Provider, browser: ClientSession, path: str
) -> None:
    address = path
    if path.endswith("back"):
        address = await chosen(browser, await off(browser), "sub-Ann")
    provider.down = True
    answered, text = await back(browser, address)
    assert answered == 502 and "does not answer" in text
    await http.signed_in(world, browser, "Ann")


async def test_a_service_that_calls_itself_something_else_is_not_asked(
    provider: Provider, browser: ClientSession
) -> None:
    for about in ({"issuer": "https://evil.example"}, {"token_endpoint": None}, {"jwks_uri": "file:///etc/passwd"}):
        provider.about = about
        async with browser.get("/account/enter", allow_redirects=False) as answer:
            assert answer.status == 502


@pytest.mark.parametrize(
    "name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "revocation_endpoint"]
)
async def test_nothing_of_it_is_asked_where_somebody_on_the_way_reads_along(
    provider: Provider, browser: ClientSession, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Whoever answers in its place where the token is shown says who somebody is."""
    for address in ("http://login.example.org/x", "http://127.0.0.1.example.org/x", "ftp://127.0.0.1/x", "//[x"):
        provider.about = {name: address}
        async with browser.get("/account/enter", allow_redirects=False) as answer:
            assert answer.status == 502
        assert f"the {name} that the sign-in service names has to be an https address, and" in caplog.text
        assert address in caplog.text
    assert provider.asked == []


def test_a_service_far_away_sends_nobody_to_what_runs_on_this_machine() -> None:
    with pytest.raises(Away, match="userinfo_endpoint"):
        must_be_sealed("userinfo_endpoint", "http://127.0.0.1:8080/metrics", near=False)
    must_be_sealed("userinfo_endpoint", "http://127.0.0.1:8080/userinfo", near=True)
    must_be_sealed("userinfo_endpoint", "https://login.example.org/userinfo", near=False)
    must_be_sealed("userinfo_endpoint", "", near=False)


async def test_somebody_who_turns_back_there_has_done_nothing(browser: ClientSession) -> None:
    query = dict(parse_qsl(urlsplit(await off(browser)).query))
    async with browser.get(f"/account/back?error=access_denied&state={query['state']}") as answer:
        assert answer.status == 403 and "You did not sign in" in await answer.text()


async def test_who_sits_there_shows_it_again_by_signing_in_anew(
    world: World, provider: Provider, browser: ClientSession
) -> None:
    await linked(world, provider, "Mia")
    await http.signed_in(world, browser, "Mia")
    world.clock.move(LATER)
    async with browser.post("/log/export") as answer:
        assert answer.status == 403 and 'href="/account/again"' in await answer.text()
    answered, text = await signs_in(browser, "sub-Mia", "/account/again")
    assert answered == 200 and "Close this page" in text
    assert (provider.asked[-1]["prompt"], provider.asked[-1]["max_age"]) == ("login", "0")
    assert await status(browser, "/devices") == 200
    async with browser.post("/log/export") as answer:
        assert answer.status == 404


async def test_a_session_that_is_open_there_or_another_account_shows_nothing(
    world: World, provider: Provider, browser: ClientSession
) -> None:
    await linked(world, provider, "Mia")
    await linked(world, provider, "Dev")
    await http.signed_in(world, browser, "Mia")
    world.clock.move(LATER)
    provider.says = {"auth_time": int(world.now.timestamp()) - 3600}
    assert (await signs_in(browser, "sub-Mia", "/account/again"))[0] == 403
    provider.says = {"auth_time": None}
    assert (await signs_in(browser, "sub-Mia", "/account/again"))[0] == 403
    provider.says = {}
    assert (await signs_in(browser, "sub-Dev", "/account/again"))[0] == 403
    async with browser.post("/log/export") as answer:
        assert answer.status == 403


async def test_what_was_begun_to_come_in_shows_nothing_again_and_the_other_way_round(
    world: World, base: str, provider: Provider, browser: ClientSession
) -> None:
    assert await status(browser, "/account/again") == 401
    await linked(world, provider, "Mia")
    await http.signed_in(world, browser, "Mia")
    address = await chosen(browser, await off(browser, "/account/again"), "sub-Mia")
    async with browser.post("/out"):
        pass
    assert (await back(browser, address))[0] == 403
    assert await status(browser) != 200


async def test_it_is_shown_for_the_session_that_was_sent_off_and_no_other(
    world: World, provider: Provider, browser: ClientSession
) -> None:
    await linked(world, provider, "Mia")
    await http.signed_in(world, browser, "Mia")
    address = await chosen(browser, await off(browser, "/account/again"), "sub-Mia")
    await http.signed_in(world, browser, "Mia")
    assert (await back(browser, address))[0] == 403
