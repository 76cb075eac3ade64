"""`doorstep channel` and `doorstep drill`: addresses given on the machine, agreed to, tried, ended."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from safety_service import cli
from safety_service.actions import own_channels
from safety_service.store import channels
from tests.services.template import TEST_KEY
from tests.unit.reachable import code_for, has, said, states
from tests.world import World

Doorstep = Callable[..., Awaitable[Result]]


@pytest.fixture
def doorstep(world: World, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doorstep:
    """The command, on the world's database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", database_url)
    monkeypatch.setenv("DOORSTEP_SECRET_KEYS", TEST_KEY)
    monkeypatch.setenv("DOORSTEP_SMS_URL", "json://gateway.example/call?:to={address}")

    async def run(*words: str, fails: bool = False) -> Result:
        # It has an event loop of its own, as on a machine.
        result = await asyncio.to_thread(CliRunner().invoke, cli.doorstep, [*words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == (1 if fails else 0), result.output
        return result

    return run


async def test_an_address_given_on_the_machine_is_proven_by_its_owner(world: World, doorstep: Doorstep) -> None:
    printed = await doorstep("channel", "add", "Ann", "sms", "07700 900123")
    assert "+447700900123" in printed.stdout
    assert await states(world, "Ann") == {"telegram": "active", "sms": "proposed"}
    assert len(await code_for(world, "Ann")) == 8
    assert "proposed" in (await doorstep("channel", "list", "Ann")).stdout


async def test_what_has_no_provider_or_is_no_number_is_said_so(doorstep: Doorstep) -> None:
    assert "no provider" in (await doorstep("channel", "add", "Ann", "voice", "07700 900123", fails=True)).stderr
    assert "no phone number" in (await doorstep("channel", "add", "Ann", "sms", "soon", fails=True)).stderr


async def test_whoever_runs_the_machine_can_be_the_second_person(world: World, doorstep: Doorstep) -> None:
    await doorstep("channel", "add", "Mia", "sms", "07700 900123")
    async with world.database.reading() as tx:
        (made,) = [each for each in await channels.of_person(tx, world.ids["Mia"]) if each.kind == "sms"]
    await world.do("Mia", own_channels.prove, made.id, await code_for(world, "Mia"))
    assert "Mia" in (await doorstep("channel", "list")).stdout
    assert "Agreed: sms." in (await doorstep("channel", "agree", "Mia")).stdout
    assert (await states(world, "Mia"))["sms"] == "active"
    assert "waits" in (await doorstep("channel", "agree", "Mia", fails=True)).stderr


async def test_a_lost_phone_is_ended(world: World, doorstep: Doorstep) -> None:
    await has(world, "Mia", "sms", "+447700900123")
    await doorstep("channel", "end", "Mia", "sms")
    assert await states(world, "Mia") == {"telegram": "active"}


async def test_a_drill_tries_every_way_of_everybody_on_the_ladder(world: World, doorstep: Doorstep) -> None:
    await has(world, "Mia", "sms", "+447700900123")
    await has(world, "Mia", "voice", "+447700900123")
    printed = (await doorstep("drill", "default")).stdout
    assert [line for line in printed.splitlines() if line.startswith("Mia") and "sms, voice" in line]
    assert [line for line in printed.splitlines() if line.startswith("Dev") and "NOTHING WAKES THEM" in line]
    assert {each.channel for each in await said(world, "Mia", "channel.code")} == {"sms", "voice"}
    assert "sms" in (await doorstep("drill", "Mia")).stdout
