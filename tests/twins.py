"""Two worlds with the same clock, in which one thing differs: what may not show is compared byte for byte."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from bots import webchat
from bots.dialogue.router import handle
from safety_service import api, web
from safety_service.actions import alert_page
from safety_service.actions.chases import CHASES
from safety_service.actions.taking import link_for
from safety_service.store.clock import SetClock
from safety_service.store.database import Database
from safety_service.store.hot import InProcessHot
from safety_service.store.tables.alerts import outbox
from tests.danger import DECOYS, DURESS, OWN
from tests.http import Program, application, browsing, paired, serving, signed_in
from tests.talk import Talk
from tests.world import World, build

#: Pages that a worker or a colleague may have open.
PAGES = (
    *("/chat", "/today", "/board", "/hello", "/log", "/items", "/supervision", "/families", "/card"),
    *("/evidence", "/figures", "/alerts"),
)
#: The pages of visits, and of each of them.
VISITS = ("/visits", "/visits?when=past", "/visits?who=team", "/visits/new", "/visits/waiting")
OF_VISIT = ("", "/change", "/decide")
LISTS = ("/visits", "/alerts", "/debriefs", "/me")
_FOUR = {each.casefold() for each in (OWN, DURESS, *DECOYS)}
_ID = re.compile(
    r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}|(?<=:)[A-Za-z0-9_-]{22}(?=[:\"\\]|$)|w?(?<![0-9a-f])[0-9a-f]{24}(?![0-9a-f])"
)
#: What is another for everybody and each alert: the code of a link, and the number to send back.
_SECRET = re.compile(r"(?<=/take/)[\w-]+|(?<=send back )(?:over )?\d+")
#: What a list can be narrowed by.
_CHOICE = re.compile("<option[^>]*>[^<]*</option>")
#: A word of one's own as a plain form's button, and as what the form sends with it.
_ANY = "|".join(_FOUR)
_WORD = re.compile(
    rf'value="word:[^"]*">(?:<input[^>]* name="label" value="(?:{_ANY})">)?(\s*<button[^>]*>)(?:{_ANY})<', re.IGNORECASE
)


@dataclass
class Twin:
    """One of the two: its world, its chats, and who is signed in where."""

    world: World
    talk: Talk
    base: str
    stack: AsyncExitStack
    programs: dict[str, Program] = field(default_factory=dict)
    browsers: dict[str, Any] = field(default_factory=dict)

    async def settle(self, who: str) -> None:
        """Sign in on the pages and pair a program."""
        self.browsers[who] = await self.stack.enter_async_context(browsing(self.base))
        await signed_in(self.world, self.browsers[who], who)
        await (await self.browsers[who].get("/chat")).read()
        self.programs[who] = await paired(self.world, self.browsers[who], who)

    async def later(self, minutes: float) -> None:
        """Let time pass with everything that the clock does."""
        await self.world.later(minutes)
        for chase in CHASES.values():
            async with self.world.database.transaction() as tx:
                await chase(tx, 100)
        await self.world.deliver()

    async def seen(self, who: str) -> str:
        """All that is on this person's screens now, and when each message was made for them."""
        program, browser = self.programs[who], self.browsers[who]
        said: dict[str, Any] = {"telegram": await self._telegram(who), "webchat": await self._webchat(browser)}
        for path in (*PAGES, *VISITS):
            async with browser.get(path) as answer:
                said[f"page {path}"] = [answer.status, _WORD.sub(r'">\1one of the four<', await answer.text())]
        for path in LISTS:
            said[path] = await program.get(path)
        for visit in said["/visits"][1]["items"]:
            path = f"/visits/{visit['id']}"
            for page in OF_VISIT:
                async with browser.get(path + page) as answer:
                    said[f"page{page} {visit['family_ref']}"] = [answer.status, await answer.text()]
            status, debrief = await program.get(f"{path}/debrief")
            said[f"visit {visit['family_ref']}"] = [await program.get(path), status, debrief]
            for page in ("debriefs/{}/tell?part=a", "log/{}") if status == 200 else ():
                async with browser.get("/" + page.format(debrief["id"])) as answer:
                    said[f"{page} {visit['family_ref']}"] = [answer.status, await answer.text()]
        return plainly(json.dumps(said, indent=1))

    async def alerts_seen(self, who: str) -> str:
        """All that there is to read of the alerts that they may know of, by every way there is."""
        program, browser = self.programs[who], self.browsers[who]
        said: dict[str, Any] = {}
        for alert in (await program.get("/alerts"))[1]["items"]:
            path = f"/alerts/{alert['id']}"
            said[path] = [await program.get(path), await program.get(f"{path}/timeline")]
            async with self.world.database.transaction() as tx:
                link = await link_for(tx, UUID(alert["id"]), self.world.ids[who])
                said["mark"] = await alert_page.mark(tx, await self.world.actor(tx, who), UUID(alert["id"]))
            for page in (path, f"{path}/now", link.url_path):
                async with browser.get(page) as answer:
                    said[page] = [answer.status, await answer.text()]
        said["sms"] = [each.text for each in await self.talk.screen(who, channel="sms")]
        text = _SECRET.sub("<a secret>", json.dumps(said, indent=1))
        for name, person_id in self.world.ids.items():
            text = text.replace(str(person_id), name)
        # Of what was sent in the same moment, the order is random in both.
        return "\n".join(sorted(re.split(r"\\n|\n", plainly(text))))

    async def log_read(self, who: str) -> str:
        """The log of what was done as they can have it: the page, a file, and whether it is whole."""
        browser, day = self.browsers[who], f"{self.world.now:%Y-%m-%d}"
        async with browser.get("/evidence") as answer:
            said = [f"{answer.status} {await answer.text()}"]
        for path in ("/evidence/export", "/evidence/check"):
            async with browser.post(path, data={"from": day, "to": day, "format": "csv"}) as answer:
                said.append(f"{answer.status} {await answer.text()}")
        return plainly("\n".join(said))

    async def _telegram(self, who: str) -> list[Any]:
        async with self.world.database.reading() as tx:
            query = select(outbox.c.created_at, outbox.c.priority, outbox.c.state, outbox.c.due_at)
            place = outbox.c.person_id == self.world.ids[who], outbox.c.channel == "telegram"
            rows = (await tx.conn.execute(query.where(*place).order_by(outbox.c.id))).all()
        screen = await self.talk.screen(who)
        return [
            [
                [str(each) for each in row],
                bubble.text,
                [_button(each) for line in bubble.shown.buttons for each in line],
            ]
            for row, bubble in zip(rows, screen, strict=True)
        ]

    async def _webchat(self, browser: Any) -> Any:
        async with browser.get("/chat/messages") as answer:
            view = await answer.json()
        for message in view["messages"]:
            # What they pressed themselves is on their own line, whichever of the four it was.
            if message["mine"] and message["text"].casefold() in _FOUR:
                message["text"] = "one of the four"
            message["buttons"] = [_button_shown(each) for each in message.get("buttons", ())]
        return view


def _button(each: Any) -> list[str]:
    return _one_of_four(each.label, each.token or each.url or "")


def _button_shown(each: dict[str, Any]) -> list[str]:
    return _one_of_four(each["label"], each.get("token") or each.get("url") or "")


def _one_of_four(label: str, carried: str) -> list[str]:
    """The order of the four is random in both worlds."""
    return ["one of the four", carried.split(":", maxsplit=1)[0]] if label.casefold() in _FOUR else [label, carried]


def plainly(text: str) -> str:
    """Ids, which are random in both, are numbered as they come."""
    known: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return known.setdefault(found[0].replace("-", ""), f"<{len(known)}>")

    return _ID.sub(number, text)


@asynccontextmanager
async def twin_in(url: str, start: datetime) -> AsyncIterator[Twin]:
    """A world on its own database, served with its pages, chat and interface for programs."""
    database = await Database.open(url, clock=SetClock(start), hot=InProcessHot())
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        world = await build(database)
        chat = SimpleNamespace(setup=lambda app, services: webchat.setup(app, services, handle))
        app = application(world, web, api, chat)
        base = await stack.enter_async_context(serving(app))
        yield Twin(world, Talk(world), base, stack)


@dataclass
class Days:
    """`normal`, and `duress`, in which the worker says it by the word or the tap that they agreed on."""

    normal: Twin
    duress: Twin

    @property
    def each(self) -> tuple[Twin, Twin]:
        """Both."""
        return self.normal, self.duress

    async def both(self, step: Callable[[Twin], Awaitable[Any]]) -> None:
        """The same thing happens on both days."""
        for twin in self.each:
            await step(twin)

    async def look_the_same(self, *people: str) -> None:
        """On the worker's screens, and on a colleague's; or on theirs."""
        for who in people or ("Ann", "Ben"):
            seen = await self.normal.seen(who)
            assert seen == await self.duress.seen(who), who
            # Anybody may look for it among what is over, and whoever manages counts it.
            told = _CHOICE.sub("", seen).casefold()
            assert ("duress" not in told or who == "Mia") and len(told) > 2000
