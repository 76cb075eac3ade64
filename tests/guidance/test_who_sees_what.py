"""Whatever is done in whatever order: nobody reads what role, team, exclusion or part E keep from them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from safety_service.actions import acknowledging
from safety_service.store.database import Database
from tests.guidance import looking
from tests.guidance import planting as plant
from tests.guidance import planting_alarms as alarms
from tests.guidance import planting_around as around
from tests.guidance.marks import CAST, Town
from tests.talk import Talk

NUMBERS = count(1)
Step = Callable[[Town, str, str], Awaitable[None]]
#: In an order in which each finds what it needs, by somebody who may.
STORY: tuple[tuple[Step, str, str], ...] = (
    (plant.goes_there, "Ben", "F-1"),
    (plant.tells_the_rest, "Ben", "F-1"),
    (around.records, "Ann", "F-1"),
    (around.says_why, "Rita", "F-1"),
    (around.brings_an_agency, "Ben", "F-1"),
    (plant.goes_there, "Ann", "F-1"),
    (around.records, "Ann", "F-1"),
    (plant.tells_the_rest, "Ann", "F-1"),
    (around.talks_about_it, "Rita", "F-1"),
    (around.talks_about_it, "Mia", "F-1"),
    (around.knows_a_fact, "Mia", "F-1"),
    (around.shares, "Mia", "F-1"),
    (around.undertakes, "Mia", "F-1"),
    (around.decides, "Mia", "F-1"),
    (around.directs, "Mia", "F-1"),
    (around.meets, "Dev", "F-1"),
    (around.supervises_ann, "Sue", "F-1"),
    (around.sums_up, "Ann", "F-1"),
    (around.asks, "Ann", "F-1"),
    (plant.goes_there, "Cat", "F-2"),
    (plant.tells_the_rest, "Cat", "F-2"),
    (around.records, "Cat", "F-2"),
    (around.time_passes, "Mia", "F-1"),
    (plant.goes_there, "Ann", "F-1"),
    (plant.goes_there, "Ann", "F-1"),
    (alarms.cries, "Ann", "F-1"),
    (around.says_why, "Rita", "F-1"),
    (around.says_why, "Nora", "F-1"),
    (around.says_why, "Cat", "F-1"),
)
#: Who sees something of each kind, in the end.
THEIRS = {
    "private": ("Ann", "Sue"),
    "draft": ("Ann",),
    "debrief": ("Ann", "Mia", "Rita"),
    "family": ("Ann", "Ben", "Mia", "Rita"),
    "item": ("Ann", "Mia"),
    "desk": ("Mia", "Rita"),
    "visit": ("Ann", "Mia"),
    "supervision": ("Ann", "Sue"),
    "exclusion": ("Adam",),
    "opening": ("Mia",),
    "alarm": ("Ann", "Mia", "Dev", "Adam"),
}
STEPS: tuple[Step, ...] = tuple(
    dict.fromkeys([each for each, _, _ in STORY] + [plant.supervises, plant.kept_off, plant.kept_off_ann])
)


async def happened(database: Database) -> Town:
    """A town in which everything has happened once."""
    town = await plant.settle(database, next(NUMBERS))
    for step, who, ref in STORY:
        await does(town, step, who, ref)
    return town


@pytest.fixture
async def told(database: Database) -> Town:
    return await happened(database)


async def does(town: Town, step: Step, who: str, ref: str) -> None:
    """One step; what is said because of it may be read by whom it is said to, then and there."""
    await step(town, who, ref)
    for reader, sent in await looking.new_messages(town):
        if reader != "nobody":
            town.leaked += [f"{reader} by message: {each}: {sent}" for each in town.leaks(reader, sent)]


async def seen_by(town: Town, who: str) -> tuple[set[str], list[str]]:
    """Everything that this person can read is read: the words that they saw, and what they should not have seen."""
    seen: set[str] = set()
    leaks: list[str] = []
    async for name, text in looking.read_all(town, who):
        seen |= town.found(text)
        leaks += [f"{who} by {name}: {each}" for each in town.leaks(who, text)]
    return seen, leaks


async def leaks_in(town: Town) -> tuple[dict[str, set[str]], list[str]]:
    """The words that each of them saw, and everything that is somewhere where it must not be."""
    seen: dict[str, set[str]] = {}
    leaks = list(town.leaked)
    for who in CAST:
        seen[who], more = await seen_by(town, who)
        leaks += more
    leaks += [f"{who} was refused with {text}" for who, text in town.refused if town.found(text)]
    for link in town.links:
        async with town.database.transaction() as tx:
            leaks += [f"a link: {town.marks[each]}" for each in town.found(await acknowledging.open_link(tx, link))]
    private = {word for word, mark in town.marks.items() if mark.kind in ("private", "draft")}
    async for place, text in looking.rows(town):
        if place not in ("debrief.private", "debrief.answers"):
            leaks += [f"{place}: {town.marks[each]}" for each in town.found(text) & private]
    return seen, leaks + [f"unsealed: {town.marks[each]}" for each in town.found(await looking.as_it_lies(town))]


async def test_everybody_reads_what_is_theirs_and_nothing_else(told: Town, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        seen, leaks = await leaks_in(told)
    assert leaks == []
    assert not told.found(caplog.text)
    shown = {told.marks[each].where for words in seen.values() for each in words}
    unseen = {mark.where for mark in told.marks.values()} - shown
    assert unseen <= {"word", "question"}, "what nobody can read shows nothing"
    for kind, readers in THEIRS.items():
        for who in readers:
            assert kind in {told.marks[each].kind for each in seen[who]}, f"{who} sees nothing of {kind}"


async def test_what_one_may_not_read_one_cannot_find_either(told: Town) -> None:
    for who in ("Ann", "Cat", "Mia", "Eve", "Rita", "Nora", "Otto"):
        async for word, found in looking.search_each(told, who):
            mark = told.marks[word]
            assert not found or told.may(who, word), f"{who} finds {mark}"
            assert not found or mark.kind not in ("private", "draft"), f"part E is found by {who}"


async def test_no_chat_says_what_only_a_page_may(told: Town) -> None:
    await told.world.deliver()
    for who in CAST:
        for bubble in await Talk(told.world).screen(who):
            shown = {told.marks[each].where for each in told.found(bubble.text + str(bubble.labels))}
            place = {"its address"} if bubble.template.startswith("alarm.") else set()
            assert shown <= {"measure"} | place, f"{who}: {bubble.template} says {shown}"


@settings(
    max_examples=6,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    done=st.lists(
        st.tuples(st.sampled_from(STEPS), st.sampled_from(sorted(CAST)), st.sampled_from(looking.REFS)),
        min_size=5,
        max_size=14,
    )
)
async def test_no_order_of_actions_shows_anybody_what_is_not_theirs(
    database: Database, done: list[tuple[Step, str, str]]
) -> None:
    town = await plant.settle(database, next(NUMBERS))
    await plant.goes_there(town, "Ann", "F-1")
    for step, who, ref in done:
        await does(town, step, who, ref)
    assert (await leaks_in(town))[1] == []
