"""Methods by which the bot gets its updates."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from .methods import method
from .params import Params
from .updates import WEBHOOK_SET
from .wire import JSON, ApiError, bad_request, unix
from .world import Webhook, World

LONGEST_POLL = 50
HOOKED = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


def _remember_kinds(world: World, params: Params) -> None:
    kinds = params.data("allowed_updates")
    if isinstance(kinds, list):
        world.updates.allowed = [str(kind) for kind in kinds]


@method("getUpdates")
async def get_updates(world: World, params: Params) -> list[JSON]:
    """Hand out updates from the offset on; wait for some when there are none."""
    if world.webhook.url:
        raise ApiError(409, HOOKED)
    _remember_kinds(world, params)
    limit = min(max(params.integer("limit", 100), 1), 100)
    timeout = min(max(params.integer("timeout"), 0), LONGEST_POLL)
    return await world.updates.poll(params.integer("offset"), limit, timeout)


@method("setWebhook")
def set_webhook(world: World, params: Params) -> bool:
    """Have updates posted to an address. Plain http is taken too, as by a local Bot API server."""
    url, secret = params.text("url"), params.text("secret_token")
    if not url:
        delete_webhook(world, params)
        return True
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if len(secret) > 256:
        raise bad_request("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise bad_request("secret token contains unallowed characters")
    _remember_kinds(world, params)
    if params.flag("drop_pending_updates"):
        world.updates.clear()
    world.webhook = Webhook(url, secret, min(max(params.integer("max_connections", 40), 1), 100))
    world.updates.displace(WEBHOOK_SET)
    world.bell.ring()
    return True


@method("deleteWebhook")
def delete_webhook(world: World, params: Params) -> bool:
    """Go back to polling."""
    if params.flag("drop_pending_updates"):
        world.updates.clear()
    world.webhook = Webhook()
    world.bell.ring()
    return True


@method("getWebhookInfo")
def get_webhook_info(world: World, params: Params) -> JSON:
    """Say where updates go and how it went."""
    hook = world.webhook
    info: JSON = {
        "url": hook.url,
        "has_custom_certificate": False,
        "pending_update_count": len(world.updates.waiting()),
    }
    if hook.url:
        info["max_connections"] = hook.max_connections
        info["ip_address"] = "127.0.0.1"
    if hook.last_error_at:
        info |= {"last_error_date": unix(hook.last_error_at), "last_error_message": hook.last_error}
    if world.updates.allowed:
        info["allowed_updates"] = world.updates.allowed
    return info
