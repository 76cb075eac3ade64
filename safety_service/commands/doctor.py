"""`doorstep doctor`: is everything there that the service needs? A line for each fault: what, why, what to do."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import click
import redis.asyncio as redis
from redis.exceptions import RedisError

from bots.dialogue.known import the_wording
from config.guidance import GuidanceError, read_guidance
from config.policy import PolicyError, read_policy
from config.proxies import proxy_for
from config.settings import Settings, SettingsError, read_settings, unknown_settings
from config.wording import WordingError
from safety_service.commands.doctor_around import Note, look_around
from safety_service.commands.doctor_inside import look_inside
from safety_service.commands.doctor_keys import look_at_keys, missing
from safety_service.store import keyfile, migrate, sealing, stamps
from safety_service.store.database import Database
from safety_service.store.errors import DatabaseAway, KeysDoNotOpen, SchemaIsNewer, TryAgain, WasMoved

#: Seconds that whoever is asked may take.
PATIENCE = 5.0
#: Clocks that are further apart than this make a gap in the watch.
APART = timedelta(seconds=2)
#: Ports of a webhook that Telegram posts to.
POSTED_TO = (443, 80, 88, 8443)

Faults = AsyncIterator[str]


@click.command("doctor")
def command() -> None:
    """Check settings, keys, database, clock, policy, wording, Redis, Telegram, processes, copies and room.

    Prints every fault; exit 1 if there is any. A line that begins with "note:" is none.
    """
    found = asyncio.run(_examine())
    for each in found:
        click.echo(f"note: {each}" if isinstance(each, Note) else each)
    if not all(isinstance(each, Note) for each in found):
        raise SystemExit(1)
    click.echo("All is well.")


async def _examine() -> list[str]:
    found = [f"setting: {name} means nothing: is it misspelt?" for name in unknown_settings()]
    try:
        read = read_settings()
    except SettingsError as wrong:
        return [*found, *(f"setting: {fault}" for fault in wrong.faults)]
    for check in _CHECKS:
        found += [fault async for fault in check(read)]
    return found


async def _sign_in(read: Settings) -> Faults:
    given = {name: getattr(read, name) for name in ("oidc_issuer", "oidc_client_id", "oidc_client_secret")}
    missing = [f"DOORSTEP_{name.upper()}" for name, value in given.items() if not value]
    if len(missing) in (1, 2):
        yield f"sign-in: without {' and '.join(missing)} nobody comes in by OpenID Connect"


async def _keys(read: Settings) -> Faults:
    if keyfile.is_missing(read):
        yield await _no_keys(read)
        return
    try:
        sealing.use(keyfile.ring_of(read))
    except (OSError, ValueError) as error:
        yield f"keys: {error}"
    else:
        if keyfile.is_open_to_others(read):
            yield f"keys: others can read {keyfile.KEY_FILE}: its mode must be 0600"


async def _no_keys(read: Settings) -> str:
    try:
        there = await migrate.is_there(read.database_url)
    except (DatabaseAway, TryAgain):
        return "keys: there are none"
    if there:
        return f"keys: there are none, and the database is there: put {keyfile.KEY_FILE} back from your copy"
    return f"keys: there are none yet: `doorstep migrate` makes {keyfile.KEY_FILE}"


async def _database(read: Settings) -> Faults:
    if _file_is_missing(read.database_url):
        yield "database: there is none yet: run `doorstep migrate`"
        return
    try:
        if not await migrate.is_current(read.database_url):
            yield "database: it is not up to date: run `doorstep migrate`"
            return
        database = await Database.open(read.database_url, pool_size=2)
    except (WasMoved, DatabaseAway, TryAgain) as error:
        yield f"database: {error}"
    except SchemaIsNewer:
        yield "database: it was upgraded by a newer Doorstep, and this one does not sweep it: put the newer one here"
    except KeysDoNotOpen:
        for each in await missing(read.database_url):
            yield each
    except RuntimeError:
        yield "database: without keys it is not looked into"
    else:
        async for fault in _inside(database, read):
            yield fault


async def _inside(database: Database, read: Settings) -> Faults:
    around = (look_inside(database), look_around(database, read), look_at_keys(database))
    try:
        for looks in (_clock(database), _keeps(database), *around):
            async for fault in looks:
                yield fault
    finally:
        await database.close()


def _file_is_missing(url: str) -> bool:
    """Looking into a file that is not there would make it."""
    return url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists()


async def _clock(database: Database) -> Faults:
    before = datetime.now(UTC)
    async with database.reading() as tx:
        apart = max(before - tx.now, tx.now - datetime.now(UTC))
    if apart > APART:
        yield (
            f"clock: this machine's and the database's are {apart.total_seconds():.1f} s apart, and such a step"
            " counts as time in which nobody was watched: keep both on NTP"
        )


async def _keeps(database: Database) -> Faults:
    """Reading alone would not tell that the disk is full."""
    try:
        async with database.transaction() as tx:
            await stamps.stamp(tx, "doctor")
    except (DatabaseAway, TryAgain) as error:
        yield f"database: {error}"


async def _policy(read: Settings) -> Faults:
    try:
        read_policy(read.policy)
    except PolicyError as wrong:
        for fault in wrong.faults:
            yield f"policy: {read.policy}: {fault}"
    except (OSError, UnicodeDecodeError) as error:
        yield f"policy: {read.policy} cannot be read: {error}"


async def _guidance(read: Settings) -> Faults:
    try:
        read_guidance(read.guidance)
    except GuidanceError as wrong:
        for fault in wrong.faults:
            yield f"guidance: {read.guidance}: {fault}"
    except (OSError, UnicodeDecodeError) as error:
        yield f"guidance: {read.guidance} cannot be read: {error}"


async def _wording(_read: Settings) -> Faults:
    try:
        the_wording()
    except WordingError as wrong:
        for fault in wrong.faults:
            yield f"wording: {fault}"


async def _redis(read: Settings) -> Faults:
    if not read.redis_url:
        return
    client = redis.Redis.from_url(read.redis_url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
    try:
        async with asyncio.timeout(PATIENCE):
            await client.ping()
    except (RedisError, OSError, TimeoutError) as error:
        yield (
            f"redis: it does not answer ({type(error).__name__}), so processes hear of one another late: start it, or"
            " look at DOORSTEP_REDIS_URL"
        )
    finally:
        await client.aclose()


async def _webhook(read: Settings) -> Faults:
    """Telegram posts to few places; a Bot API server of one's own posts to any."""
    own = urlsplit(read.telegram_api_url).hostname != "api.telegram.org"
    if own or not read.telegram_token or read.telegram_mode != "webhook":
        return
    there = urlsplit(read.base_url)
    if there.scheme != "https":
        yield "telegram: it posts to https:// only: set DOORSTEP_PUBLIC_URL to an address that the world reaches"
    elif (there.port or 443) not in POSTED_TO:
        yield f"telegram: it posts to the ports {', '.join(map(str, POSTED_TO))} only, and not to {there.port}"


async def _telegram(read: Settings) -> Faults:
    if not read.telegram_token:
        return
    # Errors are told by their kind alone: their text may hold the address, and that the token.
    url = f"{read.telegram_api_url}{read.telegram_token}/getMe"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as outside,
            outside.get(url, proxy=proxy_for(url)) as answer,
        ):
            said: dict[str, Any] = dict(json.loads(await answer.text()))
    except (aiohttp.ClientError, TimeoutError, ValueError, TypeError) as error:
        yield (
            f"telegram: the Bot API does not answer ({type(error).__name__}), so nobody is heard or told there: may"
            " this machine reach it?"
        )
    else:
        if not said.get("ok"):
            why = said.get("description", answer.status)
            yield f"telegram: the token is not accepted ({why}), so nobody is heard or told there: ask @BotFather"


_CHECKS: tuple[Callable[[Settings], Faults], ...] = (
    _sign_in,
    _keys,
    _database,
    _policy,
    _guidance,
    _wording,
    _redis,
    _webhook,
    _telegram,
)
