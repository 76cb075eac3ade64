"""Any word counts: what people type at a door, read as they mean it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bots.dialogue.understanding import Meaning, QuickVisit, Said, read_length, read_quick_visit, read_time, understand

LONDON = ZoneInfo("Europe/London")
#: A Thursday, 14:10 in London.
NOW = datetime(2026, 7, 2, 13, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        *((each, Meaning.OK) for each in ("ok", "OK!", "Ok.", "k", "fine", "Yes", " okay ", "I'm fine", "all good!!")),
        *((each, Meaning.OK) for each in ("👍", "👍🏽", "👌", "✅", "ok 👍", "\uff2f\uff2b", "I’m ok")),
        *((each, Meaning.OUT) for each in ("out", "Out.", "left", "I'm out", "LEFT")),
        *((each, Meaning.HOME) for each in ("home", "Home!", "I’m home", "back at the office")),
        *((each, Meaning.BEGIN) for each in ("going in", "in", "Here", "I'm in")),
        *((each, Meaning.RING_ME) for each in ("ring me", "Call me", "ring me please")),
        *((each, Meaning.SOS) for each in ("SOS", "Office now", "🆘", "send help")),
        *((each, Meaning.HELP) for each in ("help", "HELP ME!", "police", "999")),
        *((each, Meaning.CANCEL) for each in ("not going", "cancel")),
    ],
)
def test_a_word_is_understood_however_it_is_typed(text: str, meaning: Meaning) -> None:
    said = understand(text)
    assert said is not None and said.meaning is meaning


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("+15", 15), ("+ 30", 30), ("15 more", 15), ("extend 20m", 20), ("10 minutes longer", 10), ("late 10", 10)],
)
def test_how_much_longer_is_understood(text: str, minutes: int) -> None:
    assert understand(text) == Said(Meaning.EXTEND, timedelta(minutes=minutes))


@pytest.mark.parametrize(
    "text", ["", "…", "not ok", "I am not fine", "she is out", "the dog is loose", "leaving", "0 more", "👍👎🏠"]
)
def test_what_may_mean_something_else_is_no_word(text: str) -> None:
    assert understand(text) is None


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("45", 45),
        ("45m", 45),
        ("45 min", 45),
        ("1h", 60),
        ("1h30", 90),
        ("1h30m", 90),
        ("1:30", 90),
        ("1.5 hours", 90),
        ("1 hour and 10 minutes", 70),
        ("Half an hour", 30),
        ("90s", 1.5),
    ],
)
def test_a_length_is_read_as_people_write_it(text: str, minutes: float) -> None:
    assert read_length(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "soon", "0", "-5", "-5x", "30h", "ten", "45 bananas"])
def test_what_is_no_length_is_not_guessed(text: str) -> None:
    assert read_length(text) is None


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("now", "2026-07-02 14:10"),
        ("14:30", "2026-07-02 14:30"),
        ("1430", "2026-07-02 14:30"),
        ("at 15", "2026-07-02 15:00"),
        ("2pm", "2026-07-02 14:00"),
        ("2:30 pm", "2026-07-02 14:30"),
        ("9:00", "2026-07-03 09:00"),
        ("13:30", "2026-07-02 13:30"),
        ("tomorrow 9", "2026-07-03 09:00"),
        ("Friday 10:00", "2026-07-03 10:00"),
        ("thursday 10:00", "2026-07-09 10:00"),
        ("in 20", "2026-07-02 14:30"),
        ("+1h", "2026-07-02 15:10"),
    ],
)
def test_a_time_is_read_as_people_write_it_in_their_own_zone(text: str, local: str) -> None:
    at = read_time(text, NOW, LONDON)
    assert at is not None and f"{at.astimezone(LONDON):%Y-%m-%d %H:%M}" == local


@pytest.mark.parametrize("text", ["", "later", "25:00", "14:75", "half past", "in a bit"])
def test_what_is_no_time_is_not_guessed(text: str) -> None:
    assert read_time(text, NOW, LONDON) is None


def test_the_quick_form_is_read_as_far_as_it_goes() -> None:
    assert read_quick_visit("REF-71 45m every 15m", NOW, LONDON) == QuickVisit(
        ref="REF-71", length=timedelta(minutes=45), every=timedelta(minutes=15)
    )
    assert read_quick_visit("hill 4 for 1h at 15:00", NOW, LONDON).ref == "hill"
    assert read_quick_visit("REF-71", NOW, LONDON) == QuickVisit(ref="REF-71")
    assert read_quick_visit("", NOW, LONDON) == QuickVisit()
    whole = read_quick_visit("REF-71 1h every 20m at tomorrow 9", NOW, LONDON)
    assert whole.starts_at == datetime(2026, 7, 3, 8, 0, tzinfo=UTC)
