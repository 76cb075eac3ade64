"""The wording: whole, filled to the last brace, and safe to be read by somebody else at the door."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from bots.dialogue import known
from bots.dialogue.dressing import Frame, dress
from bots.dialogue.known import INSIDE, the_wording
from bots.dialogue.known_refusals import REFUSALS
from bots.dialogue.render import render
from config.wording import Sensitivity, WordingError, parse_wording

NOW = datetime(2026, 11, 19, 14, 33, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
#: What a person at the door must not read over somebody's shoulder.
FORBIDDEN = re.compile(
    r"famil|address|risk|threat|police|alarm|alert|duress|\bsos\b|weapon|violen|danger|999|manager|child|watch|safe",
    re.IGNORECASE,
)


def at(minutes: float) -> str:
    return (NOW + timedelta(minutes=minutes)).isoformat()


#: Every param that any message has.
FULL: dict[str, Any] = {
    "visit_id": str(uuid4()),
    "alert_id": str(uuid4()),
    "ring_id": str(uuid4()),
    "debrief_id": str(uuid4()),
    "number": 12,
    "ask": 7,
    "step": 3,
    "minutes": 45,
    "extend_minutes": 15,
    "count": 2,
    "days": 14,
    "years": 5,
    "zone": "Europe/Lundon",
    "why": "too short",
    "field": "car",
    "most": 200,
    "risk": "high",
    "kind": "missed_check_in",
    "state": "open",
    "ref": "REF-71",
    "worker": "Ann Marsh",
    "worker_id": str(uuid4()),
    "worker_phone": "07700 900001",
    "office_phone": "01632 960000",
    "owner": "Mel Hart",
    "by": "Mel Hart",
    "name": "Mel Hart",
    "note": "Neighbour saw her leave.",
    "reason": "Two of you go.",
    "because": ["Open threat on 3 May 2026", "Loose dog."],
    "address": "4 Hill Road, Northfield",
    "latitude": 50.9,
    "longitude": -1.4,
    "transport": "car",
    "exit": "front_only",
    "code_phrase": "Is the blue folder with you?",
    "purpose": "review",
    "length": 2700,
    "every": 900,
    "alone": True,
    "with": [],
    "responder": {
        "car": "Blue Fiesta",
        "registration": "AB12 CDE",
        "description": "Tall, red coat",
        "next_of_kin": "Jo, 07700 900002",
        "medical": "Asthma",
    },
    "last_position": {"at": at(-18), "distance_m": 83, "latitude": 50.9, "longitude": -1.4},
    "told": [{"name": "Mel Hart", "at": at(0)}],
    "next": {"who": ["Sam Dean"], "at": at(2)},
    "passed": ["deputy_on_duty"],
    "own_says": "Never with one of them alone",
    "says": "Two people",
    "verdict": "accept",
    "course": "with_measures",
    "lacking": [{"what": "people", "says": "Two people", "since": "2026-05-03", "key": "two_people"}],
    "measures": ["Two people", "By daylight only"],
    "managers": ["Mel Hart"],
    "new": "Open threat",
    "until_on": "2026-06-03",
    "due_on": "2026-06-03",
    "found": "safe",
    "known_by": "heard_voice",
    "phase": "inside",
    "outcome": "met",
    "role": "manager",
    "host": "north-1",
    "item": "risk_assessment",
    "tell": ["team", "police"],
    "urgent": ["violence", "stop"],
    "question": "Has anything changed?",
    "team": "North",
    "loosens": ["risk.high.grace: 3m → 6m"],
    "post": "manager_on_duty",
    "names": ["Mel Hart"],
    "distance_m": 2310,
    "given": "half past",
    "next_ref": "REF-9",
    "take_url": "https://doorstep.example.org/take/abcdefghijklmnopqrstuvwxyz",
    "sign_in_url": "https://doorstep.example.org/in/abcdefghijklmnopqrstuvwxyz",
    "reply": "12345",
    "code": "40302010",
    "last": "No more after that.",
    "visits": [{"line": "visit", "starts_at": at(0), "ref": "REF-71", "risk": "high", "phase": "begin"}],
    "posts": [{"line": "post", "post": "manager_on_duty", "names": ["Mel Hart"]}],
    "roles": [{"line": "role", "role": "manager", "team": "North"}],
    "chats": ["telegram"],
    "alarms": [{"line": "bundled", "number": 12, "worker": "Ann Lee", "kind": "not_out", "reply": "12345"}],
    "more": 7,
    "numbers": [12, 13],
    "others": [14],
    "yours": "12",
    "cause": "down",
    **dict.fromkeys(
        "time starts starts_at ends_at due_at opened_at last_word_at at by_at asked_at from until said_at".split(),
        at(-3),
    ),
    "next_at": at(60),
    "out_by": at(60),
    "battery_at": at(-20),
    "spoken_at": at(-12),
    "met": ["Loose dog."],
    "since": at(-31),
    "expected_at": at(-31),
    "left_at": at(-12),
    "least": 4,
    "late": "0.4",
}
#: Words that are said only where something is missing.
WITHOUT = {"no_phone": "worker_phone", "no_worker": "worker", "no_owner": "owner"}


def test_the_shipped_wording_is_whole() -> None:
    assert the_wording().faults(known.templates(), known.labels()) == []


@pytest.mark.parametrize("template", sorted(known.templates()))
def test_every_brace_of_every_line_is_filled_by_what_the_code_gives(template: str) -> None:
    frame = Frame(the_wording(), LONDON, NOW)
    for line in the_wording().templates[template]:
        missing = {gone for word, gone in WITHOUT.items() if word in line.braces}
        words = dress({key: value for key, value in FULL.items() if key not in missing}, frame)
        text = line.filled(words)
        assert text and "{" not in text and "}" not in text and "[" not in text
        for brace in line.braces:
            assert words[brace], f"{template}: {{{brace}}} stays empty"


@pytest.mark.parametrize("template", sorted(known.templates()))
def test_a_message_of_which_nothing_is_known_is_still_said(template: str) -> None:
    message = render(template, {}, channel="webchat", ceiling="case", zone=LONDON, now=NOW)
    assert message.text.strip()


@pytest.mark.parametrize("template", sorted(INSIDE))
def test_nothing_that_reaches_a_worker_inside_says_whose_where_or_why(template: str) -> None:
    wording = the_wording()
    for line in wording.templates[template]:
        assert line.sensitivity is Sensitivity.PUBLIC
        assert not line.braces & {"ref", "address", "worker", "because", "risk", "RISK", "note", "next_ref"}
    name = template.partition("/")[0]
    params = {**FULL, "again": "/again" in template, "variant": template.partition("/")[2]}
    message = render(name, params, channel="telegram", ceiling="plan", zone=LONDON, now=NOW)
    shown = [message.text, *(button.label for row in message.buttons for button in row)]
    assert not any(FORBIDDEN.search(text) for text in shown), shown
    assert "REF-71" not in message.text and "Ann" not in message.text


def test_the_help_button_is_there_in_every_question_inside_under_its_harmless_name() -> None:
    for template in sorted(each for each in INSIDE if each.startswith("ask.") and "own_word" not in each):
        message = render(template.partition("/")[0], FULL, channel="telegram", ceiling="plan", zone=LONDON)
        assert [[button.label for button in row] for row in message.buttons] == [
            ["OK", "+5", "+15", "Out"],
            ["Ring me", "Office now"],
        ]


def test_the_four_words_stand_alone_with_what_can_never_wait() -> None:
    params = {**FULL, "four": ["tulip", "harbour", "kettle", "marble"], "held": "extend", "held_s": 900, "ask": 3}
    message = render("ask.own_word", params, channel="telegram", ceiling="plan", zone=LONDON)
    assert [[button.label for button in row] for row in message.buttons] == [
        ["Tulip", "Harbour"],
        ["Kettle", "Marble"],
        ["Ring me", "Office now"],
    ]
    assert [(button.token or "").split(":")[2:] for row in message.buttons[:2] for button in row] == [
        ["3", f"{place}.extend.900"] for place in range(4)
    ]


def test_messages_are_short_enough_for_a_tired_reader() -> None:
    for name, lines in the_wording().templates.items():
        if name.startswith(("ask.", "reply.", "refused.")) and name not in LONG:
            assert sum(len(part.text) for line in lines for part in line.parts) <= 170, name


#: Read at leisure, or in need of every word.
LONG = {
    "ask.going_in/high",
    "reply.help",
    "reply.stop",
    "reply.sos_outside",
    "reply.words_999",
    "reply.words_999/sos",
    "reply.words_999/duress",
    "reply.text_took",
    "reply.text_took/duress",
}


def test_every_fault_of_a_wording_is_named() -> None:
    with pytest.raises(WordingError) as unreadable:
        parse_wording('[a]\nb = "x [y"\nc = ""\nd = "{e"')
    assert [fault.partition(":")[0] for fault in unreadable.value.faults] == ["a.b", "a.c", "a.d"]
    wording = parse_wording('[a]\nb = "{c} {d}"\nz = "never said"\n[labels]\nq = "Q"')
    assert wording.faults({"a.b": {"c"}, "a.n": set()}, {"r"}) == [
        "a.n: the code speaks of this template, and it has no wording",
        "a.z: no code speaks of this template",
        "r: the code speaks of this label, and it has no wording",
        "q: no code speaks of this label",
        "a.b: nobody fills {d}",
    ]


def test_a_part_in_brackets_goes_when_it_is_empty_and_a_line_goes_when_its_word_is_missing() -> None:
    lines = parse_wording('[a]\nb = """\nHe is {where}[, since {when}].\ncase| At {address}.\n"""').templates["a.b"]
    assert [line.filled({"where": "in"}) for line in lines] == ["He is in.", None]
    assert [line.filled({"where": "in", "when": "9", "address": "4 Hill Road"}) for line in lines] == [
        "He is in, since 9.",
        "At 4 Hill Road.",
    ]
    assert [line.sensitivity for line in lines] == [Sensitivity.PUBLIC, Sensitivity.CASE]


def test_every_refusal_and_every_message_of_the_service_has_its_wording() -> None:
    root = Path(__file__).parents[2]
    source = "\n".join(each.read_text() for part in CODE for each in sorted((root / part).rglob("*.py")))
    refused = set(re.findall(r"Refused\(\s*\"(\w+)\"", source))
    assert refused and refused <= REFUSALS.keys()
    told = set(
        re.findall(r"\"((?:alert|ring|manager|decision|debrief|gap|link|duty|worker|reply)\.[a-z_0-9]+)\"", source)
    )
    assert told and told - {"alert.id", "debrief.id", "debrief.sample"} <= known.templates().keys()


CODE = ("safety_service/domain", "safety_service/store", "safety_service/actions", "bots", "scheduler")
