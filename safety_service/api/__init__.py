"""The JSON interface under /api/v1."""

from aiohttp import web

from safety_service.api import (
    alerts,
    around,
    debrief,
    debriefs,
    facts,
    families,
    pairing,
    partners,
    plans,
    positions,
    replies,
    summaries,
    supervision,
    visits,
    words,
)
from safety_service.api.call import GROUPING
from safety_service.api.problems import PREFIX, answer_with_problems
from safety_service.grouping import Grouping
from safety_service.services import Services

__all__ = ["PREFIX", "setup"]


def setup(app: web.Application, services: Services) -> None:
    """Add the interface to the application, which holds the services under their keys."""
    app[GROUPING] = Grouping(services.database)
    app.on_cleanup.append(_end_groups)
    app.middlewares.append(answer_with_problems)
    for noun in (
        pairing,
        replies,
        visits,
        words,
        positions,
        alerts,
        debrief,
        debriefs,
        plans,
        around,
        supervision,
        facts,
        families,
        partners,
        summaries,
    ):
        app.router.add_routes(noun.routes)


async def _end_groups(app: web.Application) -> None:
    await app[GROUPING].close()
