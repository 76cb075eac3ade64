"""Methods that change what is in a chat already."""

from __future__ import annotations

from datetime import timedelta

from .chat import Chat
from .markup import read_inline_markup
from .message import Message
from .methods import method
from .params import Params
from .sending import text_content
from .wire import JSON, bad_request
from .world import World

DELETABLE = timedelta(hours=48)
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)


def _find(chat: Chat, number: int, purpose: str) -> Message:
    message = chat.messages.get(number)
    if message is None or message.deleted:
        raise bad_request(f"message {purpose} not found")
    return message


def _find_editable(world: World, params: Params) -> Message:
    if not params.has("message_id"):
        raise bad_request("message identifier is not specified")
    chat = world.chat_for(params.chat_id, writing=True)
    message = _find(chat, params.integer("message_id"), "to edit")
    if not message.editable:
        raise bad_request("message can't be edited")
    return message


def _edit(world: World, message: Message, content: JSON, markup: JSON | None) -> JSON:
    if (message.content, message.markup) == (content, markup):
        raise bad_request(NOT_MODIFIED)
    worded = message.content != content
    message.content, message.markup, message.edited = content, markup, world.now()
    world.note(message.chat, world.bot["first_name"], "edited" if worded else "changed the buttons of", message)
    return message.wire()


@method("editMessageText")
def edit_message_text(world: World, params: Params) -> JSON:
    """Change the words; the buttons go unless they are given again."""
    content = text_content(params)
    markup = read_inline_markup(params)
    message = _find_editable(world, params)
    if "text" not in message.content:
        raise bad_request("there is no text in the message to edit")
    return _edit(world, message, content, markup)


@method("editMessageReplyMarkup")
def edit_message_reply_markup(world: World, params: Params) -> JSON:
    """Change the buttons only."""
    markup = read_inline_markup(params)
    message = _find_editable(world, params)
    return _edit(world, message, message.content, markup)


def _delete(world: World, message: Message) -> None:
    message.deleted = True
    if message.id in message.chat.pinned:
        message.chat.pinned.remove(message.id)
    world.note(message.chat, world.bot["first_name"], "deleted", message)


def _refuse_old(world: World, message: Message) -> None:
    if world.now() - message.date > DELETABLE:
        raise bad_request("message can't be deleted for everyone")


@method("deleteMessage")
def delete_message(world: World, params: Params) -> bool:
    """Take a message away for everybody, within 48 hours."""
    chat = world.chat_for(params.chat_id)
    message = _find(chat, params.integer("message_id"), "to delete")
    _refuse_old(world, message)
    _delete(world, message)
    return True


@method("deleteMessages")
def delete_messages(world: World, params: Params) -> bool:
    """Take several messages away; those that are not there are skipped."""
    chat = world.chat_for(params.chat_id)
    numbers = params.data("message_ids")
    if not isinstance(numbers, list) or not numbers:
        raise bad_request("expected an Array of message identifiers")
    if len(numbers) > 100:
        raise bad_request("too many message identifiers specified")
    there = [chat.messages[int(number)] for number in numbers if int(number) in chat.messages]
    living = [message for message in there if not message.deleted]
    for message in living:
        _refuse_old(world, message)
    for message in living:
        _delete(world, message)
    return True


@method("pinChatMessage")
def pin_chat_message(world: World, params: Params) -> bool:
    """Keep a message in sight; in a private chat a service message says so to nobody but the bot."""
    chat = world.chat_for(params.chat_id, writing=True)
    message = _find(chat, params.integer("message_id"), "to pin")
    if message.id not in chat.pinned:
        chat.pinned.append(message.id)
    world.note(chat, world.bot["first_name"], "pinned", message)
    return True


@method("unpinChatMessage", "unpinAllChatMessages")
def unpin_chat_message(world: World, params: Params) -> bool:
    """Let go of a pinned message, the newest where none is named."""
    chat = world.chat_for(params.chat_id, writing=True)
    named = params.integer("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    if named and named not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned = [number for number in chat.pinned if number != named]
    world.note(chat, world.bot["first_name"], "unpinned", chat.messages.get(named))
    return True


@method("setMessageReaction")
def set_message_reaction(world: World, params: Params) -> bool:
    """Put an emoji on a message."""
    chat = world.chat_for(params.chat_id, writing=True)
    message = _find(chat, params.integer("message_id"), "to react")
    reactions = params.data("reaction") or []
    if len(reactions) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    message.reactions = list(reactions)
    world.note(chat, world.bot["first_name"], "reacted to", message)
    return True
