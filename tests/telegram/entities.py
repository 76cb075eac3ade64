"""Text with markup: HTML as Telegram reads it, and the commands in what people type."""

from __future__ import annotations

import re

from .wire import JSON, bad_request

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
}
NAMED = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"'}
PIECE = re.compile(
    r"<(?P<end>/?)(?P<tag>[\w-]*)(?P<attributes>[^>]*)>?|&(?:lt|gt|amp|quot|#\d+|#x[\da-fA-F]+);|[^<&]+|&"
)
COMMAND = re.compile(r"(?<!\S)/\w{1,32}(@\w+)?")
HREF = re.compile(r"href\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|(\S+))")


def units(text: str) -> int:
    """Return the length of a text as Telegram counts it in entities: in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def parse_html(source: str) -> tuple[str, list[JSON]]:
    """Return the text without its tags and the entities in it; refuse what Telegram refuses."""
    text = ""
    found: list[JSON] = []
    stack: list[tuple[str, int, JSON]] = []
    for piece in PIECE.finditer(source):
        raw, tag = piece.group(), piece.group("tag")
        if not raw.startswith("<"):
            text += _unescape(raw)
            continue
        where = len(source[: piece.start()].encode())
        if piece.group("end"):
            found.extend(_close(stack, tag.lower(), where, text))
        else:
            stack.append(_open(tag.lower(), piece.group("attributes"), where, text))
    if stack:
        raise bad_request(f"can't parse entities: Can't find end tag corresponding to start tag \"{stack[-1][0]}\"")
    return text, sorted(found, key=lambda entity: (entity["offset"], -entity["length"]))


def _open(tag: str, attributes: str, where: int, text: str) -> tuple[str, int, JSON]:
    if tag not in TAGS:
        raise bad_request(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {where}')
    entity: JSON = {"type": TAGS[tag], "offset": units(text), "length": 0}
    if tag == "a":
        link = HREF.search(attributes)
        entity["url"] = _unescape(next((part for part in link.groups() if part), "")) if link else ""
    return tag, where, entity


def _close(stack: list[tuple[str, int, JSON]], tag: str, where: int, text: str) -> list[JSON]:
    if not stack:
        raise bad_request(f"can't parse entities: Unexpected end tag at byte offset {where}")
    opened, _, entity = stack.pop()
    if tag and tag != opened:
        words = f'Unmatched end tag at byte offset {where}, expected "</{opened}>", found "</{tag}>"'
        raise bad_request(f"can't parse entities: {words}")
    entity["length"] = units(text) - entity["offset"]
    unlinked = entity["type"] == "text_link" and not entity["url"]
    return [] if unlinked or entity["length"] == 0 else [entity]


def _unescape(text: str) -> str:
    def replace(match: re.Match[str]) -> str:
        name = match.group()
        if name in NAMED:
            return NAMED[name]
        return chr(int(name[3:-1], 16) if name[2] in "xX" else int(name[2:-1]))

    return re.sub(r"&(?:lt|gt|amp|quot|#\d+|#x[\da-fA-F]+);", replace, text)


def commands_in(text: str) -> list[JSON]:
    """Return the entities which Telegram adds by itself for the commands in a text."""
    return [
        {"type": "bot_command", "offset": units(text[: found.start()]), "length": units(found.group())}
        for found in COMMAND.finditer(text)
    ]
