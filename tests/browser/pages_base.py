"""The pages that belong to nobody's area: coming in, being refused, one's own card and words."""

from __future__ import annotations

from tests.browser.catalogue import Shown
from tests.browser.town import Town

PAGES = (
    Shown(name="welcome", who=None, path="/", status=200),
    Shown(name="enter", who=None, path="/in/some-code"),
    Shown(name="not-found", who="Ann", path="/nowhere", status=404),
    Shown(name="hello-worker", who="Ann", path="/hello"),
    Shown(name="hello-manager", who="Mia", path="/hello"),
    Shown(name="hello-administrator", who="Adam", path="/hello"),
    Shown(name="chat", who="Ben", path="/chat", scripted=True),
    Shown(name="card", who="Dev", path="/card"),
    Shown(name="phrases", who="Dev", path="/phrases"),
    Shown(name="items", who="Mia", path="/items"),
    Shown(name="item", who="Mia", path="/items/{item}"),
    Shown(name="openings", who="Mia", path="/openings"),
)


async def prepare(town: Town) -> None:
    """Somebody looked into a family, and said why."""
    await town.world.opens("Rita", town.at["hard"])
