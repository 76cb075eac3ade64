"""A town for stories: a real service, a Telegram beside it with the same clock, and people with phones."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from safety_service.actions import linking
from safety_service.store import inbox, people, policies
from safety_service.store.people import Person
from safety_service.store.tables.alerts import outbox
from tests.patience import until
from tests.stories.harness import Service, serving
from tests.telegram import BotApiServer, Phone

LONDON = ZoneInfo("Europe/London")
#: What nobody may read over a worker's shoulder, from Going in to Out.
TELLING = re.compile(
    r"\bfamil|address|street|\brow\b|risk|threat|(?<!battery )\blow\b|\bhigh\b|police|999"
    r"|alarm|alert|duress|\bsos\b|danger|K-\d",
    re.IGNORECASE,
)
#: The demonstration's people, by first name.
CAST = {"Sam": "Sam Okoro", "Helen": "Helen Marsh", "Tom": "Tom Ridley", "Ruth": "Ruth Calder", "Owen": "Owen Price"}
FAMILY, HOME = "K-204", "12 Example Street, Sampleton"


@dataclass
class Town:
    """The service, its Telegram, and the phones by their owners' first names."""

    service: Service
    telegram: BotApiServer
    phones: dict[str, Phone] = field(default_factory=dict)
    #: The codes with which they were linked.
    codes: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Phone:
        """The phone of this person."""
        return self.phones[name]

    async def later(self, minutes: float, seconds: float = 0) -> None:
        """Let this time have passed, for the service and for Telegram; in it the service has gone on listening.

        A press carries no date. It counts from the last hearing, so a poll comes back first: a stranger's word for it.
        """
        await all_sent(self.service)
        self.skip(minutes * 60 + seconds)
        await self.stranger.unblocks()
        await self.telegram.all_taken()

    def skip(self, seconds: float) -> None:
        """The clocks alone."""
        self.service.skip(seconds)
        self.telegram.shift_clock(seconds)

    @cached_property
    def stranger(self) -> Phone:
        """Somebody whom the service does not know."""
        return self.telegram.person("Stranger")

    async def invited(self, name: str, code: str) -> Phone:
        """A new phone, linked by this code as its owner does it: the link is opened, Start is pressed."""
        self.codes[name] = code
        phone = self.phones[name] = self.telegram.person(name)
        await phone.starts(code)
        await phone.sees(re.compile(rf"You are linked, {name}\b"))
        return phone

    @property
    def now(self) -> datetime:
        """What time it is in this town."""
        return datetime.now(UTC) + self.service.ahead

    async def settle(self) -> None:
        """Wait until all that was said in Telegram has been acted on."""
        await self.telegram.all_taken()
        await all_acted_on(self.service)


async def all_acted_on(service: Service) -> None:
    """Wait until nothing waits in the inbox."""
    async with service.database() as database:

        async def is_empty() -> bool:
            async with database.reading() as tx:
                return await inbox.empty(tx)

        await until(is_empty)


async def all_sent(service: Service) -> None:
    """Wait until no message is on its way: time that is skipped meanwhile would look like a sender that was killed."""
    under_way = select(outbox.c.id).where(outbox.c.state.in_(("pending", "sending"))).limit(1)
    async with service.database() as database:

        async def is_done() -> bool:
            async with database.reading() as tx:
                return (await tx.conn.execute(under_way.where(outbox.c.not_before <= tx.now))).first() is None

        await until(is_done)


def assert_discreet_logs(service: Service, *case_data: str) -> None:
    """Nothing failed, and no log names anybody or any place. (What is printed at the start names the demonstration.)"""
    logged = service.said().removeprefix(service.printed())
    assert "Traceback" not in logged, logged
    assert not [each for each in case_data if each in logged], "case data in logs"


async def person(service: Service, name: str) -> Person:
    """This person's row."""
    async with service.database() as database, database.reading() as tx:
        (found,) = await people.find(tx, None, name)
        return found


@asynccontextmanager
async def town(
    folder: Path,
    database_url: str,
    redis_url: str | None,
    *,
    demo: bool = True,
    policy: str | None = None,
    **more: str,
) -> AsyncIterator[Town]:
    """The demonstration team, everybody's phone linked; without `demo` an empty town to be settled.

    `more`: other settings by their names.
    """
    async with (
        BotApiServer() as telegram,
        serving(
            folder,
            database_url,
            redis_url=redis_url,
            telegram_url=telegram.base_url,
            telegram_token=telegram.token,
            demo=demo,
            start=False,
            **more,
        ) as service,
    ):
        made = Town(service, telegram)
        made.skip(until_morning())
        if policy is not None:
            async with service.database() as database, database.transaction() as tx:
                await policies.apply(tx, policy, "test", "for this story")
        await service.start()
        for name, code in (await codes_for(service)).items() if demo else ():
            await made.invited(name, code)
        yield made


def until_morning() -> float:
    """Seconds until ten o'clock tomorrow in London: by day, whenever the tests run, no visit is after dark."""
    now = datetime.now(UTC)
    tomorrow = now.astimezone(LONDON) + timedelta(days=1)
    return (tomorrow.replace(hour=10, minute=0, second=0) - now).total_seconds()


async def codes_for(service: Service, names: Mapping[str, str] = CAST) -> dict[str, str]:
    """A one-time code for each, by first name."""
    codes = {}
    async with service.database() as database, database.transaction() as tx:
        for first, name in names.items():
            (found,) = await people.find(tx, None, name)
            codes[first] = (await linking.invite(tx, None, found.id)).code
    return codes


def times(text: str) -> list[str]:
    """Every time of day that a text names."""
    return re.findall(r"\b\d\d:\d\d\b", text)


def discreet(phone: Phone) -> None:
    """Nothing on this screen tells whose home it is, where, or why anybody should worry."""
    shown = "\n".join([f"{each.text} {each.labels}" for each in phone.screen])
    assert not TELLING.search(shown), f"somebody may read this: {TELLING.search(shown)}\n{phone.screen}"
