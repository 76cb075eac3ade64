"""The evidence log in plain words: everything that the code writes into it has some."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

import safety_service
from safety_service.actions.evidence_read import Entry
from safety_service.domain.risk import LOWERED, RAISED
from safety_service.domain.timeline_words import DID, SAID
from safety_service.domain.words import News
from safety_service.store.evidence import About, Noted
from safety_service.web.evidence_details import KEYS, details
from safety_service.web.evidence_words import SUBJECTS, VERBS, sentence

SERVICE = Path(safety_service.__file__).parent
ACTIONS = sorted((SERVICE / "actions").glob("*.py"))
#: Where the verb stands in what every module may call.
KEEPERS = {"keep": 3, "keep_of_channel": 3, "keep_of_alert": 3, "keep_shift": 3, "keep_fact": 2}
#: What a verb that is put together ends in.
ENDINGS = {
    "account_": ("agreed", "refused"),
    "news_": tuple(News),
    "ring_": ("spoke", "raise", "no_answer"),
    "risk_": (RAISED, *LOWERED),
}
#: Of an entry itself, not of its details.
ENTRY = {"verb", "subject", "subject_id", "agency_id", "actor_id", "visit_id", "alert_id", "details"}
#: Names that say all there is to say, and what is not shown.
PLAIN = {"name", "email", "roles", "risk", "to", "changes", "family", "worker", "behaviour", "text", "channel", "told"}
HIDDEN = {"via", "people", "step", "messages", "person_id", "family_id", "team_id", "by", "covers_id", "supervisor_id"}
IDS = {"message_id", "debrief_id", "workers"}


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for each in ast.walk(tree):
        if isinstance(each, ast.Call):
            yield each.func.attr if isinstance(each.func, ast.Attribute) else getattr(each.func, "id", ""), each


def texts(node: ast.AST, tree: ast.AST) -> Iterator[str]:
    """The texts in an expression, and in a table of the module's that it looks into."""
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value
        if isinstance(each, ast.Name) and each.id.isupper():
            tables = [one.value for one in ast.walk(tree) if isinstance(one, ast.Assign) and _named(one, each.id)]
            for table in tables:
                yield from texts(table, tree)


def _named(one: ast.Assign, name: str) -> bool:
    return any(isinstance(each, ast.Name) and each.id == name for each in one.targets)


def logged(tree: ast.AST) -> Iterator[ast.Call]:
    """The calls by which this module writes an entry."""
    for name, call in calls(tree):
        if any(each.arg == "subject" for each in call.keywords) and name in ("keep", "log", "Entry"):
            yield call


def verbs_of(tree: ast.AST) -> Iterator[str]:
    own: dict[str, int | None] = {}
    for each in ast.walk(tree):
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [one.arg for one in each.args.args]
            own[each.name] = names.index("verb") if "verb" in names else None
    for name, call in calls(tree):
        at = {**KEEPERS, **own}.get(name)
        given = [each.value for each in call.keywords if each.arg == "verb"]
        given += [] if at is None else call.args[at : at + 1]
        for one in given:
            for text in texts(one, tree):
                yield from (text + ending for ending in ENDINGS[text]) if text.endswith("_") else (text,)


def keys_of(tree: ast.AST) -> Iterator[str]:
    for call in logged(tree):
        yield from (each.arg for each in call.keywords if each.arg is not None and each.arg not in ENTRY)
        for given in (each.value for each in call.keywords if each.arg == "details"):
            for table in (each for each in ast.walk(given) if isinstance(each, ast.Dict)):
                yield from (str(key.value) for key in table.keys if isinstance(key, ast.Constant))


def trees(files: list[Path]) -> list[ast.AST]:
    return [ast.parse(each.read_text()) for each in files]


def test_every_verb_that_is_logged_has_words() -> None:
    verbs = {verb for tree in trees(ACTIONS) for verb in verbs_of(tree)}
    assert {"read", "risk_lowered_to_low", "told_of_threat", "ring_no_answer", "was_shown", "account_agreed"} <= verbs
    assert not verbs - VERBS.keys() - SAID.keys() - DID.keys()


def test_every_subject_that_is_logged_has_words() -> None:
    files = [*ACTIONS, *sorted((SERVICE / "web").glob("*.py"))]
    subjects: set[str] = set()
    for tree in trees(files):
        for call in logged(tree):
            given = (each.value for each in call.keywords if each.arg == "subject")
            subjects.update(text for one in given for text in texts(one, tree))
        named = (each for each in ast.walk(tree) if isinstance(each, ast.Assign) and _named(each, "SUBJECT"))
        subjects.update(text for each in named for text in texts(each.value, tree))
    assert {"exclusion", "words", "leave"} <= subjects
    assert not subjects - SUBJECTS.keys()


def test_every_detail_that_is_logged_has_a_name() -> None:
    keys = {key for tree in trees(ACTIONS) for key in keys_of(tree)}
    assert {"count", "whole", "what", "plan_number"} <= keys
    assert not keys - KEYS.keys() - PLAIN - HIDDEN - IDS


def entry(verb: str = "read", subject: str = "debrief", **given: Any) -> Entry:
    noted = Noted(
        id=uuid4(),
        at=datetime(2026, 11, 24, tzinfo=UTC),
        actor_id=uuid4(),
        verb=verb,
        subject=subject,
        subject_id=None,
        details=given,
        visit_id=None,
        alert_id=None,
        link=None,
        digest=None,
    )
    return Entry(noted=noted, about=About(), with_text=True)


def test_no_sentence_shows_a_name_of_the_programs() -> None:
    for verb in (*VERBS, *SAID, *DID):
        said = sentence(entry(verb), {})
        assert "_" not in said and "{" not in said, said


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"what": "became_of"}, ("Of it", "what became of it")),
        ({"key": "child_too_scared"}, ("What", "child too scared")),
        ({"whole": True}, ("All parts of it", "yes")),
        ({"count": 0}, ("How many", "0")),
        ({"plan_number": 3}, ("Version of the plan", "3")),
        ({"known_by": "heard_voice"}, ("How they know", "heard their voice")),
        ({"fields": ["car", "code_phrase"]}, ("What was changed", "car, code phrase")),
        ({"template": "alert.taken"}, ("Message", "who has it")),
        ({"why": "He said: snake_case is for programs"}, ("Why", "He said: snake_case is for programs")),
        ({"until": "2026-11-24T10:00:00+00:00"}, ("Until", "24 Nov 2026, 10:00:00")),
    ],
)
def test_a_detail_is_said_in_plain_words(given: dict[str, Any], says: tuple[str, str]) -> None:
    assert details(entry(**given), ZoneInfo("Europe/London")) == [says]
