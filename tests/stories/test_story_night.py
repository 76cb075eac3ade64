"""The story of the night: the manager's phone is off, the deputy's text message refused, the duty officer is called.

The service is killed in the middle and started again. What is kept of the alert tells it afterwards as it was.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import aiohttp
from sqlalchemy import Row, select

from safety_service.actions import planning, timeline, words
from safety_service.actions.actor import load_actor
from safety_service.actions.planning import PlanRequest
from safety_service.actions.words import Word
from safety_service.domain.words import Kind, State
from safety_service.store import alerts, channels
from safety_service.store.alerts import AlertRow, WantedAlerts
from safety_service.store.tables.alerts import outbox
from tests.patience import until
from tests.services.sinks import Gateway, Mails, gateway, mail_server
from tests.stories.town import Town, all_sent, assert_discreet_logs, person, town

CSV = """agency,team,name,email,phone,roles,supervisor_email,training
Elmshire,North,Ann Lee,ann@example.org,07700 900101,practitioner,mia@example.org,lone_working:2026-03-01
Elmshire,North,Mia Holt,mia@example.org,07700 900102,manager,,
Elmshire,North,Dev Rao,dev@example.org,07700 900103,manager,,
Elmshire,North,Olu Ade,olu@example.org,07700 900104,manager,,
Elmshire,North,Adam Fox,adam@example.org,07700 900105,administrator,,
"""
POLICY = """
[ladder.default]
rungs = [
  { who = "manager_on_duty", answer = "5m" },
  { who = "deputy_on_duty", answer = "5m" },
  { who = "officer_on_duty", answer = "5m" },
  { who = "everyone", repeat = "2m" },
]
[risk.medium]
interval = "15m"
"""
WHERE = "4 Hill Lane, Northfield"
#: What the timeline says, in this order.
AS_IT_WAS = (
    r"ALERT 1 opened: missed check-in",
    r"Rung 1 \(manager on duty\) is told: Mia Holt",
    r"To Mia Holt \(telegram, voice, voice\): the alarm",
    r"Reached with [^\n]*Mia Holt \(voice\)",
    r"STOPPED WATCHING",
    r"watches again",
    r"Nobody has taken it\. Rung 2 \(deputy on duty\) is told: Dev Rao",
    r"To Dev Rao \(sms\): the alarm",
    r"Nobody of them was reached\. Rung 3 \(officer on duty\) is told: Olu Ade",
    r"Reached with [^\n]*Olu Ade \(voice\)",
    r"Olu Ade \(manager\) has it \(link\)",
    r"To Ann Lee \(telegram\): read",
)
MIA, DEV, OLU = "+447700900102", "+447700900103", "+447700900104"


@dataclass
class Night:
    """A town by night, and the providers beside its Telegram."""

    town: Town
    calls: Gateway
    texts: Gateway
    mails: Mails

    async def alerts(self) -> list[AlertRow]:
        mia = await person(self.town.service, "Mia Holt")
        async with self.town.service.database() as database, database.reading() as tx:
            return await alerts.listed(tx, WantedAlerts(agency_id=mia.agency_id), 100)

    async def missed(self) -> AlertRow:
        """The alert that the night is about."""
        (row,) = [each for each in await self.alerts() if each.alert.kind is not Kind.UNDELIVERABLE]
        return row

    async def sent(self, alert_id: UUID) -> list[Row[tuple[object, ...]]]:
        """Each of its alarms: to whom, by which channel, what became of it."""
        query = select(outbox).where(outbox.c.alert_id == alert_id, outbox.c.template.like("alarm.%"))
        async with self.town.service.database() as database, database.reading() as tx:
            return list((await tx.conn.execute(query.order_by(outbox.c.id))).all())

    async def passes(self, seconds: float) -> None:
        """So much of the night goes by."""
        self.town.skip(seconds)

    def link_for(self, address: str) -> str:
        """The link in the newest mail to this address."""
        bodies = [mail.get_payload(decode=True) for to, mail in self.mails.got if address in to]
        texts = [body.decode() for body in bodies if isinstance(body, bytes)]
        found = [link for text in texts for link in re.findall(r"http://\S+/take/[a-z2-7]+", text)]
        assert found, texts
        return str(found[0])


@asynccontextmanager
async def night_at(folder: Path, database_url: str, hot_url: str | None) -> AsyncIterator[Night]:
    async with gateway() as calls, gateway() as texts, mail_server() as mails:
        texts.always = 400
        providers = {"DOORSTEP_VOICE_URL": calls.url, "DOORSTEP_SMS_URL": texts.url, "DOORSTEP_EMAIL_URL": mails.url}
        async with town(folder, database_url, hot_url, demo=False, policy=POLICY, **providers) as elmshire:
            yield Night(elmshire, calls, texts, mails)


async def test_the_night_that_the_manager_slept(tmp_path: Path, database_url: str, hot_url: str | None) -> None:
    async with night_at(tmp_path / "service", database_url, hot_url) as night:
        await set_up(night)
        await ann_goes_in(night)
        await mias_phone_is_off(night)
        await the_power_goes(night)
        await devs_text_message_is_refused(night)
        await olu_is_called(night)
        await olu_takes_it_by_the_link(night)
        await nobody_is_called_any_more(night)
        await the_provider_is_one_alert(night)
        await the_timeline_tells_it(night)
    assert_discreet_logs(night.town.service, WHERE, "K-31", "Ann Lee", "07700900101", MIA, DEV, "/take/")


async def set_up(night: Night) -> None:
    """One in the morning. Mia has Telegram and a phone to be called, Dev text messages, Olu a phone and e-mail."""
    elmshire = night.town
    doorstep = elmshire.service.command
    (elmshire.service.folder / "people.csv").write_text(CSV)
    assert "5 added" in await doorstep("people", "import", "people.csv")
    assert "confirmed by Adam" in await doorstep("agency", "confirm", "--by", "Adam")
    since, until_ = (f"{elmshire.now + timedelta(days=days):%Y-%m-%d %H:%M}" for days in (-1, 30))
    for post, who in (("manager_on_duty", "Mia"), ("deputy_on_duty", "Dev"), ("officer_on_duty", "Olu")):
        await doorstep("rota", "add", post, who, "--from", since, "--to", until_)
    for who in ("Dev", "Olu"):
        await doorstep("standing", "add", who)
    for who in ("Ann", "Mia"):
        printed = await doorstep("invite", who)
        link = re.search(r"https://t\.me/\w+\?start=(\S+)", printed) or re.search(r"/start (\S+)", printed)
        assert link is not None, printed
        await elmshire.invited(who, link[1])
    for name, kind, address in (
        ("Mia Holt", "voice", MIA),
        ("Dev Rao", "sms", DEV),
        ("Olu Ade", "voice", OLU),
        ("Olu Ade", "email", "olu@example.org"),
    ):
        whose = await person(elmshire.service, name)
        async with elmshire.service.database() as database, database.transaction() as tx:
            made = await channels.link(tx, whose.id, kind, address)  # type: ignore[arg-type]
            await channels.prove(tx, made.id, "active")
    await elmshire.later(15 * 60)


async def ann_goes_in(night: Night) -> None:
    """Through a door at one in the morning, and no word after that."""
    ann = await person(night.town.service, "Ann Lee")
    async with night.town.service.database() as database, database.transaction() as tx:
        actor = await load_actor(tx, ann.id, "api")
        request = PlanRequest(
            family_ref="K-31",
            address_text=WHERE,
            purpose="plan",
            starts_at=tx.now,
            ends_at=tx.now + timedelta(hours=1),
            check_in_every=timedelta(minutes=15),
        )
        row = await planning.plan_visit(tx, actor, request)
        await words.begin(tx, actor, row.id, Word())
    await night.town.later(15, 5)
    await night.town["Ann"].sees(re.compile(r"^\d\d:\d\d\?$"))
    await night.town.later(5)


async def mias_phone_is_off(night: Night) -> None:
    """Telegram takes the alarm, and the provider makes the call, twice; nobody answers either."""
    await until(lambda: len(night.calls.to(MIA)) == 1)
    await night.town["Mia"].sees("ALARM")
    assert "This is Doorstep" in night.calls.to(MIA)[0] and WHERE not in night.calls.to(MIA)[0]
    await all_sent(night.town.service)
    await night.passes(31)
    await until(lambda: len(night.calls.to(MIA)) == 2)
    await all_sent(night.town.service)
    assert night.texts.got == [], "the next rung does not hear within the minute"


async def the_power_goes(night: Night) -> None:
    """Every process is killed where it stands; half a minute later the machine is back."""
    night.town.service.kill()
    await night.passes(35)
    await night.town.service.start()


async def devs_text_message_is_refused(night: Night) -> None:
    """Mia's minute is over: Dev is written to, again and again, and the provider takes none of it."""
    await until(lambda: len(night.texts.to(DEV)) >= 2)
    row = await night.missed()
    assert row.alert.rung >= 2
    assert not any(each.reached_at for each in await night.sent(row.id) if each.channel == "sms")


async def olu_is_called(night: Night) -> None:
    """Dev could not be reached within half a minute, so that Olu hears at once, and not after his five minutes."""
    await night.passes(31)
    await until(lambda: len(night.calls.to(OLU)) == 1)
    await until(lambda: _is_reached(night))
    hers = await _hers(night)
    assert [each.channel for each in hers if each.reached_at] == ["voice"], "e-mail never counts as reached"


async def _hers(night: Night) -> list[Row[tuple[object, ...]]]:
    return [each for each in await night.sent((await night.missed()).id) if each.person_id == await olu(night)]


async def _is_reached(night: Night) -> bool:
    return any(each.reached_at for each in await _hers(night))


async def olu(night: Night) -> UUID:
    return (await person(night.town.service, "Olu Ade")).id


async def olu_takes_it_by_the_link(night: Night) -> None:
    """Opening the link does nothing; its button does, without signing in. Mia's screen says so when her phone is on."""
    await until(lambda: any("olu@example.org" in to for to, _ in night.mails.got))
    link = night.link_for("olu@example.org")
    async with aiohttp.ClientSession() as browser:
        async with browser.get(link) as answer:
            page = await answer.text()
        assert "Nobody has this yet" in page and WHERE not in page
        assert (await night.missed()).alert.state is State.OPEN
        async with browser.post(link, data={"do": "take"}) as answer:
            page = await answer.text()
        assert "You have this" in page and WHERE in page and "What to say to 999" in page
    row = await night.missed()
    assert row.alert.state is State.TAKEN and row.alert.owner_id == await olu(night)
    await night.town["Mia"].sees(re.compile(r"Olu Ade has alarm \d+ \(Ann Lee\)"))
    await night.town["Ann"].sees(re.compile(r"^Read \d\d:\d\d\.$"))


async def nobody_is_called_any_more(night: Night) -> None:
    """Taking it dropped what still waited: no second call to Olu, nothing more to Dev."""
    called, written = night.calls.to(OLU), [each for each in night.texts.to(DEV) if "ALARM" in each]
    await night.passes(40)
    await night.town["Ann"].says("hello")
    await night.town.settle()
    assert night.calls.to(OLU) == called
    assert [each for each in night.texts.to(DEV) if "ALARM" in each] == written
    states = {each.state for each in await night.sent((await night.missed()).id)}
    assert states <= {"sent", "dropped"}


async def the_provider_is_one_alert(night: Night) -> None:
    """Text messages are taken from nobody: that is one alert for the agency, however often it is tried."""
    for _ in range(3):
        await night.passes(30)
        await until(lambda: _failing(night))
    assert len([each for each in await night.alerts() if each.alert.kind is Kind.UNDELIVERABLE]) == 1


async def _failing(night: Night) -> bool:
    return any(each.alert.kind is Kind.UNDELIVERABLE for each in await night.alerts())


async def the_timeline_tells_it(night: Night) -> None:
    """On one page, in order: who was called, what was refused, the time without a watch, who took it and how."""
    row = await night.missed()
    async with night.town.service.database() as database, database.transaction() as tx:
        page = await timeline.of_alert(tx, None, row.id)
    told = re.compile(".*".join(f"(?:{each})" for each in AS_IT_WAS), re.DOTALL)
    assert told.search(page), page
    assert not re.search(r"Reached with [^\n]*Dev Rao \(sms\)", page), page
    assert re.search(r"Dev Rao +sms +the alarm +not sent", page), page
    assert night.link_for("olu@example.org").rpartition("/")[2] not in page
