"""`doorstep serve`: the parent, which makes everything ready and keeps its children going; and each child."""

import asyncio
import errno
import logging
import shutil
import socket
import sys
from collections.abc import Sequence
from functools import partial

import aiohttp
import click

from bots.dialogue.known import the_wording
from config.guidance import GuidanceError
from config.policy import PolicyError
from config.settings import Settings
from config.wording import WordingError
from safety_service.actions import demonstration, signing_in
from safety_service.actions.demonstration import DemoPerson
from safety_service.actions.linking import Invitation
from safety_service.commands.files import upgrade
from safety_service.commands.running import KEYS_DO_NOT_OPEN, Fault, settings
from safety_service.processes import logs, loop
from safety_service.processes.backoff import Backoff
from safety_service.processes.parent import Parent
from safety_service.processes.tasks import pause
from safety_service.store.database import Database, Tx
from safety_service.store.errors import CopyFailed, DatabaseAway, KeysDoNotOpen, SchemaIsNewer, SchemaIsOlder, TryAgain
from safety_service.transact import in_transaction

log = logging.getLogger(__name__)

ROLES = ("web", "bot", "scheduler")
#: Whose sign-in links the demonstration prints.
SHOWN = ("practitioner", "manager", "reviewer", "administrator")
#: Seconds that an earlier process of ours has to let go of the port: a moment longer than it may be there.
PORT_WITHIN = loop.GONE_WITHIN + 2.0
#: Seconds between two looks whether the web server answers.
LOOK_EVERY = 0.2


def _roles(_context: click.Context, _parameter: click.Parameter, given: str | None) -> tuple[str, ...]:
    roles = tuple(each.strip() for each in (given or "").split(",") if each.strip())
    if unknown := sorted(set(roles) - set(ROLES)):
        raise click.BadParameter(f"{', '.join(unknown)}: there are {', '.join(ROLES)}")
    return roles


@click.command("serve")
@click.option("--roles", callback=_roles, default=",".join(ROLES), show_default=True, help="What to be.")
@click.option("--demo", is_flag=True, help="Put a demonstration team into an empty database; print sign-in links.")
@click.option("--child", callback=_roles, hidden=True, help="Be these roles in this process: started by the parent.")
def command(roles: tuple[str, ...], demo: bool, child: tuple[str, ...]) -> None:
    """Serve the pages, the bot and the watch, until stopped."""
    read = settings(first=not child)
    if child:
        logs.set_up(read.log_format, "+".join(child))
        _be(read, child)
    elif roles:
        logs.set_up(read.log_format, "serve")
        loop.run(partial(_keep, read, roles, demo), lifeline=False)
    else:
        raise click.UsageError("Say at least one role.")


def _be(read: Settings, roles: tuple[str, ...]) -> None:
    from safety_service.app import run_roles  # noqa: PLC0415  (the parent does without it)

    try:
        loop.run(partial(run_roles, read, roles), lifeline=True)
    except (DatabaseAway, TryAgain, SchemaIsNewer, SchemaIsOlder, KeysDoNotOpen) as error:
        raise Fault(f"{type(error).__name__}: {error}") from None


async def _keep(read: Settings, roles: Sequence[str], demo: bool, stopping: asyncio.Event) -> None:
    """1. The database is made ready. 2. So is the demonstration. 3. Children are kept going. 4. Where to go is said."""
    _check_wording()
    if "web" in roles:
        await _port_is_free(read, stopping)
    await _migrated(read, stopping)
    team = await _seeded(read) if demo and not stopping.is_set() else []
    # On SQLite one process writes; on PostgreSQL the crash of one role leaves the others as they are.
    embedded = read.database_url.startswith("sqlite")
    children = [roles] if embedded else [[each] for each in roles]
    async with asyncio.TaskGroup() as group:
        group.create_task(Parent(children, stopping).run())
        if "web" in roles and await _answers(read, stopping):
            await _say_where(read, team)


def _check_wording() -> None:
    """Whole, before anybody depends on it."""
    try:
        the_wording()
    except WordingError as wrong:
        raise Fault("\n".join(["The wording cannot be used:", *wrong.faults])) from None


async def _port_is_free(read: Settings, stopping: asyncio.Event) -> None:
    """Somebody else's server on our port is said at once and plainly; an earlier one of ours is waited for."""
    for _ in range(round(PORT_WITHIN)):
        if _can_bind(read) or await pause(stopping, 1.0):
            return
    raise Fault(f"Something else is already served at {read.listen}. Set DOORSTEP_LISTEN to a free port.")


def _can_bind(read: Settings) -> bool:
    family = socket.AF_INET6 if ":" in read.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((read.host, read.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise Fault(f"Nothing can be served at {read.listen}: {error.strerror}.") from None
    return True


async def _migrated(read: Settings, stopping: asyncio.Event) -> None:
    """Bring the database up to date; one that is away is waited for."""
    backoff = Backoff()
    while not stopping.is_set():
        backoff.begun()
        try:
            await upgrade(read)
        except (DatabaseAway, TryAgain) as error:
            log.warning("waiting for the database: %s", error)
            await pause(stopping, backoff.ended())
        except KeysDoNotOpen:
            raise Fault(KEYS_DO_NOT_OPEN) from None
        except (SchemaIsNewer, CopyFailed, PolicyError, GuidanceError) as error:
            raise Fault(str(error)) from None
        else:
            return


async def _seeded(read: Settings) -> list[DemoPerson]:
    database = await Database.open(read.database_url, unseen=True)
    try:
        return await in_transaction(database, demonstration.seed)
    finally:
        await database.close()


async def _answers(read: Settings, stopping: asyncio.Event) -> bool:
    """Wait until the web server lives; False when it is stopped before."""
    url = f"{read.near_url}/health/live"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as outside:
        while not await pause(stopping, LOOK_EVERY):
            try:
                async with outside.get(url) as answer:
                    if answer.ok:
                        return True
            except (aiohttp.ClientError, TimeoutError):
                continue
    return False


async def _say_where(read: Settings, team: Sequence[DemoPerson]) -> None:
    click.echo(f"\nDoorstep is at {read.base_url}")
    shown = {each.role: each for each in reversed(team) if each.role in SHOWN}
    if not shown:
        return
    links = await _sign_in_links(read, [shown[role] for role in SHOWN if role in shown])
    click.echo("A demonstration team is in. Each link signs in once, within 24 hours:\n")
    for invitation, role in links:
        click.echo(f"  {role:<13} {invitation.person.name:<13} {invitation.web_link(read.base_url)}")
    click.echo(f"\n`{_typed()} sign-in NAME` makes another. Ctrl-C stops.\n")


def _typed() -> str:
    """The command as whoever reads it can type it here: `make run` puts nothing on their path."""
    if shutil.which("doorstep"):
        return "doorstep"
    return " ".join(sys.orig_argv[:3]) if sys.orig_argv[1:2] == ["-m"] else sys.argv[0]


async def _sign_in_links(read: Settings, people: Sequence[DemoPerson]) -> list[tuple[Invitation, str]]:
    async def work(tx: Tx) -> list[tuple[Invitation, str]]:
        return [(await signing_in.sign_in_link(tx, None, each.person_id), each.role) for each in people]

    database = await Database.open(read.database_url, unseen=True)
    try:
        return await in_transaction(database, work)
    finally:
        await database.close()
