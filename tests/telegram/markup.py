"""Keyboards under messages, checked as strictly as Telegram checks them."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from .params import Params
from .wire import JSON, bad_request

INLINE_ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "copy_text",
    "pay",
)


def read_markup(params: Params) -> JSON | None:
    """Return the checked reply markup of a call, or None where there is none."""
    markup = params.data("reply_markup")
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in markup:
        return {"inline_keyboard": [[_inline(button) for button in row] for row in _rows(markup["inline_keyboard"])]}
    if "keyboard" in markup:
        return markup | {"keyboard": [[_key(key) for key in row] for row in _rows(markup["keyboard"])]}
    if markup.get("remove_keyboard") or markup.get("force_reply"):
        return markup
    return None


def read_inline_markup(params: Params) -> JSON | None:
    """Return the inline keyboard of an edit; any other keyboard cannot be edited in."""
    markup = read_markup(params)
    if markup is not None and "inline_keyboard" not in markup:
        raise bad_request("inline keyboard expected")
    return markup if markup and any(markup["inline_keyboard"]) else None


def _rows(rows: Any) -> list[list[Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("field of the keyboard must be an Array of Arrays")
    filled = [row for row in rows if row]
    if sum(map(len, filled)) > 100:
        raise bad_request("reply markup is too long")
    return filled


def _inline(button: Any) -> JSON:
    if not isinstance(button, dict):
        raise bad_request("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str) or not button["text"].strip():
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be of type String')
    if not any(button.get(action) not in (None, "") for action in INLINE_ACTIONS):
        words = "Text buttons are unallowed in the inline keyboard"
        raise bad_request(f"can't parse inline keyboard button: {words}")
    if len(str(button.get("callback_data", "")).encode()) > 64:
        raise bad_request("BUTTON_DATA_INVALID")
    if url := button.get("url"):
        _check_url(str(url))
    return button


def _check_url(url: str) -> None:
    fault = _fault_in(url)
    if fault:
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: {fault}")


def _fault_in(url: str) -> str | None:
    """Return what Telegram has against an address. A `tel:` link looks to it like a host with a wrong port."""
    scheme, divider, _ = url.partition("://")
    if divider and scheme.lower() == "tg":
        return None
    if divider and scheme.lower() not in {"http", "https", "ton", "tonsite"}:
        return "Unsupported URL protocol"
    try:
        parts = urlsplit(url if divider else f"http://{url}")
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return "Wrong port number specified in the URL"
    if url.lower().startswith(("tel:", "mailto:")):
        return "Wrong port number specified in the URL"
    return None if _is_address(host) or "." in host.strip(".") else "Wrong HTTP URL"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _key(key: Any) -> JSON:
    if isinstance(key, str):
        return {"text": key}
    if not isinstance(key, dict) or not isinstance(key.get("text"), str):
        raise bad_request("can't parse keyboard button: KeyboardButton must be a String or an Object")
    return key
