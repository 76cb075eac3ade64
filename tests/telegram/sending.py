"""Methods that put something new into a chat."""

from __future__ import annotations

from .chat import Chat
from .entities import parse_html
from .markup import read_markup
from .message import Message
from .methods import method
from .params import Params
from .wire import JSON, bad_request
from .world import World

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
ACTIONS = frozenset(
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document choose_sticker "
    "find_location record_video_note upload_video_note".split()
)


def read_text(params: Params, name: str = "text") -> tuple[str, list[JSON]]:
    """Return the words of a call and the entities in them, parsed and trimmed as Telegram does."""
    mode = params.text("parse_mode").lower()
    if mode not in {"", "html"}:
        raise bad_request("unsupported parse_mode: this test server reads HTML and entities only")
    source = params.text(name)
    text, entities = parse_html(source) if mode == "html" else (source, _given_entities(params, name))
    trimmed = text.strip()
    shift = len(text) - len(text.lstrip())
    return trimmed, [entity | {"offset": max(0, entity["offset"] - shift)} for entity in entities]


def _given_entities(params: Params, name: str) -> list[JSON]:
    given = params.data("entities" if name == "text" else f"{name}_entities")
    return given if isinstance(given, list) else []


def text_content(params: Params) -> JSON:
    """Return the content of a text message, or refuse it."""
    text, entities = read_text(params)
    if not text:
        raise bad_request("message text is empty")
    if len(text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    options = params.data("link_preview_options")
    return {"text": text, "entities": entities, "link_preview_options": options}


def _caption(params: Params) -> JSON:
    text, entities = read_text(params, "caption")
    if len(text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    return {"caption": text or None, "caption_entities": entities}


def _deliver(world: World, params: Params, chat: Chat, content: JSON) -> JSON:
    message = world.post(
        chat,
        world.bot,
        content,
        markup=read_markup(params),
        reply_to=_replied(params, chat),
        protected=params.flag("protect_content"),
        silent=params.flag("disable_notification"),
    )
    return message.wire()


def _replied(params: Params, chat: Chat) -> Message | None:
    reply: JSON = params.data("reply_parameters") or {}
    number = reply.get("message_id") or params.integer("reply_to_message_id")
    if not number:
        return None
    message = chat.messages.get(int(number))
    if message is not None and not message.deleted:
        return message
    if reply.get("allow_sending_without_reply") or params.flag("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


@method("sendMessage")
def send_message(world: World, params: Params) -> JSON:
    """Say something."""
    content = text_content(params)
    return _deliver(world, params, world.chat_for(params.chat_id, writing=True), content)


@method("sendLocation")
def send_location(world: World, params: Params) -> JSON:
    """Send a position."""
    location: JSON = {"latitude": params.number("latitude"), "longitude": params.number("longitude")}
    if not -90 <= location["latitude"] <= 90 or not -180 <= location["longitude"] <= 180:
        raise bad_request("wrong location specified")
    if params.has("horizontal_accuracy"):
        location["horizontal_accuracy"] = params.number("horizontal_accuracy")
    for name in ("live_period", "heading", "proximity_alert_radius"):
        if params.has(name):
            location[name] = params.integer(name)
    return _deliver(world, params, world.chat_for(params.chat_id, writing=True), {"location": location})


@method("sendPhoto")
def send_photo(world: World, params: Params) -> JSON:
    """Send a photo."""
    chat = world.chat_for(params.chat_id, writing=True)
    file = world.files.take(params.file("photo"), "photos")
    sizes = [file.wire() | {"width": 90, "height": 67}, file.wire() | {"width": 1280, "height": 960}]
    return _deliver(world, params, chat, {"photo": sizes, **_caption(params)})


@method("sendVoice")
def send_voice(world: World, params: Params) -> JSON:
    """Send a voice note."""
    chat = world.chat_for(params.chat_id, writing=True)
    file = world.files.take(params.file("voice"), "voice")
    voice = file.wire() | {"duration": params.integer("duration"), "mime_type": "audio/ogg"}
    return _deliver(world, params, chat, {"voice": voice, **_caption(params)})


@method("sendDocument")
def send_document(world: World, params: Params) -> JSON:
    """Send a file."""
    chat = world.chat_for(params.chat_id, writing=True)
    file = world.files.take(params.file("document"), "documents")
    document = file.wire() | {"file_name": file.name, "mime_type": file.content_type}
    return _deliver(world, params, chat, {"document": document, **_caption(params)})


@method("sendChatAction")
def send_chat_action(world: World, params: Params) -> bool:
    """Show that the bot is busy."""
    chat = world.chat_for(params.chat_id, writing=True)
    if params.text("action") not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    world.note(chat, world.bot["first_name"], "is", text=params.text("action"))
    return True
