"""Where everything is wired together, once: the only place that knows all the rooms."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from aiohttp import web

from bots import webchat
from bots.delivery.apprise_sender import senders_for
from bots.delivery.sender import Sender
from bots.dialogue import inbox, router
from bots.dialogue.inbox import Handle, InboxWorker
from bots.dialogue.known import the_wording
from bots.telegram import hook as telegram_hook
from bots.telegram.bot import TelegramBot
from bots.telegram.hook import HOOK, Hook
from bots.telegram.listening import DRAINED, POLLED
from config.settings import Settings
from safety_service import api
from safety_service import web as pages
from safety_service.actions.places import open_geocoder
from safety_service.processes.alive import show_alive
from safety_service.processes.memory import hold_still
from safety_service.processes.present import come_in, show_presence
from safety_service.processes.tasks import Tasks, pause, until_stopped
from safety_service.services import DATABASE, HEALTH, HOT, SETTINGS, WORDING, Services
from safety_service.store import stamps, tallies
from safety_service.store.database import Database, Tx
from safety_service.store.hot import Hot, InProcessHot, RedisHot
from safety_service.store.ids import new_id
from safety_service.web import health, metrics
from scheduler.auditor import Auditor
from scheduler.canary import Wanted
from scheduler.service import Scheduler
from scheduler.watchdog import Progress, Watchdog, beat

log = logging.getLogger(__name__)

#: Seconds between two times that a process adds its counts to the sums.
FLUSH_EVERY = 5.0
#: Seconds that answers under way have when the web server stops.
ANSWER_WITHIN = 6.0
#: Bytes that a request may bring: words and positions, no files yet.
BODY = 256 * 1024


@dataclass(frozen=True)
class Parts:
    """What one process has opened. `holder` names it in leases; `bot` is None without a token."""

    settings: Settings
    database: Database
    hot: Hot
    bot: TelegramBot | None
    holder: str

    @property
    def hear(self) -> Handle:
        """What is called with each word that came in."""
        return router.handle if self.bot is None else self.bot.hear

    @property
    def listens(self) -> bool:
        """Whether what is said in Telegram is heard."""
        return self.bot is not None

    async def drained(self, tx: Tx, since: datetime) -> bool:
        """Whether everything that was said until then has been fetched and acted on."""
        if not await inbox.drained(tx):
            return False
        if not self.listens:
            return True
        fetched, polled = await stamps.last(tx, DRAINED), await stamps.last(tx, POLLED)
        nothing_left = polled is not None and polled.at >= since and polled.info.get("updates") == 0
        return nothing_left or (fetched is not None and fetched.at >= since)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Parts]:
    """Open the database and all that a process needs around it. Raises what `Database.open` raises."""
    hot: Hot = RedisHot(settings.redis_url) if settings.redis_url else InProcessHot()
    try:
        database = await Database.open(settings.database_url, hot=hot)
        try:
            bot = _bot(settings, database)
            yield Parts(settings, database, hot, bot, f"{socket.gethostname()}:{os.getpid()}:{new_id().hex[-8:]}")
            if bot is not None:
                await bot.close()
        finally:
            await database.close()
    finally:
        await hot.close()


def _bot(settings: Settings, database: Database) -> TelegramBot | None:
    if not settings.telegram_token:
        return None
    return TelegramBot(
        database,
        the_wording(),
        router.handle,
        token=settings.telegram_token,
        base_url=settings.base_url,
        api_url=settings.telegram_api_url,
        webhook=settings.telegram_mode == "webhook",
        per_second=settings.telegram_per_second,
    )


def build_web_app(services: Services, handle: Handle = router.handle, hook: Hook | None = None) -> web.Application:
    """The whole of HTTP: health, metrics, the API, the pages, the browser's chat, and what Telegram posts to."""
    app = web.Application(client_max_size=BODY)
    app[DATABASE] = services.database
    app[HOT] = services.hot
    app[SETTINGS] = services.settings
    app[WORDING] = services.wording
    app[HEALTH] = services.health
    app.router.add_routes(health.routes)
    app.router.add_routes(metrics.routes)
    app[HOOK] = hook
    app.router.add_routes(telegram_hook.routes)
    api.setup(app, services)
    pages.setup(app, services)
    webchat.setup(app, services, handle)
    return app


async def run_roles(settings: Settings, roles: Collection[str], stopping: asyncio.Event) -> None:
    """Be these roles until stopped. The scheduler's failure ends this; the others are begun again beside it."""
    async with opened(settings) as parts:
        await come_in(parts.database, roles, parts.holder)
        tasks = Tasks()
        for role in roles:
            add = tasks.vital if role == "scheduler" or len(roles) == 1 else tasks.in_place
            add(role, partial(_WORK[role], parts))
        tasks.in_place("tally", partial(_flush_tallies, parts.database))
        tasks.in_place("alive", partial(show_alive, roles))
        tasks.in_place("presence", partial(show_presence, parts.database, roles, parts.holder))
        if "scheduler" not in roles:
            tasks.in_place("beat", _watch_the_loop)
        hold_still()
        log.info("begun as %s", ", ".join(roles))
        await tasks.run(stopping)


async def _serve(parts: Parts, stopping: asyncio.Event) -> None:
    """HTTP, and the auditor: on PostgreSQL in another process than the sweep that it audits."""
    settings = parts.settings
    auditor = Auditor(parts.database, polls=parts.listens, heartbeat_url=settings.heartbeat_url)
    services = Services(parts.database, parts.hot, settings, the_wording(), auditor.health)
    hook = None if parts.bot is None else parts.bot.hook
    runner = web.AppRunner(build_web_app(services, hook=hook), access_log=None, shutdown_timeout=ANSWER_WITHIN)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
        log.info("serving at http://%s", settings.listen)
        await until_stopped(auditor.run(), stopping)
    finally:
        await runner.cleanup()


async def _hear(parts: Parts, stopping: asyncio.Event) -> None:
    """What is said in Telegram is fetched, and what came in by any channel is acted on."""

    async def work() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(InboxWorker(parts.database, parts.hear).run(), name="inbox")
            if parts.bot is not None:
                tasks.create_task(parts.bot.run(), name="telegram")

    await until_stopped(work(), stopping)


async def _keep_watch(parts: Parts, stopping: asyncio.Event) -> None:
    providers = senders_for(parts.settings.providers)
    senders: list[Sender] = [*providers] if parts.bot is None else [parts.bot.sender, *providers]
    scheduler = Scheduler(
        parts.database,
        senders,
        parts.drained,
        holder=parts.holder,
        public_url=parts.settings.base_url,
        replies=parts.settings.replies_secret is not None,
        geocoder=open_geocoder(parts.settings.geocoder, parts.settings.geocoder_url or ""),
        canary_wanted=Wanted(parts.settings.canary, parts.settings.canary_telegram),
    )
    try:
        await scheduler.run(stopping)
    finally:
        for each in providers:
            each.close()


_WORK = {"web": _serve, "bot": _hear, "scheduler": _keep_watch}
ROLES = tuple(_WORK)


async def _flush_tallies(database: Database, stopping: asyncio.Event) -> None:
    while not await pause(stopping, FLUSH_EVERY):
        await tallies.flush(database)
    await tallies.flush(database)


async def _watch_the_loop(stopping: asyncio.Event) -> None:
    """A process without a sweep: its event loop is watched all the same."""
    progress = Progress()
    watchdog = Watchdog(progress, what="the event loop")
    watchdog.start()
    try:
        await until_stopped(beat(progress), stopping)
    finally:
        watchdog.stop()
