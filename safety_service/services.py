"""What the ways in share: opened once by the composition root, found in the aiohttp application under typed keys."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from config.settings import Settings
from config.wording import Wording
from safety_service.actions.canary import Canary
from safety_service.store.database import Database
from safety_service.store.hot import Hot


@dataclass(frozen=True, slots=True)
class Health:
    """How the service is. `faults` are why it is not ready; `warnings` need somebody's eye, but not another server;
    `notes` need nothing. `canary`: how the visits are that fall silent on purpose; None: there are none.
    """

    faults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    canary: Canary | None = None

    @property
    def ready(self) -> bool:
        """Whether the watch is kept."""
        return not self.faults


#: Looks after the watch now, or a moment ago.
HealthCheck = Callable[[], Awaitable[Health]]


@dataclass(frozen=True, slots=True)
class Services:
    """Handed to every room's `setup(app, services)`."""

    database: Database
    hot: Hot
    settings: Settings
    wording: Wording
    health: HealthCheck


DATABASE = web.AppKey("database", Database)
HOT = web.AppKey("hot", Hot)
SETTINGS = web.AppKey("settings", Settings)
WORDING = web.AppKey("wording", Wording)
HEALTH: web.AppKey[HealthCheck] = web.AppKey("health")
