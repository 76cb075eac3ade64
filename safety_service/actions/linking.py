"""Linking a chat to a person, by a code that was given to them."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from safety_service.actions import access, seconding
from safety_service.actions.actor import Actor
from safety_service.actions.evidence import keep
from safety_service.domain.refusal import Refused
from safety_service.store import channels, codes, events, people, stamps
from safety_service.store.channels import Kind
from safety_service.store.database import Tx
from safety_service.store.hot import Hot
from safety_service.store.people import Person

#: Who tries codes oftener than this is told to wait.
TRIES = 10
TRIES_WITHIN = timedelta(minutes=15)
#: The stamp under which the Telegram bot keeps its own name: `{"username": …}`.
BOT_STAMP = "telegram_bot"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time code, and where it leads. `bot`: the Telegram bot's name, where it is known."""

    person: Person
    code: str
    bot: str | None

    @property
    def telegram_link(self) -> str | None:
        """A link that opens the bot and links the chat."""
        return None if self.bot is None else f"https://t.me/{self.bot}?start={self.code}"

    def web_link(self, base_url: str) -> str:
        """A link that signs in on the web."""
        return f"{base_url.rstrip('/')}/in/{self.code}"


async def throttle(hot: Hot, who: str) -> None:
    """Count one try of a code by `who` (a chat, a network address). Raises Refused: `too_many_tries`."""
    key = hashlib.sha256(who.encode()).hexdigest()[:32]
    if await hot.count(f"code:{key}", TRIES_WITHIN) > TRIES:
        raise Refused("too_many_tries")


async def invite(tx: Tx, by: Actor | None, person_id: UUID) -> Invitation:
    """A fresh code with which this person links a chat, pairs a device, or signs in. An older one stops working."""
    person = await people.get(tx, person_id)
    access.may_run_people(by, person.agency_id)
    if not person.active:
        raise Refused("deactivated", name=person.name)
    code = await codes.issue(tx, "link", person_id, None if by is None else by.person_id)
    bot = await stamps.last(tx, BOT_STAMP)
    await keep(tx, by, person.agency_id, "invited", subject="person", subject_id=person.id)
    return Invitation(person, code, None if bot is None else str(bot.info["username"]))


async def link_chat(tx: Tx, kind: Kind, address: str, code: str) -> Person:
    """Use a code: this chat is the person's from now on, and their other channels hear of it.

    A further chat of somebody with rights waits for a second person, and speaks for nobody until then; whoever gave
    them their first code was that person.
    Raises Refused: `code_unknown`, `code_used`, `code_expired`, `chat_of_another`; undone, the code still works.
    """
    person = await people.get(tx, await codes.use(tx, "link", code))
    known = await channels.by_address(tx, kind, address)
    if known is None:
        await _link(tx, person, kind, address)
    elif known.person_id == person.id:
        await channels.unblock(tx, known.id)
    else:
        # Taking it away would cut off somebody who may be watched through it.
        raise Refused("chat_of_another")
    await _log(tx, person, "linked", kind)
    return person


async def _link(tx: Tx, person: Person, kind: Kind, address: str) -> None:
    held = await channels.of_person(tx, person.id)
    for each in held:
        if each.state == "waiting" and (each.kind, each.address) == (kind, address):
            await channels.end(tx, each.id)
    first = not any(each.state in ("active", "blocked") for each in held)
    await seconding.tell_the_old(tx, person, kind)
    if first or not seconding.needs_second(person):
        await channels.link(tx, person.id, kind, address)
    else:
        await seconding.ask(tx, person, await channels.link(tx, person.id, kind, address, "waiting"))


async def speaks(tx: Tx, kind: Kind, address: str) -> bool:
    """Whether this chat speaks for somebody: one that waits does not."""
    return await channels.by_address(tx, kind, address) is not None


async def open_chat_page(tx: Tx, person_id: UUID) -> None:
    """The chat page in a browser is a live channel of the person's from their first signing in."""
    address = str(person_id)
    known = await channels.by_address(tx, "webchat", address)
    if known is None:
        await channels.link(tx, person_id, "webchat", address)
    else:
        await channels.unblock(tx, known.id)


async def _log(tx: Tx, person: Person, verb: str, kind: Kind) -> None:
    """The person themself did this, by that channel."""
    await events.log(
        tx,
        actor_id=person.id,
        agency_id=person.agency_id,
        verb=verb,
        subject="channel",
        subject_id=person.id,
        details={"via": kind},
    )
