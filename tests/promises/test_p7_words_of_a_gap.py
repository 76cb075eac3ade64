"""P7: after a gap each person concerned is told what they can act on where they are, and nothing else."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Dialect

from bots.dialogue.render import Rendered, ceiling_for, render
from safety_service.actions import alerts, gap_telling, gaps, words
from safety_service.actions.gap_telling import Cause, Gap
from safety_service.actions.words import Word
from safety_service.domain.words import Role
from safety_service.store import agencies, channels, exclusions, people, stamps, teams
from safety_service.store.outbox import Outgoing
from safety_service.store.ready import Ready
from tests.storm import storm, workers
from tests.world import MINUTE, World

LONDON = ZoneInfo("Europe/London")


async def gap(world: World, *, minutes: int = 29, cause: Cause = Cause.DOWN) -> list[Outgoing]:
    """Nobody watched for so long, and is owned up to now. Gives everything that is said."""
    await world.deliver()
    since = world.now
    await world.jump(minutes)
    async with world.database.transaction() as tx:
        await gaps.own_up(tx, since, tx.now, cause)
    async with world.database.transaction() as tx:
        while await gaps.tell_owed(tx, 1):
            pass
    return await world.deliver()


def to(world: World, who: str, said: list[Outgoing]) -> Outgoing:
    """The one message to this person."""
    (found,) = [each for each in said if each.person_id == world.ids[who]]
    return found


async def shown(world: World, message: Outgoing) -> Rendered:
    async with world.database.reading() as tx:
        policy = await tx.policy()
    return render(
        message.template,
        message.params,
        channel="telegram",
        ceiling=ceiling_for(policy, "telegram", message.template),
        zone=LONDON,
        now=message.created_at,
    )


def labels(rendered: Rendered) -> list[str]:
    return [button.label for row in rendered.buttons for button in row]


async def test_a_worker_inside_is_asked_whether_they_are_out_and_whom_to_ring(world: World) -> None:
    await world.inside("Ann", address="4 Hidden Lane")
    said = await shown(world, to(world, "Ann", await gap(world)))
    assert said.text.splitlines() == [
        "I was not listening from 09:00 to 09:29. I am now. Are you out?",
        "To speak to somebody: 01632 960000.",
    ]
    assert {"OK", "Out", "Ring me", "Office now"} <= set(labels(said))


async def test_one_tap_on_it_is_an_answer(world: World) -> None:
    row = await world.inside("Ann")
    message = to(world, "Ann", await gap(world, minutes=5))
    assert message.params["ask"] == (await world.visit(row.id)).visit.watches[0].ask


async def test_on_the_way_home_it_is_asked_whether_they_are_home(world: World) -> None:
    row = await world.inside("Ann")
    await world.do("Ann", words.left, row.id, Word())
    said = await shown(world, to(world, "Ann", await gap(world)))
    assert "Are you home?" in said.text
    assert labels(said)[0] == "Home"


async def test_who_should_have_begun_is_asked_that(world: World) -> None:
    await world.plan("Ann", after=5)
    said = await shown(world, to(world, "Ann", await gap(world)))
    assert "Going in, late, or not going?" in said.text
    assert labels(said) == ["Going in", "Late", "Not going"]


async def test_who_is_home_before_their_turn_comes_has_nothing_to_do(world: World) -> None:
    row = await world.inside("Ann")
    async with world.database.transaction() as tx:
        await gaps.own_up(tx, tx.now - 29 * MINUTE, tx.now, Cause.DOWN)
    await world.do("Ann", words.left, row.id, Word())
    await world.do("Ann", words.home, row.id, Word())
    await world.deliver()
    async with world.database.transaction() as tx:
        while await gaps.tell_owed(tx, 10):
            pass
    said = await shown(world, to(world, "Ann", await world.deliver()))
    assert "nothing that you need to do" in said.text


async def test_after_a_restore_they_are_told_that_what_they_said_is_lost(world: World) -> None:
    await world.inside("Ann")
    said = await gap(world, cause=Cause.RESTORED)
    worker = await shown(world, to(world, "Ann", said))
    assert "I have lost what was said from 09:00 to 09:29. Are you out?" in worker.text
    manager = await shown(world, to(world, "Mia", said))
    assert "Ring everybody who went out" in manager.text


async def test_the_manager_on_duty_hears_how_many_are_out_there(world: World) -> None:
    await world.inside("Ann")
    await world.inside("Ben", ref="F-2")
    said = await shown(world, to(world, "Mia", await gap(world)))
    assert said.text.startswith("I was not watching from 09:00 to 09:29. I am now. Out there: 2.")


async def test_who_has_an_open_alert_hears_that_it_stood_still_and_can_act_on_it(world: World) -> None:
    await world.inside("Ann")
    await world.later(60)
    alert = (await world.alert()).alert
    said = await gap(world)
    theirs = [each for each in said if each.person_id == world.ids["Mia"] and each.template == "gap.alerts"]
    shown_to_mia = await shown(world, theirs[0])
    assert f"Not closed: {alert.number}. Nobody further was told from 10:00 to 10:29" in shown_to_mia.text
    assert "I have it" in labels(shown_to_mia)
    await world.do("Mia", alerts.take, alert.id)
    theirs = [each for each in await gap(world) if each.person_id == world.ids["Mia"] and each.template == "gap.alerts"]
    assert f"Yours: {alert.number}." in (await shown(world, theirs[0])).text


async def test_of_many_open_alerts_one_message_speaks(world: World) -> None:
    await world.inside("Ann")
    await world.inside("Ben", ref="F-2")
    await world.later(60)
    numbers = sorted(each.alert.number for each in await world.alerts())
    said = [each for each in await gap(world) if each.template == "gap.alerts" and each.person_id == world.ids["Mia"]]
    assert len(numbers) == 2 and len(said) == 1
    assert f"Not closed: {numbers[0]}, {numbers[1]}." in (await shown(world, said[0])).text


async def test_who_is_kept_off_a_worker_since_hears_nothing_of_their_alert(world: World) -> None:
    await world.inside("Ann")
    await world.later(60)
    async with world.database.transaction() as tx:
        await exclusions.add(
            tx, world.agency_id, world.ids["Mia"], worker_id=world.ids["Ann"], family_id=None, reason="-", by=None
        )
    said = await gap(world)
    assert not [each for each in said if each.template == "gap.alerts" and each.person_id == world.ids["Mia"]]


async def test_who_is_kept_off_the_family_since_hears_nothing_of_its_alert(world: World) -> None:
    row = await world.inside("Ann")
    await world.later(60)
    async with world.database.transaction() as tx:
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], family_id=row.family_id, reason="-", by=None)
    said = await gap(world)
    assert not [each for each in said if each.template == "gap.alerts" and each.person_id == world.ids["Mia"]]


async def test_what_a_gap_asks_does_not_grow_with_the_alerts_that_are_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement for each of ten thousand took longer than a sweep may: it was given up, and begun again, for ever."""
    asked = counted(monkeypatch)
    took: list[int] = []
    for minutes in range(1, 3):
        await storm(world, 6)
        await world.sweep()
        async with world.database.transaction() as tx:
            asked.clear()
            await gaps.own_up(tx, tx.now - minutes * MINUTE, tx.now, Cause.DOWN)
            await gap_telling.those_with_alerts(
                tx, [world.ids["Mia"]], Gap(tx.now - minutes * MINUTE, tx.now, Cause.DOWN)
            )
            took.append(len(asked))
    assert len(await world.alerts()) >= 12
    assert took[0] == took[1]
    assert [each for each in await world.deliver() if each.template == "gap.alerts"]


def counted(monkeypatch: pytest.MonkeyPatch) -> list[Ready]:
    """Each statement from here on, as it is asked."""
    asked: list[Ready] = []
    real = Ready.for_

    def noted(statement: Ready, dialect: Dialect) -> Any:
        asked.append(statement)
        return real(statement, dialect)

    monkeypatch.setattr(Ready, "for_", noted)
    return asked


async def somewhere_else(world: World, name: str, *, out_there: int) -> World:
    """Another agency, whose manager and administrator is `name`, with so many people out."""
    async with world.database.transaction() as tx:
        made = await agencies.add(tx, f"{name}shire", demonstration=True)
        team = await teams.add(tx, made.id, "South")
        head = await people.add(tx, made.id, name, email=f"{name}@example.org", phone="07700 900101")
        await people.set_roles(tx, head.id, team.id, frozenset({Role.MANAGER, Role.ADMINISTRATOR}))
        await channels.link(tx, head.id, "telegram", f"chat-{name}")
    there = World(world.database, made.id, team.id, {name: head.id})
    # The names of workers are numbered by how many are known.
    there.ids.update({f"{name}-{n}": made.id for n in range(len(world.ids))})
    for each in await workers(there, out_there):
        await there.inside(each, ref=f"of {each}")
    world.ids.update({**there.ids, **world.ids})
    return there


async def test_what_owning_up_asks_does_not_grow_with_the_agencies_that_hear_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For hundreds of them it was one transaction of many seconds, before anybody was watched again."""
    asked = counted(monkeypatch)
    took: list[int] = []
    for minutes, name in enumerate(("Zoe", "Yan", "Xia"), 1):
        await somewhere_else(world, name, out_there=1)
        async with world.database.transaction() as tx:
            asked.clear()
            await gaps.own_up(tx, tx.now - minutes * MINUTE, tx.now, Cause.DOWN)
            took.append(len(asked))
    assert took[0] == took[1] == took[2]


async def test_the_managers_and_administrators_of_every_agency_hear_of_their_own(world: World) -> None:
    await world.inside("Ann")
    others = {name: await somewhere_else(world, name, out_there=count) for name, count in (("Zoe", 2), ("Yan", 3))}
    said = await gap(world)
    heard = {(world.name(each.person_id), each.params["count"]) for each in said if each.template == "gap.manager"}
    assert heard == {("Mia", 1), ("Zoe", 2), ("Yan", 3)}
    told = sorted(world.name(each.person_id) for each in said if each.template == "gap.administrator")
    assert told == ["Adam", *sorted(others)]


@pytest.mark.parametrize("cause", list(Cause))
async def test_every_administrator_hears_what_kind_of_gap_it_was(world: World, cause: Cause) -> None:
    said = await shown(world, to(world, "Adam", await gap(world, cause=cause)))
    assert said.text.startswith("Nobody was watched from 09:00 to 09:29: ")
    assert len(said.text.splitlines()[0]) > len("Nobody was watched from 09:00 to 09:29: ") + 20


async def test_nothing_of_a_gap_says_at_the_door_whose_where_or_why(world: World) -> None:
    await world.inside("Ann", address="4 Hidden Lane", ref="K-204")
    await world.later(60)
    for message in await gap(world):
        if message.person_id == world.ids["Ann"]:
            text = (await shown(world, message)).text
            assert not any(word in text for word in ("Hidden", "K-204", "alarm", "ALARM", "danger"))


async def test_what_an_earlier_version_still_owed_is_told(world: World) -> None:
    await world.inside("Ann")
    async with world.database.transaction() as tx:
        old = {"from": (tx.now - timedelta(hours=1)).isoformat(), "until": tx.now.isoformat()}
        await stamps.stamp(tx, gaps.OWED, {"gaps": [{**old, "workers": [str(world.ids["Ann"])]}]})
        await gaps.tell_owed(tx, 10)
    assert to(world, "Ann", [each for each in await world.deliver() if "gap" in each.template]).template == "gap.worker"
