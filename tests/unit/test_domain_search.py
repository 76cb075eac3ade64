"""Which words of a debrief are found, and that part E's never are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.forms import Kind
from config.forms_debrief import debrief_form, private
from config.guidance import parse_guidance
from safety_service.domain.search import holds, texts_of, words

FORM = debrief_form(parse_guidance(""))
WRITTEN = [each.key for each in FORM.steps if each.kind is Kind.TEXT]


@pytest.mark.parametrize("key", [each for each in WRITTEN if not private(each)])
def test_every_answer_in_words_can_be_found(key: str) -> None:
    assert list(texts_of({key: "a marzipan house"})) == ["a marzipan house"]


@pytest.mark.parametrize("key", [each.key for each in FORM.steps if private(each.key)])
def test_no_answer_of_part_e_can_be_found(key: str) -> None:
    assert not list(texts_of({key: "a marzipan house"}))


def test_of_a_gap_its_words_are_found_and_of_a_choice_nothing() -> None:
    gap = {"why": "door shut", "action": "ask school", "owner": "somebody", "source": ["school"], "due": "2026-12-01"}
    assert list(texts_of({"gap_home": gap, "areas": ["home"], "mood": "bad"})) == ["door shut", "ask school"]
    assert list(texts_of({"child_frightened": "not_known", "quiet_change": "they moved the cot"})) == [
        "they moved the cot"
    ]
    assert list(texts_of({"safer": ["two_people", "a second car"]})) == ["a second car"]


@pytest.mark.parametrize(
    "alike",
    [
        ("shout", "shouts", "shouted", "SHOUTING"),
        ("kill", "killed", "killing"),
        ("café", "Cafes", "cafe"),
        ("lady", "ladies"),
        ("don't", "dont", "don’t"),
        ("Łódź", "łódź"),
    ],
)
def test_case_accents_and_endings_do_not_matter(alike: tuple[str, ...]) -> None:
    assert len({words(each) for each in alike}) == 1


@pytest.mark.parametrize("apart", [("bus", "busy"), ("car", "care"), ("car", "caring"), ("dog", "door"), ("4", "44")])
def test_other_words_stay_others(apart: tuple[str, str]) -> None:
    assert words(apart[0]).isdisjoint(words(apart[1]))


@given(st.text(max_size=200))
def test_a_text_holds_its_own_words_and_looking_twice_changes_nothing(text: str) -> None:
    found = words(text)
    assert holds(found, [text])
    assert words(text) == found
    assert all(each and not each.isspace() for each in found)
