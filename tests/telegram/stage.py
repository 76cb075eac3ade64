"""The test's side of Telegram: its people, groups, faults and records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from .chat import Chat
from .faults import Fault, Kind
from .group import Group
from .phone import Phone
from .records import Call, Entry
from .wire import JSON
from .world import DEFAULT_TOKEN, Clock, World, real_clock

#: Seconds, on a machine that does much else; a test that passes never waits for them.
PATIENCE = 60.0
ChatLike = int | Phone | Group


class Stage:
    """Orders who is there and what goes wrong, and tells what happened."""

    def __init__(self, token: str = DEFAULT_TOKEN, clock: Clock = real_clock, query_lifetime: float = 60.0) -> None:
        self.world = World(token, clock, query_lifetime)
        self.phones: dict[str, Phone] = {}
        self.groups: dict[int, Group] = {}

    @property
    def token(self) -> str:
        """The bot's token."""
        return self.world.token

    @property
    def calls(self) -> list[Call]:
        """Every call that the bot made, with the fault that was applied to it."""
        return self.world.calls

    @property
    def updates(self) -> list[JSON]:
        """Every update made so far, confirmed or not."""
        return self.world.updates.every

    @property
    def transcript(self) -> list[Entry]:
        """Everything that happened in all chats, in order."""
        return self.world.diary

    def person(
        self,
        first_name: str = "Ann",
        *,
        last_name: str | None = None,
        username: str | None = None,
        chat_id: int | None = None,
        met: bool = True,
    ) -> Phone:
        """Return the phone of a new person. With `met=False` the bot cannot write before they do."""
        number = chat_id or 5_000_000_001 + len(self.phones)
        user: JSON = {"id": number, "is_bot": False, "first_name": first_name, "language_code": "en"}
        user |= {key: value for key, value in (("last_name", last_name), ("username", username)) if value}
        chat = self.world.chats[number] = Chat(number, "private", person=user, met=met)
        phone = Phone(self.world, user, chat, self._keep)
        self._keep(phone)
        return phone

    def _keep(self, phone: Phone) -> None:
        self.phones[phone.key] = phone

    def group(self, title: str = "Team", *, members: list[Phone] | None = None, chat_id: int | None = None) -> Group:
        """Return a new group with these people, to which the bot is added."""
        number = chat_id or -(4_000_001 + len(self.groups))
        chat = self.world.chats[number] = Chat(number, "group", title=title)
        people = members or []
        chat.members = {phone.user["id"]: phone.user for phone in people}
        adder = people[0].user if people else self.world.bot
        self.world.bot_membership(chat, adder, "left", "member")
        self.groups[number] = Group(self.world, chat)
        return self.groups[number]

    def fault(
        self,
        kind: Kind,
        *,
        method: str | None = None,
        chat: ChatLike | None = None,
        times: int | None = None,
        retry_after: int = 1,
        status: int = 502,
        seconds: float = 0.0,
    ) -> Fault:
        """Order a fault for a method, a chat, the next so many calls; else until `fault.lift()`."""
        number = chat if chat is None or isinstance(chat, int) else chat.chat_id
        return self.world.faults.order(
            kind,
            method=method,
            chat=number,
            times=times,
            retry_after=retry_after,
            status=status,
            seconds=seconds,
        )

    def lift(self, fault: Fault | None = None) -> None:
        """End a fault, or all of them."""
        if fault is None:
            self.world.faults.lift_all()
        else:
            fault.lift()

    def hold(self) -> None:
        """Keep updates back, as while the service was offline; their dates stay those of when they were made."""
        self.world.updates.held = True

    def release(self) -> None:
        """Hand out what was kept back."""
        self.world.updates.held = False
        self.world.bell.ring()

    def shift_clock(self, seconds: float) -> None:
        """Move Telegram's clock on (or back) from where the given clock stands."""
        self.world.shift += timedelta(seconds=seconds)

    def calls_of(self, method: str, chat: ChatLike | None = None) -> list[Call]:
        """Return the calls of one method, about one chat or any."""
        number = chat if chat is None or isinstance(chat, int) else chat.chat_id
        of_method = [call for call in self.calls if call.method == method]
        return [call for call in of_method if number is None or call.chat == number]

    async def called(
        self, method: str, chat: ChatLike | None = None, *, times: int = 1, timeout: float = PATIENCE
    ) -> Call:
        """Wait until a method was called so many times in all; return the last of those calls."""
        try:
            await self.world.bell.until(lambda: len(self.calls_of(method, chat)) >= times, timeout)
        except TimeoutError:
            seen = ", ".join(f"{call.method} {call.status}" for call in self.calls[-20:])
            raise AssertionError(f"{method} was not called {times} times. The last calls: {seen or 'none'}") from None
        return self.calls_of(method, chat)[times - 1]

    async def until_hit(self, fault: Fault, times: int = 1, *, timeout: float = PATIENCE) -> None:
        """Wait until a fault has been applied so many times."""
        try:
            await self.world.bell.until(lambda: fault.hits >= times, timeout)
        except TimeoutError:
            raise AssertionError(f"The fault {fault} was not met {times} times.") from None

    async def polled(self, *, timeout: float = PATIENCE) -> None:
        """Wait until the bot waits in a long poll: it is up, and has handled the answer before."""
        await self._wait(lambda: self.world.updates.polled, timeout, "The bot does not poll.")

    async def all_taken(self, *, timeout: float = PATIENCE) -> None:
        """Wait until the bot has confirmed every update there is."""
        complaint = "The bot has not confirmed its updates."
        await self._wait(lambda: not self.world.updates.waiting(), timeout, complaint)

    async def hooked(self, *, timeout: float = PATIENCE) -> None:
        """Wait until the bot has set a webhook."""
        await self._wait(lambda: bool(self.world.webhook.url), timeout, "The bot has set no webhook.")

    async def _wait(self, look: Callable[[], bool], timeout: float, complaint: str) -> None:
        try:
            await self.world.bell.until(look, timeout)
        except TimeoutError:
            raise AssertionError(f"{complaint} {len(self.pending())} updates wait.") from None

    def pending(self) -> list[JSON]:
        """Return the updates that are not confirmed yet."""
        return [queued.update for queued in self.world.updates.waiting()]
