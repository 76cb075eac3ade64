"""P9 on pages: what is refused, or sent when nobody is signed in, comes back in a form that can be sent again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import pytest
from aiohttp import ClientSession, FormData

from safety_service import web
from safety_service.actions import debrief_log, items, retention, reviews
from safety_service.store import sessions
from safety_service.web import again, unsent
from tests.debriefs import given
from tests.http import application, browsing, serving, signed_in
from tests.world import World

WORDS = "She said <b>go</b> & shut the door.\r\n\r\nI left at once."
SHOWN = WORDS.replace("\r\n", "\n")


class Forms(HTMLParser):
    """The forms of a page: where each is sent, and what a browser would send with it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self.seen: set[str] = set()
        self._here: dict[str, str] = {}
        self._in = ""
        self.feed(text.replace("\r\n", "\n"))  # as browsers do

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._here = self.found.setdefault(given.get("action", ""), {})
        elif tag in ("input", "textarea") and "name" in given:
            self._here[given["name"]] = given.get("value", "")
            if given.get("type") != "hidden":
                self.seen.add(given["name"])
            self._in = given["name"] if tag == "textarea" else ""

    def handle_data(self, data: str) -> None:
        if self._in:
            self._here[self._in] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            # The first new line of a field is the template's.
            self._here[self._in] = self._here[self._in].removeprefix("\n")
            self._in = ""


@pytest.fixture
async def base(world: World) -> AsyncIterator[str]:
    async with serving(application(world, web)) as address:
        yield address


@pytest.fixture
async def browser(base: str) -> AsyncIterator[ClientSession]:
    async with browsing(base) as session:
        yield session


async def post(browser: ClientSession, path: str, **fields: Any) -> tuple[int, str]:
    async with browser.post(path, data=fields, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def signed_out(world: World, who: str) -> None:
    async with world.database.transaction() as tx:
        await sessions.end_all(tx, world.ids[who])


async def test_a_review_that_came_second_shows_its_words_again(world: World, browser: ClientSession) -> None:
    debrief_id = await given(world)
    await signed_in(world, browser, "Mia")
    await world.do("Mia", reviews.review, debrief_id, "Read by now")
    status, text = await post(browser, f"/log/{debrief_id}/review?reviewed=no", note=WORDS, do="next")
    assert status == 409 and "<b>go" not in text and "govuk-error-summary" in text
    forms = Forms(text)
    assert forms.found[f"/log/{debrief_id}/review?reviewed=no"] == {"note": SHOWN, "do": "next"}
    assert forms.seen == {"note"}


IN_PARTS = b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\n\xff\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"note=\xff\xfe&do=next"),
        ("application/x-www-form-urlencoded; charset=nope", b"note=x&do=next"),
        ("multipart/form-data; boundary=x", b"no part at all"),
        ("multipart/form-data; boundary=x", IN_PARTS),
        ("multipart/form-data", b"--x--"),
    ],
    ids=["bytes", "charset", "nothing", "part", "boundary"],
)
async def test_a_form_that_cannot_be_read_is_answered_by_a_calm_page(
    world: World, browser: ClientSession, kind: str, body: bytes
) -> None:
    here, headers = f"/log/{await given(world)}/review", {"Content-Type": kind}
    async with browser.post(here, data=body, headers=headers) as answer:
        assert answer.status in (400, 401) and "<h1" in await answer.text()
    await signed_in(world, browser, "Mia")
    async with browser.post(here, data=body, headers=headers) as answer:
        assert answer.status == 400 and "cannot be read as a form" in await answer.text()


async def test_what_was_too_long_is_made_shorter_where_it_stands(world: World, browser: ClientSession) -> None:
    debrief_id = await given(world)
    here = f"/debriefs/{debrief_id}/add"
    await signed_in(world, browser, "Ann")
    status, text = await post(browser, here, text=WORDS * 100)
    assert status == 409
    found = Forms(text).found[here]
    assert found == {"text": (SHOWN * 100)}
    status, _ = await post(browser, here, text=found["text"][: len(SHOWN)])
    assert status == 303
    reading = await world.do("Mia", debrief_log.read, debrief_id)
    assert [each.text for each in reading.addenda] == [SHOWN]


async def test_whose_reason_has_run_out_says_it_anew_and_sends_the_words_again(
    world: World, browser: ClientSession
) -> None:
    debrief_id = await given(world)
    here = f"/log/{debrief_id}/comment"
    await signed_in(world, browser, "Rita")
    status, text = await post(browser, here, note=WORDS)
    assert status == 409 and 'href="/families/F-1/open" target="_blank"' in text
    assert (await post(browser, "/families/F-1/open", reason="asked"))[0] == 303
    assert (await post(browser, here, **Forms(text).found[here]))[0] == 303


async def test_a_field_that_is_full_by_its_own_count_loses_nothing_of_its_end(
    world: World, browser: ClientSession
) -> None:
    debrief_id = await given(world)
    full = "\r\n".join([*["a" * 39] * 49, "b" * 40])
    await signed_in(world, browser, "Mia")
    assert (await post(browser, f"/log/{debrief_id}/comment", note=full))[0] == 303
    assert (await post(browser, "/families/F-1/records/hold", why=full))[0] == 303
    await signed_in(world, browser, "Ann")
    assert (await post(browser, f"/debriefs/{debrief_id}/add", text=full))[0] == 303
    reading = await world.do("Mia", debrief_log.read, debrief_id)
    (held,) = await world.do("Mia", retention.held)
    kept = {reading.comments[0].text, reading.addenda[0].text, held.why}
    assert kept == {full.replace("\r\n", "\n")}


async def test_who_may_not_write_any_more_still_has_their_words(world: World, browser: ClientSession) -> None:
    await world.plan()
    # It was Ann's to write when she began; Ben may not even know that there is such a family.
    for who, wanted in (("Ann", 409), ("Ben", 404)):
        await signed_in(world, browser, who)
        for path in ("undertakings/new", "meetings/new", "plan/review"):
            fields = {"why": WORDS, "told_on": "2026-11-18", "state": "open"}
            status, text = await post(browser, f"/families/F-1/{path}", **fields)
            assert status == wanted, (who, path)
            assert Forms(text).found[f"/families/F-1/{path}"] == {**fields, "why": SHOWN}


@pytest.mark.parametrize(
    ("who", "path", "fields"),
    [
        ("Ann", "/families/F-1/briefing/ask", {"question": ""}),
        ("Mia", "/families/F-1/records/hold", {"why": WORDS}),
        ("Mia", "/log/filters", {"name": "mine", "page": "log"}),
        ("Adam", "/notices/statement/change", {"title": "Hello all", "text": ""}),
        ("Adam", "/evidence/check", {"end": "no end of ours"}),
        ("Mia", "/log/export", {"what": "debriefs", "format": "csv", "from": "2026-11-01", "to": ""}),
    ],
)
async def test_each_page_gives_back_what_it_does_not_do(
    world: World, browser: ClientSession, who: str, path: str, fields: dict[str, str]
) -> None:
    await world.plan()
    await world.do("Mia", retention.hold, "F-1", "A court asked")
    await signed_in(world, browser, who)
    status, text = await post(browser, path, **fields)
    assert status == 409, text
    forms = Forms(text)
    assert forms.found[path] == {name: each.replace("\r\n", "\n") for name, each in fields.items()}
    assert forms.seen == set(fields) - {"page", "what", "format"}


async def test_what_a_page_itself_put_in_goes_along_unseen(world: World, browser: ClientSession) -> None:
    sealed = "gAAAAABnP_kQ-" * 10
    fields = {"kind": "go_ahead", "worker": str(world.ids["Ann"]), "from": "2026-11-01T10:00", "account": sealed}
    _, text = await post(browser, "/log/filters", **fields, q="Oak Lane", name="lane")
    forms = Forms(text)
    assert forms.found["/log/filters"] == {**fields, "q": "Oak Lane", "name": "lane"}
    assert forms.seen == {"q", "name", "from"}


async def test_passages_to_be_left_out_stay_when_the_answer_is_another_one_by_now(
    world: World, browser: ClientSession
) -> None:
    await world.plan()
    await signed_in(world, browser, "Mia")
    here = "/families/F-1/subject-access"
    status, text = await post(browser, f"{here}/file", passages=WORDS, digest="of another one", format="txt")
    assert status == 409 and "govuk-error-summary" in text
    assert Forms(text).found[here] == {"passages": SHOWN}


async def test_words_that_mean_danger_are_never_shown_again(world: World, browser: ClientSession) -> None:
    words = {"own": "Green folder", "duress": "Red folder", "code": "Blue folder", "tap": "none"}
    card = {"car": "Grey Fiat", "code_phrase": "The blue folder"}
    _, text = await post(browser, "/card", **card)
    forms = Forms(text)
    assert "folder" not in text and "danger" not in text.replace("in danger now", "")
    assert forms.found["/card"] == {"car": "Grey Fiat", "code_phrase": ""} and forms.seen == set(card)
    await signed_in(world, browser, "Ann")
    await world.inside("Ann")
    for path, fields in (("/phrases", words), ("/card", card)):
        status, text = await post(browser, path, **fields)
        # Whoever looks over their shoulder out there learns nothing of either.
        assert status == 409 and "older" not in text and "Fiat" not in text and not Forms(text).seen


async def test_who_was_signed_out_meanwhile_signs_in_and_sends_it_again(world: World, browser: ClientSession) -> None:
    debrief_id = await given(world)
    here = f"/log/{debrief_id}/comment?reviewed=no"
    await signed_in(world, browser, "Mia")
    await signed_out(world, "Mia")
    status, text = await post(browser, here, note=WORDS)
    assert status == 401 and "signed out meanwhile" in text and "sign in, in another tab" in text
    forms = Forms(text)
    await signed_in(world, browser, "Mia")
    status, _ = await post(browser, here, **forms.found[here])
    assert status == 303
    reading = await world.do("Mia", debrief_log.read, debrief_id)
    assert [each.text for each in reading.comments] == [SHOWN]


async def test_nobody_else_sends_it_in_their_name(world: World, browser: ClientSession) -> None:
    debrief_id = await given(world)
    here = f"/log/{debrief_id}/comment"
    await signed_in(world, browser, "Mia")
    await signed_out(world, "Mia")
    _, text = await post(browser, here, note=WORDS)
    fields = Forms(text).found[here]
    await signed_in(world, browser, "Rita")
    status, text = await post(browser, here, **fields)
    assert status == 403 and "not your words" in text and "shut the door" not in text
    status, _ = await post(browser, here, **{**fields, "typed_by": "nobody"})
    assert status == 403
    assert not (await world.do("Mia", debrief_log.read, debrief_id)).comments
    # Signed out once more it is still Mia's, whoever was here in between.
    await signed_out(world, "Rita")
    _, text = await post(browser, here, **fields)
    assert Forms(text).found[here] == fields
    await signed_in(world, browser, "Mia")
    assert (await post(browser, here, **fields))[0] == 303


async def test_whoever_typed_nothing_is_only_asked_to_sign_in(world: World, browser: ClientSession) -> None:
    await world.plan()
    for path, fields in (("/families/F-1/briefing/read", {}), (f"/alerts/{world.ids['Ann']}/wake", {"step": "2"})):
        status, text = await post(browser, path, **fields)
        assert status == 401 and "You need a link" in text and not Forms(text).seen


async def test_nothing_of_another_sites_page_is_offered_to_be_sent_from_ours(browser: ClientSession) -> None:
    async with browser.post("/log/filters", data={"name": WORDS}, headers={"Origin": "https://evil.example"}) as answer:
        text = await answer.text()
    assert answer.status == 403 and "shut the door" not in text and not Forms(text).found


async def test_no_recording_is_read_to_say_no(world: World, browser: ClientSession) -> None:
    debrief_id = await given(world, whole=False)
    form = FormData()
    form.add_field("once", "She shut the door")
    form.add_field("voice", BytesIO(b"OggS"), filename="a.ogg", content_type="audio/ogg")
    async with browser.post(f"/debriefs/{debrief_id}/speak", data=form) as answer:
        assert answer.status == 401 and "shut the door" not in await answer.text()


async def test_what_a_page_that_failed_was_told_comes_back(
    world: World, browser: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_args: Any) -> None:
        raise RuntimeError("broken")

    await signed_in(world, browser, "Mia")
    monkeypatch.setattr(items, "close_item", fails)
    here = f"/items/{world.ids['Mia']}"
    status, text = await post(browser, here, note=WORDS)
    assert status == 500 and Forms(text).found[here] == {"note": SHOWN}


def test_what_the_page_that_asks_adds_is_asked_anew() -> None:
    assert unsent.ASKED_ANEW == again.OWN
