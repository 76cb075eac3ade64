"""Providers beside Telegram: what they take is sent, what they do not take is not, and they hear nothing else."""

from __future__ import annotations

import asyncio
import logging
import threading
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from bots.delivery import apprise_sender
from bots.delivery.apprise_sender import AT_ONCE, AppriseSender, senders_for
from bots.delivery.outcome import NotSent, Sent, Unknown
from bots.dialogue.render import Rendered
from config.providers import provider_url
from safety_service.actions.telling import Priority
from safety_service.store.outbox import Outgoing
from tests.patience import until
from tests.services.sinks import gateway, mail_server

NUMBER = "+447700900123"
SECRET = "Ring Ann on 07700 900001"


def message(channel: str, address: str = NUMBER, priority: Priority = Priority.ALARM) -> Outgoing:
    return Outgoing(
        id=uuid4(),
        agency_id=uuid4(),
        person_id=uuid4(),
        channel_id=uuid4(),
        channel=channel,
        address=address,
        priority=priority,
        template="alarm.sos",
        params={},
        visit_id=None,
        alert_id=None,
        step=1,
        attempts=1,
        maybe_sent=False,
        due_at=None,
        created_at=datetime(2026, 11, 16, tzinfo=UTC),
    )


async def test_what_a_provider_takes_is_sent_to_that_number_and_says_only_the_text() -> None:
    async with gateway() as sink:
        sender = AppriseSender("sms", sink.url)
        outcome = await sender.send(message("sms"), Rendered(SECRET))
        sender.close()
    assert isinstance(outcome, Sent)
    (got,) = sink.got
    assert (got["to"], got["message"], got["title"]) == (NUMBER, SECRET, "")


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
async def test_what_a_provider_refuses_is_not_sent_and_free_to_be_tried_again(status: int) -> None:
    async with gateway() as sink:
        sink.always = status
        sender = AppriseSender("voice", sink.url)
        assert isinstance(await sender.send(message("voice"), Rendered(SECRET)), NotSent)
        sender.close()


async def test_a_provider_that_is_not_there_took_nothing() -> None:
    async with gateway() as sink:
        url = sink.url
    sender = AppriseSender("voice", url)
    assert isinstance(await sender.send(message("voice"), Rendered(SECRET)), NotSent)
    sender.close()


@pytest.mark.parametrize("limit", ["ANSWER_WITHIN", "WITHIN"])
async def test_a_provider_that_does_not_answer_may_have_taken_it(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    """Whether Apprise gives up first, or we do."""
    monkeypatch.setattr(apprise_sender, limit, 0.2)
    async with gateway() as sink:
        sink.hangs = asyncio.Event()
        sender = AppriseSender("sms", sink.url)
        assert isinstance(await sender.send(message("sms"), Rendered(SECRET)), Unknown)
        sink.hangs.set()
        sender.close()


async def test_an_sos_waits_for_no_thread_of_an_alarm_that_is_left_unanswered(monkeypatch: pytest.MonkeyPatch) -> None:
    began, answered = [], threading.Event()

    def hanging(url: str, text: str, title: str) -> bool:
        began.append(text)
        return answered.wait(20)

    monkeypatch.setattr(apprise_sender, "_notify", hanging)
    sender = AppriseSender("sms", "json://gateway.example/call?:to={address}")
    async with asyncio.TaskGroup() as sending:
        for _ in range(AT_ONCE + 1):
            sending.create_task(sender.send(message("sms"), Rendered("ALARM")))
        await until(lambda: len(began) == AT_ONCE)
        sending.create_task(sender.send(message("sms", priority=Priority.DANGER), Rendered("SOS")))
        await until(lambda: "SOS" in began, within=5)
        answered.set()
    sender.close()


async def test_a_mail_goes_to_the_address_with_a_subject_that_says_nothing() -> None:
    async with mail_server() as mails:
        sender = AppriseSender("email", mails.url)
        outcome = await sender.send(message("email", "mia+night@example.org"), Rendered("ALARM 12."))
        sender.close()
    assert isinstance(outcome, Sent)
    ((to, mail),) = mails.got
    assert to == ["mia+night@example.org"]
    assert mail["Subject"] == "Doorstep"
    assert "ALARM 12." in mail.as_string()


@pytest.mark.parametrize("odd", ["../admin?to=x", "a&:to=+1", "a#b", "http://10.0.0.1/"])
async def test_what_a_person_gives_as_address_changes_nothing_of_where_we_call(odd: str) -> None:
    async with gateway() as sink:
        sender = AppriseSender("hook", sink.url)
        await sender.send(message("hook", odd), Rendered("."))
        sender.close()
    assert [each["to"] for each in sink.got] == [odd]


async def test_neither_address_nor_text_gets_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with gateway() as sink:
        sink.answers = [500]
        sender = AppriseSender("sms", sink.url)
        await sender.send(message("sms"), Rendered(SECRET))
        await sender.send(message("sms"), Rendered(SECRET))
        sender.close()
    assert "did not take" in caplog.text
    assert not [each for each in (NUMBER, NUMBER[1:], SECRET, "127.0.0.1") if each in caplog.text]


async def test_a_plugin_that_raises_leaves_it_unknown_and_says_no_address(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def raising(url: str, text: str, title: str) -> bool:
        raise ValueError(url)

    monkeypatch.setattr(apprise_sender, "_notify", raising)
    sender = AppriseSender("sms", "json://gateway.example/call?:to={address}")
    assert await sender.send(message("sms"), Rendered(SECRET)) == Unknown("ValueError")
    sender.close()
    assert "ValueError" in caplog.text and NUMBER[1:] not in caplog.text


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("json://gateway.example/call", "{address}"),
        ("nosuchprovider://gateway.example/{address}", "Apprise cannot use it"),
        ("{address}", "Apprise cannot use it"),
    ],
)
def test_an_address_of_a_provider_that_cannot_be_used_is_said_without_it(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=r"must have|Apprise cannot") as wrong:
        provider_url(url)
    assert says in str(wrong.value)
    assert "gateway" not in str(wrong.value)


def test_there_is_a_sender_for_each_provider_that_is_set() -> None:
    made = senders_for({"sms": "json://a.example/?:to={address}", "email": "mailto://a.example?to={address}"})
    assert [each.kind for each in made] == ["sms", "email"]
