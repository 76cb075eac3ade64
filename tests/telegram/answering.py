"""Methods about the bot itself, its chats and files, and answers to presses."""

from __future__ import annotations

from collections.abc import Callable

from .files import LARGEST_DOWNLOAD
from .methods import method
from .params import Params
from .records import Toast
from .wire import JSON, ApiError, bad_request
from .world import World

GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


@method("getMe")
def get_me(world: World, params: Params) -> JSON:
    """Say who the bot is."""
    abilities = ("can_join_groups", "can_read_all_group_messages", "supports_inline_queries")
    others = ("can_connect_to_business", "has_main_web_app")
    return world.bot | dict.fromkeys(abilities + others, False) | {"can_join_groups": True}


@method("answerCallbackQuery")
def answer_callback_query(world: World, params: Params) -> bool:
    """End the waiting after a press; refused when that was too long ago."""
    query = world.queries.get(params.text("callback_query_id"))
    if query is None or world.now() - query.at > world.query_lifetime:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    if len(params.text("text")) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    query.answered = True
    toast = Toast(world.now(), params.text("text"), params.flag("show_alert"))
    if toast.text:
        world.toasts.setdefault(query.chat.id, []).append(toast)
    world.note(query.chat, world.bot["first_name"], "answered the press", text=toast.text)
    return True


@method("getFile")
def get_file(world: World, params: Params) -> JSON:
    """Say where a file can be fetched."""
    try:
        file = world.files.get(params.text("file_id"))
    except ApiError:
        raise bad_request("invalid file_id") from None
    if len(file.data) > LARGEST_DOWNLOAD:
        raise bad_request("file is too big")
    return file.wire() | {"file_path": file.path}


@method("getChat")
def get_chat(world: World, params: Params) -> JSON:
    """Describe a chat."""
    chat = world.chat_for(params.chat_id)
    body = chat.wire() | {"accent_color_id": 3, "max_reaction_count": 11}
    body["accepted_gift_types"] = dict.fromkeys(GIFTS, False)
    if chat.pinned:
        body["pinned_message"] = chat.messages[chat.pinned[-1]].wire(with_reply=False)
    return body


@method("getChatMember")
def get_chat_member(world: World, params: Params) -> JSON:
    """Describe somebody's place in a chat."""
    chat = world.chat_for(params.chat_id)
    user_id = params.integer("user_id")
    people = chat.members | ({chat.id: chat.person} if chat.person else {}) | {world.bot["id"]: world.bot}
    if user_id not in people:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return {"status": "member", "user": people[user_id]}


@method("leaveChat")
def leave_chat(world: World, params: Params) -> bool:
    """Leave a group."""
    chat = world.chat_for(params.chat_id)
    if chat.is_private:
        raise bad_request("chat member status can't be changed in private chats")
    chat.bot_left = True
    world.note(chat, world.bot["first_name"], "left")
    world.bot_membership(chat, world.bot, "member", "left")
    return True


def _setting(noun: str, longest: int) -> None:
    """Register a text setting of the bot with its setMy… and getMy… methods."""
    key = {"Name": "name", "Description": "description", "ShortDescription": "short_description"}[noun]

    def write(world: World, params: Params) -> bool:
        if len(params.text(key)) > longest:
            raise bad_request(f"bot {key} is too long")
        world.settings[key] = params.text(key)
        return True

    def read(world: World, params: Params) -> JSON:
        default = world.bot["first_name"] if noun == "Name" else ""
        return {key: world.settings.get(key) or default}

    handlers: list[tuple[str, Callable[[World, Params], object]]] = [(f"setMy{noun}", write), (f"getMy{noun}", read)]
    for name, handler in handlers:
        method(name)(handler)


_setting("Name", 64)
_setting("Description", 512)
_setting("ShortDescription", 120)


def _scope(params: Params) -> str:
    return f"commands {params.text('scope')} {params.text('language_code')}"


@method("setMyCommands")
def set_my_commands(world: World, params: Params) -> bool:
    """Fill the menu of commands."""
    commands = params.data("commands")
    if not isinstance(commands, list):
        raise bad_request("can't parse commands: expected an Array of BotCommand")
    if len(commands) > 100:
        raise bad_request("too many bot commands specified")
    for command in commands:
        name = str(command.get("command", "")).removeprefix("/")
        plain = name.replace("_", "").isalnum() and name.isascii() and name == name.lower()
        if not plain or len(name) > 32:
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    world.settings[_scope(params)] = commands
    return True


@method("getMyCommands")
def get_my_commands(world: World, params: Params) -> list[JSON]:
    """Return the menu of commands."""
    commands: list[JSON] = world.settings.get(_scope(params), [])
    return commands


@method("deleteMyCommands")
def delete_my_commands(world: World, params: Params) -> bool:
    """Empty the menu of commands."""
    world.settings.pop(_scope(params), None)
    return True


@method("setChatMenuButton")
def set_chat_menu_button(world: World, params: Params) -> bool:
    """Set what the menu button does."""
    button = params.data("menu_button") or {"type": "default"}
    if button.get("type") not in {"default", "commands", "web_app"}:
        raise bad_request("menuButton has unsupported type")
    world.settings[f"menu {params.chat_id or 0}"] = button
    return True


@method("getChatMenuButton")
def get_chat_menu_button(world: World, params: Params) -> JSON:
    """Return what the menu button does."""
    button: JSON = world.settings.get(f"menu {params.chat_id or 0}", {"type": "commands"})
    return button
