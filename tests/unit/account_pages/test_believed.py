"""A work account's service is believed only when everything holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import ClientSession
from joserfc.jwk import OctKey, RSAKey

from safety_service.store.tables.people import session
from safety_service.web.openid import Away, must_be_sealed
from tests import http
from tests.services.openid import CLIENT, SECRET, Provider, forged
from tests.unit.account_pages.signing import LATER, back, chosen, counted, linked, off, signs_in, status
from tests.world import World


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
