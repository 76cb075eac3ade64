"""A Telegram Bot API server for the tests, over real HTTP, with people whose phones the tests drive.

    async with BotApiServer() as telegram:              # or BotApiProcess(), where everything is awaited
        ann = telegram.person("Ann")
        ...                                             # a bot at telegram.base_url with telegram.token
        await ann.starts("CODE")
        await ann.presses(await ann.sees("Are you OK?"), "OK")
        telegram.fault("cut_after", method="sendMessage", chat=ann, times=1)

The names and what they promise: `stage.py` (people, groups, faults, waiting), `phone.py`, `faults.py`, `records.py`.
In a group the bot hears commands, mentions and replies to it only, as is Telegram's default.
"""

from .group import Group
from .phone import Phone
from .process import BotApiProcess
from .records import Bubble, Button, Call, Entry, NotSeen, NotThere, Screen, Taps, Toast
from .remote import Remote, RemoteTelegram
from .server import BotApiServer
from .world import DEFAULT_TOKEN

__all__ = [
    "DEFAULT_TOKEN",
    "BotApiProcess",
    "BotApiServer",
    "Bubble",
    "Button",
    "Call",
    "Entry",
    "Group",
    "NotSeen",
    "NotThere",
    "Phone",
    "Remote",
    "RemoteTelegram",
    "Screen",
    "Taps",
    "Toast",
]
