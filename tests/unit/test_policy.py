"""The policy: a bad line is named with its place, a good one works, and no file is slower than the ceilings."""

from datetime import timedelta

import pytest

from config.duration import parse_duration, say_duration
from config.places import line_of, lines_of
from config.policy import LEVELS, SHIPPED, PolicyError, parse_policy, read_policy
from tests.unit.test_domain_ladder import SAMPLE
from tests.unit.watched import POLICY, minutes


def faults(text: str) -> list[str]:
    with pytest.raises(PolicyError) as refused:
        parse_policy(text)
    return refused.value.faults


# --- what a file leaves out ---


def test_an_empty_file_is_the_shipped_policy() -> None:
    assert parse_policy("") == read_policy(SHIPPED) == POLICY


def test_a_file_names_only_what_differs() -> None:
    policy = parse_policy('[risk.high]\ninterval = "10m"\n[words]\ntravel = "45m"')
    assert (policy.risk.high.interval, policy.risk.high.grace) == (minutes(10), minutes(3))
    assert (policy.words.travel, policy.words.ring_me) == (minutes(45), timedelta(seconds=90))
    assert policy.lines == POLICY.lines


def test_the_sample_of_the_design_works_as_it_is_written() -> None:
    assert [SAMPLE.level(level).interval for level in LEVELS] == [minutes(60), minutes(30), minutes(15)]
    assert set(SAMPLE.ladder) == {"default", "danger"}
    assert {SAMPLE.level(level).news_within for level in LEVELS} == {None}
    assert SAMPLE.taken.news_within == minutes(15)


def test_a_ladder_of_one_level_leaves_the_others_as_shipped() -> None:
    policy = parse_policy('[ladder.high]\nrungs = [{who = "a"}, {who = "b"}]')
    assert (policy.ladder["low"], policy.ladder["default"]) == (POLICY.ladder["low"], POLICY.ladder["default"])


def test_lines_of_risk_are_replaced_whole() -> None:
    policy = parse_policy('[[lines]]\nkey = "dark"\nlevel = "high"\ndark = true\nsays = "Dark"')
    assert [each.key for each in policy.lines] == ["dark"]


def test_seconds_work_everywhere() -> None:
    policy = parse_policy(
        """
        [risk.low]
        interval = "3s"
        grace = "1s"
        end_grace = "0.5s"
        home_grace = "1s"
        cap = "9s"
        [begin]
        remind = "1s"
        ask = "1s"
        alarm = "2s"
        [ladder.default]
        rungs = [{ who = "manager_on_duty", answer = "1s" }, { who = "everyone", repeat = "1s" }]
        [words]
        ring_me = "1s"
        sos_confirm = "1s"
        """
    )
    assert (policy.risk.low.interval, policy.risk.low.end_grace) == (timedelta(seconds=3), timedelta(seconds=0.5))


# --- ceilings ---


@pytest.mark.parametrize(
    ("section", "key", "most"),
    [
        ("risk.low", "interval", "2h"),
        ("risk.low", "grace", "30m"),
        ("risk.medium", "end_grace", "30m"),
        ("risk.high", "home_grace", "30m"),
        ("risk.high", "cap", "4h"),
        ("risk.high", "news_within", "20m"),
        ("begin", "remind", "1h"),
        ("begin", "alarm", "1h"),
        ("ladder.danger", "everyone_after", "5m"),
        ("taken", "news_within", "20m"),
        ("taken", "danger", "20m"),
        ("taken", "reply", "20m"),
        ("reach", "danger", "30s"),
        ("reach", "other", "2m"),
        ("words", "ring_me", "3m"),
        ("words", "sos_confirm", "2m"),
        ("words", "still_on", "1h"),
        ("words", "travel", "4h"),
        ("words", "chain", "4h"),
        ("debrief", "bad_manager_after", "7d"),
    ],
)
def test_a_wait_may_be_as_long_as_its_ceiling_and_no_longer(section: str, key: str, most: str) -> None:
    parse_policy(f'[{section}]\n{key} = "{most}"')
    place = f"line 2: {section}.{key}"
    more = say_duration(parse_duration(most) + timedelta(seconds=1))
    assert faults(f'[{section}]\n{key} = "{more}"') == [f"{place}: {more} is longer than the safe ceiling of {most}"]
    assert faults(f'[{section}]\n{key} = "0s"') == [f"{place}: must be longer than nothing"]


def test_a_rungs_waits_have_ceilings_too() -> None:
    found = faults('[ladder.default]\nrungs = [{who = "a", answer = "21m"}, {who = "everyone", repeat = "11m"}]')
    assert found == [
        "line 2: ladder.default.rungs.0.answer: 21m is longer than the safe ceiling of 20m",
        "line 2: ladder.default.rungs.1.repeat: 11m is longer than the safe ceiling of 10m",
    ]


# --- the least ladder ---


@pytest.mark.parametrize(
    ("rungs", "says"),
    [
        ('[{who = "a"}]', "a ladder needs at least two rungs of different people"),
        ('[{who = "a"}, {who = "a"}]', "a ladder needs at least two rungs of different people"),
        ("[]", "a ladder needs at least two rungs of different people"),
        ('[{who = "a"}, {who = "b"}, {who = "a"}]', "a ladder tells the same rung twice"),
        ('[{who = "everyone"}, {who = "a"}]', "everyone stands on the last rung"),
    ],
)
def test_the_least_ladder_is_two_rungs_of_different_people(rungs: str, says: str) -> None:
    assert faults(f"[ladder.default]\nrungs = {rungs}") == [f"line 1: ladder.default: {says}"]


def test_a_wait_that_would_have_no_effect_is_refused() -> None:
    found = faults('[ladder.low]\nrungs = [{who = "a", repeat = "2m"}, {who = "everyone", answer = "2m"}]')
    assert [each.split(": ", 2)[2] for each in found] == [
        "only everyone is told again: this rung has `answer`, not `repeat`",
        "everyone has `repeat`, not `answer`",
    ]


# --- faults ---


def test_every_fault_is_named_at_once_with_its_line() -> None:
    assert faults(
        """
[risk.high]
grace = "45m"
grase = "1m"
interval = 15
[ladder.hihg]
together = 2
[[lines]]
key = "one"
level = "low"
dark = true
[[lines]]
key = "two"
level = "high"
dark = true
says = "{what}"
[begin]
ask = "25m"
"""
    ) == [
        "line 5: risk.high.interval: 15 is not a duration such as 90s, 15m or 2h",
        "line 3: risk.high.grace: 45m is longer than the safe ceiling of 30m",
        "line 4: risk.high.grase: is not known here",
        "line 10: lines.0.level: Input should be 'medium' or 'high'",
        "line 8: lines.0.says: is needed",
        "line 12: lines.1: risk line 'two': {what} is not known here",
        "line 17: begin: ask must not be later than alarm",
        "line 6: ladder.hihg: Input should be 'default', 'low', 'medium', 'high' or 'danger'",
    ]


@pytest.mark.parametrize(
    "text", ["risk = 5", "ladder = []", "[taken]\nnews_within = []", "lines = 'x'", "[risk]\nlow = 1"]
)
def test_a_section_of_the_wrong_shape_is_a_fault_and_no_crash(text: str) -> None:
    assert faults(text)[0].startswith("line ")


def test_a_file_that_is_no_toml_says_where() -> None:
    assert "line 2" in faults("[risk.low]\ninterval = soon\n")[0]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("fact = 'x'\ndark = true", "needs exactly one condition"),
        ("", "needs exactly one condition"),
        ("answer = 'x'", "`answer` and `is` go together"),
        ("dark = true\ncount = 2", "`within`, `count` and `of_worker` belong to a `fact`"),
        ("medium_lines = 3", "lines at once make a high one"),
    ],
)
def test_a_risk_line_has_one_condition_that_can_be_read(line: str, says: str) -> None:
    (fault,) = faults(f"[[lines]]\nkey = 'k'\nlevel = 'medium'\nsays = 'S'\n{line}")
    assert fault == f"line 1: lines.0: risk line 'k': {says}"


def test_only_what_a_line_knows_can_be_said() -> None:
    parse_policy("[[lines]]\nkey = 'k'\nlevel = 'high'\nfact = 'f'\nsays = '{on} {worker}'")
    (fault,) = faults("[[lines]]\nkey = 'k'\nlevel = 'high'\ndark = true\nsays = '{on}'")
    assert fault.endswith("{on} is not known here")


# --- where things stand ---


def test_a_place_is_the_nearest_line_around_it() -> None:
    lines = lines_of('top = 1\n[a.b]\nc = 2\n"d" = 3\n[[many]]\nx = 1\n[[many]] # second\nx = 2\ny.z = 3\n')
    assert [line_of(place, lines) for place in [("top",), ("a", "b", "c"), ("a", "b", "d"), ("a", "b", "no", 0)]] == [
        1,
        3,
        4,
        2,
    ]
    assert [line_of(place, lines) for place in [("many", 0, "x"), ("many", 1), ("many", 1, "y", "z")]] == [6, 7, 9]
    assert line_of(("nowhere",), lines) is None
