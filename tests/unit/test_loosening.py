"""What counts as loosening: figure by figure, by what ladders come to, and everything of which nobody has said so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from config.policy import LadderPolicy, Policy, PolicyError, RiskLine, RungPolicy, parse_policy
from safety_service.domain.loosening import SENSES, is_whole, loosened, sense_of
from safety_service.domain.silence import in_danger, silence
from safety_service.domain.words import Risk
from tests.unit.watched import POLICY, minutes


def loosens(text: str, *, after: str = "") -> tuple[str, ...]:
    """What this text loosens against the shipped policy (or against another text)."""
    return loosened(parse_policy(after), parse_policy(text))


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every figure of a policy with its place."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from leaves(getattr(value, name), (*path, name))
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, (*path, str(name)))
    else:
        yield path, value


# --- every figure has a sense, and a bound ---


@pytest.mark.parametrize("path", [path for path, _ in leaves(POLICY)], ids=".".join)
def test_every_figure_has_a_declared_sense(path: tuple[str, ...]) -> None:
    within = [path[:length] for length in range(1, len(path) + 1)]
    assert any(is_whole(each) or sense_of(each) is not None for each in within)


def test_no_sense_is_declared_for_what_is_no_figure() -> None:
    paths = {path for path, _ in leaves(POLICY)}
    for pattern in SENSES:
        wanted = pattern.split(".")
        assert any(
            len(wanted) <= len(path) and all(want in ("*", name) for want, name in zip(wanted, path, strict=False))
            for path in paths
        ), pattern


def test_what_is_compared_as_a_whole_has_no_part_that_the_comparison_does_not_know() -> None:
    assert set(LadderPolicy.model_fields) == {"rungs", "together", "everyone_after"}
    assert set(RungPolicy.model_fields) == {"who", "answer", "repeat"}
    assert set(RiskLine.model_fields) == {
        *("key", "level", "says", "fact", "within", "count", "of_worker", "answer", "is_"),
        *("dark", "unknown", "medium_lines"),
    }


def test_a_figure_of_which_nobody_has_said_anything_is_looser_with_every_change() -> None:
    class Newer(Policy):
        brand_new: int = 1

    given = {**POLICY.model_dump(by_alias=True), "brand_new": 1}
    before = Newer.model_validate(given)
    for value in (0, 2):
        after = Newer.model_validate({**given, "brand_new": value})
        assert loosened(before, after) == (f"brand_new: 1 → {value}",)
    assert loosened(POLICY, before) == ("brand_new: nothing → 1",)


@pytest.mark.parametrize(
    "path",
    [path for path, value in leaves(POLICY) if isinstance(value, timedelta) and path[0] != "ladder"],
    ids=".".join,
)
def test_no_figure_can_be_so_long_or_so_short_that_it_endangers(path: tuple[str, ...]) -> None:
    """Waits have ceilings; what is kept has a floor instead, for keeping it longer endangers nobody at a door."""
    table, key = ".".join(path[:-1]), path[-1]
    unsafe = "1d" if path[0] == "retention" else "40000d"
    with pytest.raises(PolicyError) as refused:
        parse_policy(f'[{table}]\n{key} = "{unsafe}"')
    assert any(each.startswith("line 2") for each in refused.value.faults)


# --- figure by figure ---


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[risk.high]\ngrace = "6m"', ["risk.high.grace: 3m → 6m"]),
        ('[risk.high]\ngrace = "2m"', []),
        ("[risk.high]\nown_word = false", ["risk.high.own_word: yes → no"]),
        ("[risk.low]\nown_word = true", []),
        ("[risk.high]\ndecision = false", ["risk.high.decision: yes → no"]),
        ('[risk.low]\ncap = "3h"', ["risk.low.cap: 2h → 3h"]),
        ('[risk.medium]\nnews_within = "20m"', ["ladder (medium risk), news wanted within: 15m → 20m"]),
        ('[begin]\nremind = "10m"', []),
        ('[begin]\nalarm = "30m"', ["begin.alarm: 20m → 30m"]),
        ('[reach]\ndanger = "20s"', ["reach.danger: 10s → 20s"]),
        ('[words]\nring_me = "2m"', ["words.ring_me: 1m30s → 2m"]),
        ("[words]\nwrong_place_m = 5000", ["words.wrong_place_m: 1000 → 5000"]),
        ("[debrief]\nsample = 0.01", ["debrief.sample: 0.05 → 0.01"]),
        ("[debrief]\nsample = 0.5", []),
        ('[night]\nwaking = ["sms"]', ["night.waking: voice, sms → sms"]),
        ("[night]\ncalls = 1", ["night.calls: 2 → 1"]),
        ('[ceilings]\ntelegram = "case"', ["ceilings.telegram: plan → case"]),
        ('[ceilings]\ntelegram = "public"', []),
        ('[alarm_ceilings]\ntelegram = "public"', ["alarm_ceilings.telegram: case → public"]),
        ('[retention]\nmessages = "400d"', ["retention.messages: 1y → "]),
        ('daylight = ["07:00", "18:00"]', ["daylight: 08:00, 18:00 → 07:00, 18:00"]),
        ('daylight = ["09:00", "17:00"]', []),
        ("[training.needs]\nhigh = []", ["training.needs.high: personal_safety → "]),
        ('[training.needs]\nmedium = ["personal_safety"]', ["training.needs.medium: nothing → personal_safety"]),
        ('[training.codes.personal_safety]\nvalid = "2000d"', ["training.codes.personal_safety.valid: 1096d → 2000d"]),
        ('[training.codes.personal_safety]\nsays = "Safe visits"', []),
        ('[family]\nopening = "24h"', None),
        ('office_number = "01632 960000"', None),
    ],
)
def test_a_figure_is_looser_in_its_own_sense_only(text: str, said: list[str] | None) -> None:
    found = loosens(text)
    if said is None:
        return
    assert len(found) == len(said), found
    for line, expected in zip(found, said, strict=True):
        assert line.startswith(expected.partition(":")[0])
        assert line.startswith(expected) or expected.endswith("1y → ")


# --- ladders, by what they come to ---

DEFAULT = "[ladder.default]\nrungs = ["
EVERYONE = '{ who = "everyone", repeat = "2m" }]\n'
MANAGER, DEPUTY = '{ who = "manager_on_duty", answer = "5m" }, ', '{ who = "deputy_on_duty", answer = "5m" }, '
TWO = f"{DEFAULT}{MANAGER}{DEPUTY}{EVERYONE}"


def test_one_more_rung_is_looser_only_where_everyone_hears_later() -> None:
    supervisor = '{ who = "supervisor", answer = "5m" }, '
    said = loosens(f"{DEFAULT}{MANAGER}{DEPUTY}{supervisor}{EVERYONE}", after=TWO)
    assert "ladder (medium risk), everyone hears after: 10m → 15m" in said
    quick = f"{DEFAULT}{MANAGER}{DEPUTY}{supervisor}{EVERYONE}".replace("5m", "3m")
    assert loosens(quick, after=TWO) == ()


def test_a_rung_that_goes_is_looser_for_every_risk_that_climbs_it() -> None:
    said = loosens(f"{DEFAULT}{MANAGER}{EVERYONE}", after=TWO)
    gone = "manager_on_duty, deputy_on_duty, everyone → manager_on_duty, everyone"
    assert [each for each in said if gone in each] == [
        *(f"ladder ({risk} risk): {gone}" for risk in Risk),
        f"ladder (danger): {gone}",
    ]


def test_longer_answers_rarer_repeats_and_fewer_at_once_are_looser() -> None:
    assert "ladder (medium risk), everyone hears after: 10m → 11m" in loosens(
        TWO.replace('deputy_on_duty", answer = "5m"', 'deputy_on_duty", answer = "6m"'), after=TWO
    )
    assert "ladder (high risk), told again every: 2m → 5m" in loosens(TWO.replace("2m", "5m"), after=TWO)
    assert loosens("[ladder.danger]\ntogether = 1") == ("ladder (danger), deputy_on_duty hears after: 0s → 2m",)
    assert loosens("[ladder.danger]\ntogether = 3") == ()
    assert loosens('[ladder.danger]\neveryone_after = "4m"') == ("ladder (danger), everyone hears after: 2m → 4m",)


# --- the lines of risk ---


def test_a_line_of_risk_that_goes_or_is_true_less_often_is_looser() -> None:
    line = (
        '[[lines]]\nkey = "dog"\nlevel = "{level}"\nfact = "dog"\nsays = "Dog"\nwithin = "{within}"\ncount = {count}\n'
    )
    before = line.format(level="medium", within="100d", count=2)
    stricter = [("high", "100d", 2), ("medium", "200d", 2), ("medium", "100d", 1)]
    looser = [("medium", "50d", 2), ("medium", "100d", 3)]
    for level, within, count in stricter:
        assert loosens(line.format(level=level, within=within, count=count), after=before) == ()
    for level, within, count in looser:
        said = loosens(line.format(level=level, within=within, count=count), after=before)
        assert said == ("lines, dog (medium): no longer as strict",)
    other = '[[lines]]\nkey = "dark"\nlevel = "high"\ndark = true\nsays = "Dark"\n'
    assert loosens(other + before, after=before) == ()
    assert loosens(other, after=before) == ("lines, dog (medium): no longer as strict",)


# --- together ---

FIGURES = {
    "risk.high": ("interval", "grace", "end_grace", "home_grace", "cap"),
    "risk.low": ("interval", "grace"),
    "taken": ("news_within", "danger", "reply"),
    "words": ("ring_me", "sos_confirm", "extend"),
}


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A policy that differs from the shipped one in some figures, all of them within the ceilings."""
    said = []
    for section, names in FIGURES.items():
        said.append(f"[{section}]")
        for name in names:
            if draw(st.booleans()):
                said.append(f'{name} = "{draw(st.integers(1, 90))}s"')
    together = draw(st.integers(1, 3))
    return "\n".join([*said, f"[ladder.danger]\ntogether = {together}"])


@settings(max_examples=40, deadline=None)
@given(texts(), texts(), texts())
def test_what_two_editions_do_not_loosen_one_after_the_other_both_do_not(one: str, two: str, three: str) -> None:
    first, second, third = parse_policy(one), parse_policy(two), parse_policy(three)
    assert loosened(first, first) == ()
    if not loosened(first, second) and not loosened(second, third):
        assert loosened(first, third) == ()
    if first != second:
        assert loosened(first, second) or loosened(second, first)


# --- what it comes to ---


def test_the_silences_of_a_policy_can_be_said_for_every_risk() -> None:
    high = silence(POLICY, Risk.HIGH)
    assert (high.begin, high.inside, high.end, high.home) == (minutes(20), minutes(20), minutes(5), minutes(15))
    assert (high.asked, high.everyone) == (minutes(60), minutes(4))
    assert silence(POLICY, Risk.LOW).everyone == minutes(20) and in_danger(POLICY) == minutes(2)
