"""What stands under a message in Telegram: buttons, links, and the key that sends a position."""

from __future__ import annotations

from collections.abc import Iterable

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, ReplyKeyboardMarkup

from bots.dialogue.render import Button

Rows = tuple[tuple[Button, ...], ...]
Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup


def markup_for(rows: Rows) -> Markup | None:
    """The keyboard of a message.

    Telegram has either buttons under the message, or keys in place of the phone's keyboard. Only a key can send a
    position, so it is offered where it is the only thing to press; else the paperclip does it (`wants_paperclip`).
    """
    inline = [[_inline(each) for each in row if each.kind != "position"] for row in rows]
    if any(inline):
        return InlineKeyboardMarkup([row for row in inline if row])
    keys = [[KeyboardButton(each.label, request_location=True)] for each in _positions(rows)]
    return ReplyKeyboardMarkup(keys, resize_keyboard=True, one_time_keyboard=True) if keys else None


def wants_paperclip(rows: Rows) -> bool:
    """Whether a position is asked for by a message that has other buttons too."""
    return bool(_positions(rows)) and isinstance(markup_for(rows), InlineKeyboardMarkup)


def without_links(rows: Rows) -> Rows:
    """The same buttons, but for those that open an address."""
    return tuple(tuple(each for each in row if each.url is None) for row in rows)


def links(rows: Rows) -> list[Button]:
    """The buttons that open an address."""
    return [each for row in rows for each in row if each.url is not None]


def _positions(rows: Rows) -> list[Button]:
    return [each for row in rows for each in row if each.kind == "position"]


def _inline(button: Button) -> InlineKeyboardButton:
    return InlineKeyboardButton(button.label, callback_data=button.token, url=button.url)


def as_lines(buttons: Iterable[Button]) -> list[str]:
    """Links as they are written where they cannot be buttons."""
    return [f"{each.label}: {each.url}" for each in buttons]
