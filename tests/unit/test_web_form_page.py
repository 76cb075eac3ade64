"""A form's declaration as a plain page: everything typed is kept, faults stand at their field, no script is needed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientSession, web
from multidict import MultiDict

from config.forms import Form, Kind, Step
from safety_service import web as pages
from safety_service.web.form_answers import Read, read_answers
from safety_service.web.form_page import Part, Words, form_page
from tests.http import application, browsing, serving
from tests.world import World

LONDON = ZoneInfo("Europe/London")
FORM = Form(
    "trial",
    (
        Step(key="met", kind=Kind.MANY, options=("shout", "dog"), typed=True),
        Step(key="hurt", kind=Kind.CHOICE, options=("yes", "no"), when={"met": ("shout",)}),
        Step(key="told", kind=Kind.TEXT, optional=True),
        Step(key="at", kind=Kind.TIME, optional=True),
        Step(key="on", kind=Kind.DATE, optional=True),
        Step(key="for", kind=Kind.DURATION, optional=True),
        Step(key="where", kind=Kind.PLACE, optional=True),
        Step(key="who", kind=Kind.CHOICE, source="people", optional=True),
        Step(
            key="gap",
            kind=Kind.GROUP,
            optional=True,
            parts=(Step(key="why", kind=Kind.TEXT), Step(key="due", kind=Kind.DATE, optional=True)),
        ),
        Step(key="after", kind=Kind.TEXT, when={"hurt": ("yes",)}),
    ),
)
WORDS = Words(
    says={"met": "What did you meet?", "hurt": "Hurt?", "told": "What was said?", "gap": "A gap", "gap.why": "Why?"},
    options={"met": {"shout": "Shouting", "dog": "A dog"}, "who": {"1": "Ann & Co"}},
    help={"told": "In a few words."},
)


def read(*given: tuple[str, str], keys: Sequence[str] | None = None, **before: object) -> Read:
    return read_answers(FORM, MultiDict(given), LONDON, keys=keys, before=before)


def test_answers_are_read_as_the_form_declares_them() -> None:
    said = read(
        ("met", "dog"),
        ("met.own", "a goose\n\na swan"),
        ("told", " one\r\ntwo "),
        ("at", "2026-07-01T09:30"),
        ("on", "2026-07-02"),
        ("for", "45"),
        ("where", "2 Elm Row"),
        ("who", "1"),
        ("gap.why", "locked"),
        ("gap.due", "2026-07-03"),
        ("nobody_asked", "x"),
    )
    assert said.faults == {}
    assert said.answers == {
        "met": ["dog", "a goose", "a swan"],
        "told": "one\ntwo",
        "at": "2026-07-01T08:30:00+00:00",
        "on": "2026-07-02",
        "for": 2700.0,
        "where": {"text": "2 Elm Row", "latitude": None, "longitude": None},
        "who": "1",
        "gap": {"why": "locked", "due": "2026-07-03"},
    }


def test_a_question_without_a_point_is_not_read_and_one_with_a_point_is_missed() -> None:
    assert read(("met", "dog"), ("hurt", "yes")).answers == {"met": ["dog"]}
    assert read(("met", "shout")).faults == {"hurt": "empty"}
    assert read(("met", "shout")).wrong == {}


def test_what_another_page_answered_counts_and_only_these_questions_are_read() -> None:
    said = read(("after", "a bruise"), ("told", "x"), keys=("after",), met=["shout"], hurt="yes")
    assert said.answers == {"after": "a bruise"}
    assert read(("after", "a bruise"), keys=("after",), met=["shout"], hurt="no").answers == {}


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("hurt", "perhaps", "unknown"),
        ("on", "the third", "no_date"),
        ("at", "soon", "no_time"),
        ("for", "long", "no_duration"),
        ("told", "x" * 2001, "too_long"),
        ("gap.due", "2026-07-03", "empty"),
    ],
)
def test_what_cannot_be_used_is_named(key: str, value: str, fault: str) -> None:
    assert read(("met", "shout"), (key, value)).faults[key.partition(".")[0]] == fault


@pytest.fixture
async def browser(world: World) -> AsyncIterator[ClientSession]:
    async def show(request: web.Request) -> web.StreamResponse:
        said = read_answers(FORM, await request.post(), LONDON)
        return form_page(
            request,
            FORM,
            WORDS,
            None,
            heading="A trial",
            action="/trial",
            answers=said.answers,
            zone=LONDON,
            faults=said.faults,
            parts=[
                Part(heading="First", keys=("met", "hurt", "told", "at")),
                Part(heading="Then", keys=("who", "gap")),
            ],
            buttons=(("keep", "Keep"), ("later", "Later")),
        )

    app = application(world, pages)
    app.router.add_post("/trial", show)
    async with serving(app) as base, browsing(base) as session:
        yield session


async def test_the_page_keeps_what_was_typed_and_names_the_fault_at_its_field(browser: ClientSession) -> None:
    given = {"met": "shout", "told": "<b>out</b>", "at": "2026-07-01T09:30", "gap.due": "2026-07-03"}
    async with browser.post("/trial", data=given) as answer:
        text = await answer.text()
    assert answer.status == 422
    assert re.search(r'value="shout" checked', text) and not re.search(r'value="dog" checked', text)
    assert "&lt;b&gt;out&lt;/b&gt;</textarea>" in text and 'value="2026-07-01T09:30"' in text
    assert '<a href="#hurt">Hurt?</a>' in text and re.search(r'id="hurt-fault">.*This needs an answer\.', text)
    assert 'id="gap.why-fault"' in text and 'id="gap.due-fault"' not in text
    assert "Only if: Shouting" in text and "Ann &amp; Co" in text
    assert re.search(r"<h2[^>]*>Then</h2>", text) and ">Later</button>" in text


async def test_every_field_has_its_label_and_choices_their_legend(browser: ClientSession) -> None:
    async with browser.post("/trial", data={"met": "shout", "hurt": "no"}) as answer:
        text = await answer.text()
    # What there is of scripts comes as files of ours: none stands in the page.
    assert answer.status == 200 and not re.search(r"<script(?! type=\"module\" src=\"/static/)|\son\w+=", text)
    ids = set(re.findall(r'<(?:input|textarea)[^>]* id="([^"]+)"', text))
    assert ids and ids == set(re.findall(r'<label[^>]* for="([^"]+)"', text))
    assert text.count("<fieldset") == text.count("<legend") == 4
    described = {each for found in re.findall(r'aria-describedby="([^"]+)"', text) for each in found.split()}
    assert described and all(f'id="{each}"' in text for each in described)
