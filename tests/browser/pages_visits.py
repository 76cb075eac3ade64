"""The pages of visits: the list, planning and changing one, deciding, the whole story; and the debrief in parts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from safety_service.actions import decisions
from safety_service.domain.words import Decided
from tests.browser.catalogue import Shown
from tests.browser.town import EASY, HARD, Town
from tests.guidance.telling import HARD as HARD_DAY
from tests.guidance.telling import debrief_of, out, tells

PARTS = ("a", "b", "c", "gaps", "d", "e", "reflected", "f")
PAGES = (
    Shown(name="visits-team", who="Mia", path="/visits"),
    Shown(name="visits-past", who="Mia", path="/visits?when=past"),
    Shown(name="visits-narrowed", who="Mia", path="/visits?status=waiting"),
    Shown(name="visits-mine", who="Ann", path="/visits"),
    Shown(name="visits-waiting", who="Mia", path="/visits/waiting"),
    Shown(name="visit-decide", who="Mia", path="/visits/{waits}/decide"),
    Shown(name="visit-not-mine-to-decide", who="Rita", path="/visits/waiting", status=409),
    Shown(name="visit-new", who="Mia", path="/visits/new"),
    Shown(name="visit-new-worker", who="Dev", path="/visits/new"),
    Shown(name="visit-change", who="Mia", path="/visits/{waits}/change"),
    Shown(name="visit-check", who="Mia", path="/visits/{waits}/change", pressed=("Go on",)),
    Shown(name="visit-waits", who="Mia", path="/visits/{waits}"),
    Shown(name="visit-over", who="Mia", path="/visits/{visit}"),
    Shown(name="visit-inside", who="Ben", path="/visits"),
    *(Shown(name=f"debrief-{part}", who="Dev", path=f"/debriefs/{{telling}}/tell?part={part}") for part in PARTS),
    Shown(name="debrief-kept", who="Dev", path="/debriefs/{telling}/kept"),
)


async def prepare(town: Town) -> None:
    """Some visits to come, one decided, two that wait; and a hard visit that is being told."""
    world = town.world
    await town.are_out(Ann="silent")
    answers = {
        "hostility": "some",
        "talked": "yes",
        "around": ["dog"],
        "news": "bad",
        "joint": "colleague",
        "colleague": str(world.ids["Ben"]),
        "transport": "car",
        "exit": "front_only",
    }
    pair = (world.ids["Ann"], world.ids["Ben"])
    more: dict[str, Any] = {
        "address": "12 Example Street, Sampleton",
        "answers": {**answers, "raise": "yes"},
        "workers": pair,
    }
    decided = await world.plan("Ann", ref=HARD, after=300, **more)
    await world.do("Mia", decisions.decide, decided.id, Decided.GO_AHEAD_WITH_MEASURES, "Two of you go")
    waits = await world.plan("Ann", ref=HARD, after=1500, **more)
    await world.plan("Ben", ref=EASY, after=1700, address="9 Mill Lane, Sampleton")
    await world.plan("Dev", ref="T-88", after=2000, address="3 Station Road", answers={"raise": "yes"})
    visit = await out(world, "Dev", "T-88")
    told = {**HARD_DAY, "met": ["open_threat", "put_off"], "areas": ["home"], "reflect": ["avoided"]}
    await tells(world, visit, told, "Dev")
    row = await debrief_of(world, visit, "Dev")
    world.clock.move(timedelta(minutes=20))
    town.at.update(waits=str(waits.id), decided_visit=str(decided.id), telling=str(row.id))
