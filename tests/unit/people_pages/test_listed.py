"""People and teams on pages: the list, and who finds it."""

from __future__ import annotations

import re
from collections.abc import Collection
from uuid import UUID

import pytest
from aiohttp import ClientSession

from safety_service.actions import directory
from safety_service.domain.words import Role
from safety_service.store import agencies, channels, people, teams
from safety_service.store import directory as stored
from safety_service.store.database import Tx
from tests.http import browsing, signed_in
from tests.unit.people_pages.acting import get, known, page_of, post
from tests.world import World


async def test_everybody_is_listed_with_what_they_may_do_and_by_what_they_are_reached(
    world: World, adam: ClientSession
) -> None:
    async with world.database.transaction() as tx:
        await channels.end_all(tx, world.ids["Ben"])
    status, text = await get(adam, "/people")
    assert status == 200 and text.index(">Adam<") < text.index(">Ann<") < text.index(">Rita<")
    assert "North: practitioner" in text and "<b>Nothing</b>" in text and "North</a> (6)" in text
    _, text = await post(adam, "/people", q="ri")
    assert ">Rita<" in text and ">Ann<" not in text
    _, text = await post(adam, "/people", q="ANN@example.org")
    assert ">Ann<" in text and ">Rita<" not in text


async def test_a_long_list_comes_team_by_team_and_page_by_page_and_nobody_is_left_out(
    world: World, adam: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.database.transaction() as tx:
        south = await teams.add(tx, world.agency_id, "South")
        for number in range(directory.PAGE):
            made = await people.add(tx, world.agency_id, f"Aaron {number:02}")
            await people.set_roles(tx, made.id, south.id, frozenset({Role.PRACTITIONER}))
    opened = []
    whole = stored.named

    async def counted(tx: Tx, person_ids: Collection[UUID]) -> list[stored.Named]:
        opened.append(len(person_ids))
        return await whole(tx, person_ids)

    monkeypatch.setattr(stored, "named", counted)
    _, text = await get(adam, "/people")
    assert text.index(">North</th>") < text.index(">Rita<") < text.index(">South</th>") < text.index(">Aaron 00<")
    assert opened == [6, directory.PAGE]
    found = re.findall(r'href="/people/([0-9a-f-]{36})"', text)
    more = re.search(r'href="(/people\?after=[^"]+)"', text)
    assert len(found) == directory.PAGE and more is not None and "56 people" in text
    _, text = await get(adam, more[1].replace("&amp;", "&"))
    rest = re.findall(r'href="/people/([0-9a-f-]{36})"', text)
    assert len(rest) == 6 and not set(rest) & set(found) and "More people" not in text
    # The first page's team is not opened again for the second.
    assert opened[2:] == [directory.PAGE] and ">South</th>" in text and ">North</th>" not in text


async def test_who_is_in_several_teams_or_in_none_stands_once_in_the_list(world: World, adam: ClientSession) -> None:
    async with world.database.transaction() as tx:
        south = await teams.add(tx, world.agency_id, "South")
        await people.set_roles(tx, world.ids["Ann"], south.id, frozenset({Role.PRACTITIONER}))
        await people.add(tx, world.agency_id, "Zoe")
    _, text = await get(adam, "/people")
    assert text.count(">Ann<") == 1 and "North: practitioner; South: practitioner" in text and "7 people" in text
    assert text.index(">Rita<") < text.index(">In no team</th>") < text.index(">Zoe<")


async def test_nobody_else_finds_people_and_a_post_is_refused(world: World, base: str) -> None:
    for who in ("Mia", "Ann", "Rita"):
        async with browsing(base) as session:
            await signed_in(world, session, who)
            for path in ("/people", "/people/new", "/people/import", "/exclusions", "/standing"):
                assert (await get(session, path))[0] == 404, path
            for more in ("", "/change", "/roles", "/deactivate", "/keep-off"):
                assert (await get(session, page_of(world, "Ben", more)))[0] == 404
            for more in ("/lost", "/back", "/deactivate", "/training"):
                status, text = await post(session, page_of(world, "Ben", more))
                assert status == 409 and "for administrators" in text
            for more in ("/roles", "/change", "/invite", "/keep-off"):
                assert (await post(session, page_of(world, "Ben", more)))[0] == 404
    assert (await known(world, "Ben")).active


async def test_an_administrator_of_another_agency_finds_nobody_of_this_one(world: World, base: str) -> None:
    async with world.database.transaction() as tx:
        other = await agencies.add(tx, "Oakshire", office_phone="", demonstration=True)
        team = await teams.add(tx, other.id, "West")
        odd = await people.add(tx, other.id, "Odd", email="odd@example.org")
        await people.set_roles(tx, odd.id, team.id, frozenset({Role.ADMINISTRATOR}))
        world.ids["Odd"] = odd.id
    async with browsing(base) as session:
        await signed_in(world, session, "Odd")
        _, text = await get(session, "/people")
        assert ">Odd<" in text and ">Ann<" not in text
        for more in ("", "/change", "/roles", "/deactivate", "/keep-off"):
            assert (await get(session, page_of(world, "Ann", more)))[0] == 404
        for more in ("/deactivate", "/lost", "/invite", "/back", "/training", "/roles", "/keep-off"):
            assert (await post(session, page_of(world, "Ann", more)))[0] == 404
        assert (await get(session, f"/people?team={world.team_id}"))[0] == 404
    assert (await known(world, "Ann")).active
