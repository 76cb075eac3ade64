"""A Telegram Bot API server for the tests, over real HTTP, with people whose phones the tests drive."""

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
