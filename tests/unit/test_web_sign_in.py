"""Signing in by a link that works once; pages that keep nothing and act for nobody else."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import make_mocked_request

from safety_service import guesses, web
from tests.http import application, browsing, serving, sign_in_code, signed_in
from tests.world import World


@pytest.fixture
async def browser(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, web)) as base, browsing(base) as session:
        yield session


async def landed(browser: ClientSession) -> str:
    async with browser.get("/", allow_redirects=False) as answer:
        return answer.headers.get("Location", "") if answer.status == 303 else str(answer.status)


async def test_opening_the_link_does_nothing_and_the_button_signs_in(world: World, browser: ClientSession) -> None:
    code = await sign_in_code(world, "Ann")
    for _ in range(3):
        async with browser.get(f"/in/{code}") as answer:
            assert answer.status == 200 and not answer.cookies
            assert '<form method="post">' in await answer.text()
    assert await landed(browser) == "200"
    async with browser.post(f"/in/{code}", allow_redirects=False) as answer:
        cookie = answer.cookies["doorstep"]
        assert answer.status == 303
        assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/" and not cookie["secure"]
    assert await landed(browser) == "/chat"


@pytest.mark.parametrize(("who", "page"), [("Ann", "/chat"), ("Mia", "/board"), ("Rita", "/hello"), ("Adam", "/hello")])
async def test_everyone_lands_where_their_work_is(world: World, browser: ClientSession, who: str, page: str) -> None:
    await signed_in(world, browser, who)
    assert await landed(browser) == page


async def test_a_reviewer_reads_who_they_are_and_what_is_there(world: World, browser: ClientSession) -> None:
    await signed_in(world, browser, "Rita")
    async with browser.get("/hello") as answer:
        text = await answer.text()
    assert "Hello Rita" in text and "reviewer" in text
    async with browser.get("/board") as answer:
        assert answer.status == 403


async def test_a_used_link_says_so(world: World, browser: ClientSession) -> None:
    code = await sign_in_code(world, "Ann")
    await browser.post(f"/in/{code}", allow_redirects=False)
    async with browser.post(f"/in/{code}", allow_redirects=False) as answer:
        assert answer.status == 403 and "used already" in await answer.text()


async def test_with_https_the_cookie_is_held_to_it(world: World) -> None:
    app = application(world, web, public_url="https://doorstep.example.org")
    async with serving(app) as base, browsing(base) as browser:
        code = await sign_in_code(world, "Ann")
        async with browser.post(f"/in/{code}", allow_redirects=False) as answer:
            cookie = answer.cookies["__Host-doorstep"]
            assert cookie["secure"] and cookie["httponly"] and not cookie["domain"]


async def test_signed_out_the_session_is_over_on_the_server_too(world: World, browser: ClientSession) -> None:
    await signed_in(world, browser, "Ann")
    kept = {each.key: each.value for each in browser.cookie_jar}
    async with browser.post("/out") as answer:
        assert answer.status == 200 and "Nothing that is being watched has ended" in await answer.text()
    async with browser.get("/", cookies=kept, allow_redirects=False) as answer:
        assert answer.status == 200 and "You need a link" in await answer.text()


async def test_a_stranger_reads_how_to_get_a_link_and_no_page(browser: ClientSession) -> None:
    for path in ("/", "/hello", "/board", "/board/events"):
        async with browser.get(path) as answer:
            text = await answer.text()
            assert answer.status in (200, 401) and "You need a link" in text


async def test_wrong_links_are_throttled_for_their_address_alone(world: World) -> None:
    async with serving(application(world, web)) as base, browsing(base) as manager, browsing(base) as stranger:
        await signed_in(world, manager, "Mia")
        for _ in range(guesses.WRONG):
            async with stranger.post("/in/guess") as answer:
                assert answer.status == 403
        async with stranger.post("/in/guess") as answer:
            assert answer.status == 429
        # Whoever is signed in goes on, from the same address too; and from elsewhere a link still works.
        async with manager.get("/board") as answer:
            assert answer.status == 200
        elsewhere = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
        code = await sign_in_code(world, "Ann")
        async with stranger.post(f"/in/{code}", headers=elsewhere, allow_redirects=False) as answer:
            assert answer.status == 303


async def test_whatever_a_guesser_writes_before_the_proxy_does_is_not_believed(world: World) -> None:
    async with serving(application(world, web)) as base, browsing(base) as stranger:
        for number in range(guesses.WRONG + 1):
            forged = {"X-Forwarded-For": f"203.0.113.{number}, 198.51.100.7"}
            async with stranger.post("/in/guess", headers=forged) as answer:
                assert answer.status == (403 if number < guesses.WRONG else 429)


@pytest.mark.parametrize(("peer", "counted"), [("10.0.0.2", "198.51.100.7"), ("9.9.9.9", "9.9.9.9")])
def test_only_a_proxy_beside_us_says_for_whom_it_speaks(peer: str, counted: str) -> None:
    request = make_mocked_request("POST", "/in/guess", headers={"X-Forwarded-For": "198.51.100.7"})
    assert guesses.address_of(request.clone(remote=peer)) == counted


@pytest.mark.parametrize("path", ["/", "/in/code", "/nowhere", "/static/web/style.css"])
async def test_nothing_comes_from_elsewhere_and_nobody_frames_us(browser: ClientSession, path: str) -> None:
    async with browser.get(path) as answer:
        headers, text = answer.headers, await answer.text()
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == ("no-cache" if path.startswith("/static/") else "no-store")
    assert "style=" not in text and "onclick" not in text and "http://" not in text.replace("http://www.w3.org", "")


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://doorstep.example.org"},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_another_sites_page_cannot_act_with_our_cookie(
    world: World, browser: ClientSession, headers: dict[str, str]
) -> None:
    await signed_in(world, browser, "Ann")
    async with browser.post("/out", headers=headers) as answer:
        assert answer.status == 403
    assert await landed(browser) == "/chat"


async def test_our_own_pages_may_act(world: World) -> None:
    app = application(world, web, public_url="http://doorstep.example.org")
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://doorstep.example.org"}):
        async with serving(app) as base, browsing(base) as browser:
            await signed_in(world, browser, "Ann")
            async with browser.post("/out", headers=headers) as answer:
                assert answer.status == 200
        app = application(world, web, public_url="http://doorstep.example.org")
