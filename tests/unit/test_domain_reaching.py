"""By which channels a message goes: chats always, what wakes people when they have to be woken, and nothing else."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from config.policy import PolicyError, parse_policy
from safety_service.domain.addresses import address, hidden
from safety_service.domain.contact import BadContact
from safety_service.domain.reaching import CANARY, KINDS, PROVEN, Urgency, is_night, nights, ways
from safety_service.store.tables.base import CHANNEL_KINDS

ALL = frozenset(KINDS)
CHATS = {"telegram", "webchat"}
NIGHT = (time(22), time(7))
LONDON = ZoneInfo("Europe/London")


def test_the_kinds_are_those_of_the_tables() -> None:
    assert (*KINDS, CANARY) == CHANNEL_KINDS


@pytest.mark.parametrize(
    ("urgency", "goes"),
    [
        (Urgency(), CHATS),
        (Urgency(night=True), CHATS),
        (Urgency(security=True), {*CHATS, "email", "hook"}),
        (Urgency(alarm=True, calls=True), {*CHATS, "email", "hook"}),
        (Urgency(alarm=True, calls=True, night=True), ALL),
        (Urgency(alarm=True, calls=True, danger=True), ALL),
        (Urgency(alarm=True, calls=True, everyone=True), ALL),
        (Urgency(alarm=True, night=True), ALL - {"voice"}),
        (Urgency(news=True), CHATS),
        (Urgency(news=True, night=True), CHATS),
    ],
)
def test_who_has_everything_hears_by_what_the_moment_needs(urgency: Urgency, goes: set[str]) -> None:
    assert ways(ALL, urgency) == goes


def test_who_has_no_chat_is_rung_by_day_too_and_hears_what_became_of_it() -> None:
    assert ways({"voice", "sms"}, Urgency(alarm=True, calls=True)) == {"voice", "sms"}
    assert ways({"voice"}, Urgency(alarm=True)) == {"voice"}
    assert ways({"sms", "email"}, Urgency(news=True)) == {"sms"}


def test_routine_never_rings_anybody() -> None:
    assert not ways(PROVEN, Urgency(night=True))


def test_an_agency_that_wakes_by_calls_alone_sends_no_text_messages() -> None:
    assert ways(ALL, Urgency(alarm=True, calls=True, night=True), ["voice"]) == ALL - {"sms"}


@pytest.mark.parametrize(
    ("at", "night"), [("21:59", False), ("22:00", True), ("00:00", True), ("06:59", True), ("07:00", False)]
)
def test_the_night_goes_past_midnight_and_ends_with_its_last_moment(at: str, night: bool) -> None:
    assert is_night(time.fromisoformat(at), NIGHT) is night


def test_hours_that_do_not_go_past_midnight_are_a_night_too() -> None:
    assert [is_night(time(hour), (time(1), time(5))) for hour in (0, 1, 4, 5)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("starts", "hours", "has"),
    [(9, 8, False), (9, 13, False), (9, 13.5, True), (23, 1, True), (6, 2, True), (8, 24, True)],
)
def test_a_shift_has_a_night_in_it_or_not(starts: int, hours: float, has: bool) -> None:
    begins = datetime(2026, 11, 16, starts, tzinfo=LONDON)
    assert nights(begins, begins + timedelta(hours=hours), NIGHT) is has


@pytest.mark.parametrize("given", ["07700 900123", "+44 7700 900123", "0044 (0)7700-900123", "+44(0)7700 900 123"])
def test_a_phone_has_one_spelling(given: str) -> None:
    assert address("sms", given) == "+447700900123"


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("sms", "call me"),
        ("voice", "12"),
        ("sms", ""),
        ("email", "mia"),
        ("email", "mia%2f@example.org"),
        ("email", "a@example.org?cc=b@example.org"),
        ("hook", "https://10.0.0.1/"),
        ("hook", "../x"),
        ("hook", ""),
    ],
)
def test_what_is_no_address_is_none(kind: str, given: str) -> None:
    with pytest.raises(BadContact):
        address(kind, given)


def test_an_address_on_a_page_can_be_known_and_not_used() -> None:
    assert hidden("sms", "+447700900123") == "…123"
    assert hidden("email", "mia@example.org") == "m…@example.org"
    assert hidden("hook", "mia.bell") == "mi…"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('hours = ["22:00", "22:00"]', "from one time to another"),
        ("waking = []", "night.waking"),
        ('waking = ["email"]', "night.waking"),
        ('gaps_told = "15d"', "longer than the safe ceiling"),
        ('proven_for = "400d"', "longer than the safe ceiling"),
    ],
)
def test_a_policy_in_which_nobody_would_be_woken_is_refused(lines: str, says: str) -> None:
    with pytest.raises(PolicyError) as wrong:
        parse_policy(f"[night]\n{lines}")
    assert says in " ".join(wrong.value.faults)
