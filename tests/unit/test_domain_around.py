"""The rules around a family: who is asked next, what may leave, what a meeting needs, what stays on an agenda."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from config.forms import Form, Kind
from config.forms_around import CANCELLED, HELD, MEETING, SHARE, UNDERTAKING, UNDERTAKING_NOTE, WISH, supervision_form
from config.guidance import parse_guidance
from config.policy import PolicyError, parse_policy
from safety_service.domain.gathering import Agreed, Call, Outcome, Parents, check_call, check_outcome
from safety_service.domain.gathering import Kind as MeetingKind
from safety_service.domain.refusal import Refused
from safety_service.domain.sharing import Asked, Basis, Decided, asked, least, to_be_told
from safety_service.domain.supervising import Record, counted, discussed, met_point, still_open, wellbeing
from safety_service.web import meetings, shares, supervision, undertakings
from safety_service.web.form_page import Words

NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)
GUIDANCE = parse_guidance("")
CALL = Call(
    kind=MeetingKind.RISK,
    meets_at=NOW + timedelta(days=1),
    why="A threat",
    share_what="All",
    share_how="By letter",
    share_when="Now",
)


def test_each_round_asks_more_people_and_never_fewer() -> None:
    assert asked(0) == {Asked.OWNER}
    assert asked(1) == {Asked.OWNER, Asked.MANAGERS}
    for step in (2, 3, 99):
        assert asked(step) == set(Asked)


def test_what_to_take_care_of_is_what_holds_at_once_and_is_a_matter_of_others() -> None:
    out = least(GUIDANCE, ("open_threat", "weapon"), ("drink", "somebody's own words"), date(2026, 11, 16))
    assert out.met == ("Open threat", "Weapon") and out.context == ("Drink",)
    assert out.care == ("Two people", "With the police", "Meet at the office")
    without = parse_guidance("[measures.two_people]\noff = true")
    assert least(without, ("open_threat",), (), date(2026, 11, 16)).care == ()


def test_an_unknown_behaviour_and_mixed_feelings_are_nobodys_business() -> None:
    assert to_be_told(GUIDANCE, ("mixed", "made_up", "argued"), ("police",)) == ()
    assert to_be_told(GUIDANCE, ("mixed", "made_up", "argued", "argued"), ("agencies",)) == ("argued",)
    assert to_be_told(GUIDANCE, ("mixed", "hit"), ()) == ("hit",)


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("reason_wanted", {"why": " "}),
        ("meets_before_now", {"meets_at": NOW}),
        ("parents_why_wanted", {"parents": Parents.EXCLUDED}),
        ("share_wanted", {"share_what": ""}),
        ("share_wanted", {"share_how": " "}),
        ("share_wanted", {"share_when": ""}),
    ],
)
def test_a_call_that_lacks_something_is_none(code: str, changes: dict[str, Any]) -> None:
    check_call(CALL, NOW)
    with pytest.raises(Refused, match=code):
        check_call(replace(CALL, **changes), NOW)


def test_a_meeting_ends_in_words_a_day_to_come_and_somebody_for_each_decision() -> None:
    whole = Outcome(notes="Said", review_on=NOW.date() + timedelta(days=1), decisions=(Agreed(what="A", who="Police"),))
    check_outcome(whole, NOW.date())
    check_outcome(replace(whole, decisions=(Agreed(what=" "),)), NOW.date())
    for code, changes in (
        ("notes_wanted", {"notes": ""}),
        ("review_wanted", {"review_on": NOW.date()}),
        ("owner_wanted", {"decisions": (Agreed(what="A"),)}),
    ):
        with pytest.raises(Refused, match=code):
            check_outcome(replace(whole, **changes), NOW.date())


def test_reflections_are_counted_and_no_word_of_them_is_kept() -> None:
    given: list[dict[str, Any]] = [
        {"reflect": ["hopeful"], "reflect_hopeful": "words"},
        {"reflect": ["avoided", "hopeful"]},
        {},
    ]
    assert counted(given) == {"hopeful": 2, "avoided": 1}
    state = wellbeing(uuid4(), NOW.date(), {"feeling": "tired", "reflect_hopeful": "words", "fact": "words"})
    assert (state.feeling, state.support, state.back) == ("tired", (), "") and "words" not in str(state)


def test_points_and_judgements_stay_until_they_are_done_with() -> None:
    judged = {"id": "1", "family_ref": "F-1", "worker": "high", "supervisor": "low"}
    agreed = {"id": "2", "family_ref": "F-1", "worker": "high", "supervisor": "high"}
    records: list[Record] = [
        (NOW, {"judgements": [judged, agreed], "discussed": ["met:1"]}),
        (NOW, {"discussed": ["met:2"]}),
        (NOW, {}),
    ]
    assert [each.id for each in still_open(records)] == ["1"]
    assert discussed(records) == {"met:1", "met:2"}
    assert still_open([*records, (NOW, {"settled": [{"id": "1", "note": "high"}]})]) == ()
    one = uuid4()
    assert met_point(one) == f"met:{one}"


@pytest.mark.parametrize("line", ['decide = "3d"', 'acknowledge = "8d"', 'again = "0s"', 'decied = "4h"'])
def test_a_policy_may_ask_sooner_and_never_much_later(line: str) -> None:
    assert parse_policy('[sharing]\ndecide = "30m"').sharing.decide == timedelta(minutes=30)
    with pytest.raises(PolicyError, match="sharing"):
        parse_policy(f"[sharing]\n{line}")


DRAWN: list[tuple[Form, Words]] = [
    (UNDERTAKING, undertakings.WORDS),
    (UNDERTAKING_NOTE, undertakings.NOTE_WORDS),
    (SHARE, shares.WORDS),
    (MEETING, Words(says=meetings.SAYS, options={"kind": meetings.KINDS, "parents": meetings.PARENTS})),
    (HELD, Words(says=meetings.HELD_SAYS)),
    (WISH, supervision.WISH_WORDS),
    (supervision_form((), ()), Words(says=supervision.SAYS)),
    (CANCELLED, Words(says={"why": "Why?"})),
]


@pytest.mark.parametrize(("form", "words"), DRAWN, ids=[form.name for form, _ in DRAWN])
def test_every_question_and_option_of_a_page_has_its_words(form: Form, words: Words) -> None:
    for step in form.steps:
        assert words.says[step.key]
        assert all(words.says[f"{step.key}.{part.key}"] for part in step.parts)
        if step.kind in (Kind.CHOICE, Kind.MANY) and step.options:
            assert set(words.options[step.key]) == set(step.options)


def test_the_words_that_stand_in_tables_are_those_of_the_forms() -> None:
    assert set(SHARE.step("basis").options) == set(Basis) and set(SHARE.step("decided").options) == set(Decided)
    assert set(MEETING.step("kind").options) == set(MeetingKind)
    assert set(MEETING.step("parents").options) == set(Parents)
