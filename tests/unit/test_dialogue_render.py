"""From template and params to what is shown: the alarm line by line, ceilings, local times, and never nothing (P2)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from bots.dialogue import plainly, tokens
from bots.dialogue import render as rendering
from bots.dialogue.render import LONGEST, ceiling_for, render
from bots.dialogue.tokens import Token
from config.policy import parse_policy
from safety_service.domain.words import Kind

LONDON = ZoneInfo("Europe/London")
#: In London this is 14:33.
NOW = datetime(2026, 11, 19, 14, 33, tzinfo=UTC)
URL = "https://doorstep.example"
ALERT = uuid4()


def at(minutes: float) -> str:
    return (NOW + timedelta(minutes=minutes)).isoformat()


ALARM: dict[str, Any] = {
    "alert_id": str(ALERT),
    "number": 12,
    "kind": "missed_check_in",
    "state": "open",
    "risk": "high",
    "worker": "Ann Marsh",
    "worker_phone": "07700 900001",
    "alone": True,
    "with": [],
    "last_word_at": at(-18),
    "due_at": at(-3),
    "opened_at": at(0),
    "starts_at": at(-33),
    "address": "4 Hill Road",
    "latitude": 50.9,
    "longitude": -1.4,
    "ref": "REF-71",
    "last_position": {"at": at(-18), "distance_m": 83},
    "because": ["Open threat on 3 May 2026", "Loose dog"],
    "met": ["Open threat on 3 May 2026", "Loose dog"],
    "since": at(-31),
    "responder": {"car": "Blue Fiesta", "registration": "AB12 CDE", "medical": "Asthma"},
    "told": [{"name": "Mel Hart", "at": at(0)}],
    "next": {"who": ["Sam Dean"], "at": at(2)},
    "passed": [],
    "step": 1,
    "again": False,
}


def shown(
    template: str, params: dict[str, Any], *, channel: str = "telegram", ceiling: str = "case", **more: Any
) -> str:
    return render(template, params, channel=channel, ceiling=ceiling, zone=LONDON, now=NOW, **more).text


def test_the_alarm_line_by_line() -> None:
    assert shown("alarm.missed_check_in", ALARM).splitlines() == [
        "ALARM 12. Missed check-in. HIGH.",
        "Ann Marsh, alone. No word since 14:15. Due 14:30.",
        "4 Hill Road (REF-71). Last seen 14:15, 80 m away.",
        "Open threat on 3 May 2026. Loose dog.",
        "Car: Blue Fiesta, AB12 CDE.",
        "Medical: Asthma.",
        "Ring Ann Marsh once: 07700 900001. No answer? Ring 999.",
        "Told: Mel Hart 14:33. Next: Sam Dean 14:35.",
    ]


@pytest.mark.parametrize("kind", [each for each in Kind if each is not Kind.DURESS])
def test_every_kind_of_alarm_says_its_number_its_kind_and_whom_to_ring(kind: str) -> None:
    lines = shown(f"alarm.{kind}", {**ALARM, "kind": kind}).splitlines()
    assert lines[0].startswith("ALARM 12. ")
    assert any("07700 900001" in line for line in lines)
    assert lines[-1].startswith("Told: Mel Hart")


def test_duress_says_before_anything_else_that_nobody_is_to_ring() -> None:
    for ceiling in ("case", "plan"):
        text = shown("alarm.duress", {**ALARM, "kind": "duress"}, ceiling=ceiling)
        assert text.splitlines()[0] == "Do not ring or text Ann Marsh. They may be watched. Ring 999 now."
        assert "ALARM 12." in text and "07700 900001" not in text and "Their phone must not ring" in text
    assert "Do not ring them" in shown("alarm.duress", {**ALARM, "kind": "duress"}, ceiling="public")
    another = shown("alarm.missed_check_in", {**ALARM, "variant": "duress"}, channel="sms", ceiling="public")
    assert "Their phone must not ring" in another


@pytest.mark.parametrize("pad", range(0, 250, 10))
def test_a_text_that_is_too_long_loses_whole_lines_and_never_its_first_or_its_last(pad: int) -> None:
    take = "/t/" + "k" * 22
    about = {**ALARM, "kind": "duress", "take": take, "reply": "1234", "company": "x" * pad}
    text = render(
        "alarm.duress",
        about,
        channel="sms",
        ceiling="case",
        zone=LONDON,
        now=NOW,
        public_url="https://doorstep.example",
    ).text
    first, *between, last = text.splitlines()
    assert first == "Do not ring or text Ann Marsh. They may be watched. Ring 999 now."
    assert last == f"I have it: https://doorstep.example{take} or send back 1234"
    assert len(text) <= 306 and between and all(each.endswith((".", "?")) for each in between) and ".." not in text


def test_of_a_first_line_that_is_too_long_whole_sentences_stay_or_else_whole_words() -> None:
    assert plainly.fitted([("A word. " * 60).strip(), "Take it."], "sms") == "A word. " * 36 + "A word.\nTake it."
    words, last = plainly.fitted(["longish " * 60, "Take it."], "sms").splitlines()
    assert words == "longish " * 36 + "longish.." and last == "Take it."


@pytest.mark.parametrize(
    "template",
    ["alarm.missed_check_in", "alarm.sos", "alert.offer", "reply.took", "reply.call", "reply.alert", "ring.wanted"],
)
def test_while_duress_is_open_no_other_alarm_about_the_worker_says_to_ring_them(template: str) -> None:
    params = {
        **ALARM,
        "kind": template.partition(".")[2],
        "variant": "duress",
        "by": "Mel Hart",
        "by_at": ALARM["due_at"],
    }
    message = render(template, params, channel="webchat", ceiling="case", zone=LONDON, now=NOW)
    assert "07700" not in message.text and "not" in message.text
    labels = [button.label for row in message.buttons for button in row]
    assert not {"Call", "Heard, safe"} & set(labels)


def test_the_words_for_the_police_say_that_nobody_is_to_ring_the_worker() -> None:
    text = shown("reply.words_999", {**ALARM, "kind": "duress"}, ceiling="case")
    assert "Please do not ring them" in text and "4 Hill Road" in text and "07700" not in text
    without = {key: value for key, value in ALARM.items() if key not in ("address", "ref")}
    assert "I am ringing about Ann Marsh, alone" in shown("reply.words_999", without, ceiling="case")


def test_an_sos_says_999_first_and_leaves_ringing_to_the_manager() -> None:
    text = shown("alarm.sos", {**ALARM, "kind": "sos"})
    assert "Ring 999 now, or Ann Marsh first if the plan says so: 07700 900001." in text


def test_an_alarm_about_the_service_has_no_worker_and_still_says_what_to_do() -> None:
    about = {**ALARM, "kind": "undeliverable", "worker": None, "worker_phone": None, "address": None, "because": []}
    assert shown("alarm.undeliverable", {**about, "responder": None}).splitlines() == [
        "ALARM 12. Messages do not arrive.",
        "Anybody in this office may be cut off. Watch by phone until it is mended.",
        "Told: Mel Hart 14:33. Next: Sam Dean 14:35.",
    ]


def test_rungs_without_anybody_are_named() -> None:
    assert "Nobody there: deputy on duty." in shown("alarm.not_out", {**ALARM, "passed": ["deputy_on_duty"]})


def test_an_alarm_can_be_acted_on_from_its_buttons() -> None:
    message = render("alarm.missed_check_in", ALARM, channel="telegram", ceiling="case", zone=LONDON)
    labels = [[button.label for button in row] for row in message.buttons]
    assert labels == [["I have it", "Call", "Map"], ["999 words", "Pass on", "Wake next person"]]
    assert [tokens.read(button.token or "") for button in message.buttons[0]] == [
        Token("take", ALERT),
        Token("call", ALERT),
        Token("map", ALERT),
    ]
    assert tokens.read(message.buttons[1][2].token or "") == Token("wake", ALERT, 1)


def test_what_is_said_again_says_so_and_what_may_be_there_already_says_so() -> None:
    assert shown("alarm.not_out", {**ALARM, "again": True}).startswith("AGAIN. ALARM 12.")
    assert shown("alarm.not_out", ALARM, repeat=True).startswith("Said again, in case you have it: ALARM 12.")


def test_lines_above_the_ceiling_are_left_out_and_our_own_page_is_offered_in_their_place() -> None:
    message = render(
        "alarm.missed_check_in",
        ALARM,
        channel="telegram",
        ceiling="plan",
        zone=LONDON,
        now=NOW,
        public_url=URL,
    )
    assert "4 Hill Road" not in message.text and "threat" not in message.text and "Asthma" not in message.text
    assert message.text.startswith("ALARM 12.")
    assert [(button.label, button.url) for button in message.buttons[-1]] == [
        ("Open our page", f"{URL}/alerts/{ALERT}")
    ]


def test_where_the_page_can_be_no_button_it_is_said_in_the_text() -> None:
    decision = {"worker": "Ann", "ref": "REF-71", "risk": "high", "starts_at": at(60), "because": ["Open threat"]}
    text = shown("decision.wanted", decision, ceiling="plan", public_url="http://127.0.0.1:8080/")
    assert text.splitlines() == [
        "A visit waits for your decision. HIGH.",
        "Ann, 15:33, REF-71.",
        "More on our own page: http://127.0.0.1:8080/chat",
    ]


def test_a_message_of_which_the_channel_may_carry_nothing_says_that_one_is_waiting() -> None:
    text = shown("alert.taken", {"by": "Mel", "number": 12}, ceiling="public", public_url=URL)
    assert text == "A message is waiting for you."


def test_alarms_go_up_to_the_alarm_ceiling_and_everything_else_to_the_channels_own() -> None:
    policy = parse_policy("")
    assert ceiling_for(policy, "telegram", "alarm.sos") == "case"
    assert ceiling_for(policy, "telegram", "alert.offer") == "case"
    assert ceiling_for(policy, "telegram", "form.visit.confirm") == "plan"
    assert ceiling_for(policy, "webchat", "form.visit.confirm") == "case"
    assert ceiling_for(policy, "semaphore", "form.visit.confirm") == "public"


def test_times_are_local_and_carry_their_day_when_it_is_not_today() -> None:
    summer = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)

    def read(moment: datetime) -> str:
        message = render(
            "worker.read", {"at": moment.isoformat()}, channel="telegram", ceiling="plan", zone=LONDON, now=summer
        )
        return message.text

    assert read(summer) == "Read 23:30."
    assert read(summer + timedelta(hours=1)) == "Read tomorrow 00:30."
    assert read(summer + timedelta(days=3)) == "Read Sat 4 July 23:30."


def test_what_fails_to_render_goes_out_in_a_short_form_with_its_number(caplog: pytest.LogCaptureFixture) -> None:
    broken = {**ALARM, "due_at": "no time at all"}
    text = shown("alarm.missed_check_in", broken, public_url=URL)
    assert text == f"ALARM 12. Act now. {URL}/alerts/{ALERT}"
    assert shown("no.such_template", {}) == "A message is waiting for you."
    assert shown("alarm.duress", {"number": 3, "due_at": "never"}) == "ALARM 3. Do not ring or text. Ring 999 now."
    assert "Hill Road" not in caplog.text


def test_a_refusal_that_nobody_has_worded_is_still_answered() -> None:
    assert shown("refused.never_heard_of", {}) == "That is not possible now."


def test_a_wording_that_is_gone_altogether_stops_no_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise OSError("no wording")

    monkeypatch.setattr(rendering, "the_wording", gone)
    assert shown("alarm.sos", ALARM) == "ALARM 12. Act now."


def test_no_message_is_longer_than_a_channel_takes() -> None:
    long = {**ALARM, "because": ["x" * 5000] * 3, "address": "y" * 5000, "told": ALARM["told"] * 500}
    assert len(shown("alarm.missed_check_in", long)) <= LONGEST


def test_what_is_above_public_comes_off_the_screen_at_the_door() -> None:
    ask = {"time": at(0), "minutes": 45, "risk": "high", "visit_id": str(uuid4()), "ask": 1}
    for template, params, removed in (
        ("alarm.missed_check_in", ALARM, True),
        ("ask.going_in", ask, True),
        ("ask.check_in", ask, False),
    ):
        message = render(template, params, channel="telegram", ceiling="plan", zone=LONDON)
        assert message.remove_at_door is removed


def test_every_token_fits_and_comes_back_as_it_was() -> None:
    for token in (
        Token("ok", uuid4(), 2_000_000_000),
        Token("pass_to", uuid4(), None, str(tokens.short(uuid4()))),
        Token("decide", uuid4(), None, "go_ahead_with_measures"),
        Token("today"),
        Token("f", UUID(int=0), 3, "restart"),
    ):
        assert len(str(token).encode()) <= tokens.LONGEST
        assert tokens.read(str(token)) == token


@pytest.mark.parametrize("foreign", ["", ":", "ok:short", "ok:%%%%", "a b:c", "ok::x", "x" * 65, "1:2:3:4:5"])
def test_a_foreign_token_is_nobodys(foreign: str) -> None:
    assert tokens.read(foreign) is None


def test_a_token_that_would_not_fit_is_never_made() -> None:
    with pytest.raises(ValueError, match="more than 64 bytes"):
        str(Token("verb", uuid4(), 1, "x" * 40))
