"""People on pages: added and changed by the rules of the command line; nobody gives themselves rights."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import ClientSession, FormData

from safety_service.actions import leaving, people_changing
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import people, teams, training
from tests.http import browsing, signed_in
from tests.unit.people_pages.acting import get, keep_off, known, page_of, post, rows
from tests.unit.reachable import said
from tests.world import World


async def second_administrator(world: World) -> None:
    async with world.database.transaction() as tx:
        await people.set_roles(tx, world.ids["Dev"], world.team_id, frozenset({Role.MANAGER, Role.ADMINISTRATOR}))


async def test_somebody_is_added_and_invited_with_a_code_that_is_shown_once(
    world: World, adam: ClientSession, base: str
) -> None:
    fields = {
        "name": "  Ines   Roy ",
        "email": "Ines@Example.org",
        "phone": "07700 900333",
        "supervisor": str(world.ids["Mia"]),
        "team": str(world.team_id),
        "role": "practitioner",
    }
    status, text = await post(adam, "/people/new", **fields)
    assert status == 200 and "invite them" in text
    async with world.database.reading() as tx:
        ines = await people.by_email(tx, world.agency_id, "ines@example.org")
    assert ines is not None and ines.name == "Ines Roy" and ines.supervisor_id == world.ids["Mia"]
    assert ines.roles[world.team_id] == {Role.PRACTITIONER}
    status, text = await post(adam, f"/people/{ines.id}/invite")
    code = re.search(r'<code class="ds-code">([a-z2-7]{26})</code>', text)
    assert status == 200 and code is not None and "This is shown once" in text
    assert code[1] not in (await get(adam, f"/people/{ines.id}"))[1]
    async with browsing(base) as hers:
        async with hers.post(f"/in/{code[1]}", allow_redirects=False) as answer:
            assert answer.status == 303
        assert "Ines" in (await get(hers, "/hello"))[1]
        assert (await post(hers, f"/in/{code[1]}"))[0] == 403


async def test_what_is_wrong_with_somebody_new_is_said_and_what_was_typed_stays(
    world: World, adam: ClientSession
) -> None:
    good = {"name": "Ines", "email": "ines@example.org", "phone": "", "supervisor": "", "team": str(world.team_id)}
    for wrong, says in (
        ({"email": "ann@example.org"}, "has that e-mail address already"),
        ({"email": "nonsense"}, "no e-mail address"),
        ({"name": " "}, "A name is needed"),
        ({"phone": "12"}, "no phone number"),
        ({"role": "king"}, "no such role"),
    ):
        status, text = await post(adam, "/people/new", **{**good, **wrong})
        assert status == 409 and says in text and "Not done yet" in text
        assert f'value="{wrong.get("name", "Ines").strip()}"' in text
    async with world.database.reading() as tx:
        assert await people.by_email(tx, world.agency_id, "ines@example.org") is None


async def test_details_are_changed_and_the_person_hears_of_a_new_number(world: World, adam: ClientSession) -> None:
    fields = {"name": "Ann Lee", "email": "ann@example.org", "phone": "07700 900444", "supervisor": ""}
    status, text = await post(adam, page_of(world, "Ann", "/change"), **fields)
    assert status == 200 and "Ann Lee" in text
    assert (await known(world, "Ann")).phone == "07700900444"
    assert len(await said(world, "Ann", "link.settings_changed")) == 1


async def test_roles_are_changed_team_by_team(world: World, adam: ClientSession) -> None:
    async with world.database.transaction() as tx:
        south = await teams.add(tx, world.agency_id, "South")
    fields = FormData()
    for team, role in ((world.team_id, "practitioner"), (south.id, "practitioner"), (south.id, "reviewer")):
        fields.add_field(f"role-{team}", role)
    assert (await post(adam, page_of(world, "Ann", "/roles"), fields))[0] == 200
    held = (await known(world, "Ann")).roles
    assert held == {world.team_id: {Role.PRACTITIONER}, south.id: {Role.PRACTITIONER, Role.REVIEWER}}


async def test_what_is_ones_own_to_change_is_not_offered_and_everybody_elses_is(
    world: World, adam: ClientSession
) -> None:
    for who, offered in (("Ann", True), ("Adam", False)):
        _, text = await get(adam, page_of(world, who))
        assert ("deactivate</a>" in text) is offered and ("Their phone is lost" in text) is offered
        _, text = await get(adam, page_of(world, who, "/roles"))
        assert ("Keep it" in text) is offered
        _, text = await get(adam, page_of(world, who, "/change"))
        assert ('id="supervisor"' in text) is offered


async def test_nobody_gives_themselves_rights(world: World, adam: ClientSession) -> None:
    fields = {f"role-{world.team_id}": "manager"}
    status, text = await post(adam, page_of(world, "Adam", "/roles"), **fields)
    assert status == 409 and "Not for yourself" in text
    status, text = await post(adam, page_of(world, "Adam", "/deactivate"))
    assert status == 409 and "Not for yourself" in text
    fields = {"name": "Adam", "email": "adam@example.org", "phone": "", "supervisor": str(world.ids["Mia"])}
    status, text = await post(adam, page_of(world, "Adam", "/change"), **fields)
    assert status == 409 and "Not for yourself" in text


async def test_nobody_names_themselves_the_supervisor_of_somebody(world: World, adam: ClientSession) -> None:
    """Adam, who is a manager, too, would read by it what Ann wrote for Mia alone."""
    async with world.database.transaction() as tx:
        await people.set_roles(tx, world.ids["Adam"], world.team_id, frozenset({Role.MANAGER, Role.ADMINISTRATOR}))
    for path in (page_of(world, "Ann", "/change"), "/people/new"):
        _, text = await get(adam, path)
        assert f'<option value="{world.ids["Mia"]}"' in text and f'<option value="{world.ids["Adam"]}"' not in text
    himself = str(world.ids["Adam"])
    fields = {"name": "Ann", "email": "ann@example.org", "phone": "", "supervisor": himself}
    status, text = await post(adam, page_of(world, "Ann", "/change"), **fields)
    assert status == 409 and "Not for yourself" in text
    new = {"name": "Ines", "email": "ines@example.org", "phone": "", "team": str(world.team_id)}
    status, text = await post(adam, "/people/new", **new, supervisor=himself)
    assert status == 409 and "Not for yourself" in text and 'value="Ines"' in text
    for row in ("Ann,ann@example.org", "Ines,ines@example.org"):
        text = rows(f"Elmshire,North,{row},,practitioner,adam@example.org,")
        for do in ("look", "bring"):
            status, page = await post(adam, "/people/import", text=text, do=do)
            assert status == 422 and "Line 2: somebody else has to name you the supervisor" in page
    assert (await known(world, "Ann")).supervisor_id is None
    async with world.database.reading() as tx:
        assert await people.by_email(tx, world.agency_id, "ines@example.org") is None


async def test_another_administrator_may_and_then_they_stay_it(world: World, base: str, adam: ClientSession) -> None:
    await second_administrator(world)
    async with world.database.transaction() as tx:
        await people.set_roles(tx, world.ids["Adam"], world.team_id, frozenset({Role.MANAGER, Role.ADMINISTRATOR}))
    fields = {"name": "Ann", "email": "ann@example.org", "phone": "", "supervisor": str(world.ids["Adam"])}
    async with browsing(base) as dev:
        await signed_in(world, dev, "Dev")
        assert (await post(dev, page_of(world, "Ann", "/change"), **fields))[0] == 200
    _, text = await get(adam, page_of(world, "Ann", "/change"))
    assert f'<option value="{world.ids["Adam"]}" selected' in text
    assert (await post(adam, page_of(world, "Ann", "/change"), **{**fields, "name": "Ann Lee"}))[0] == 200
    text = rows("Elmshire,North,Ann Park,ann@example.org,,practitioner,adam@example.org,")
    assert (await post(adam, "/people/import", text=text, do="bring"))[0] == 200
    ann = await known(world, "Ann")
    assert (ann.name, ann.supervisor_id) == ("Ann Park", world.ids["Adam"])
    assert len(await said(world, "Ann", "supervision.changed")) == 1


@pytest.mark.parametrize("way", ["by hand", "by a file"])
async def test_the_worker_and_whoever_supervised_them_hear_that_it_is_somebody_else_now(
    world: World, adam: ClientSession, way: str
) -> None:
    async with world.database.transaction() as tx:
        await people.save(tx, replace(await people.get(tx, world.ids["Ann"]), supervisor_id=world.ids["Mia"]))
    fields = {"name": "Ann", "email": "ann@example.org", "phone": "", "supervisor": str(world.ids["Dev"])}
    text = rows("Elmshire,North,Ann,ann@example.org,,practitioner,dev@example.org,")
    for _ in range(2):
        if way == "by hand":
            assert (await post(adam, page_of(world, "Ann", "/change"), **fields))[0] == 200
        else:
            assert (await post(adam, "/people/import", text=text, do="look"))[0] == 200
            assert (await post(adam, "/people/import", text=text, do="bring"))[0] == 200
    assert [each.params["name"] for each in await said(world, "Ann", "supervision.")] == ["Dev"], "said once"
    assert [each.params["worker"] for each in await said(world, "Mia", "supervision.")] == ["Ann"]
    assert await said(world, "Dev", "supervision.") == []
    if way == "by hand":
        await post(adam, page_of(world, "Ann", "/change"), **{**fields, "supervisor": ""})
        assert "name" not in (await said(world, "Ann", "supervision."))[-1].params
        assert [each.template for each in await said(world, "Dev", "supervision.")] == ["supervision.handed"]


async def test_whoever_is_kept_off_hears_no_name_with_it(world: World, adam: ClientSession) -> None:
    async with world.database.transaction() as tx:
        await people.save(tx, replace(await people.get(tx, world.ids["Ann"]), supervisor_id=world.ids["Mia"]))
    await keep_off(world, "Mia", "Ann")
    await keep_off(world, "Ann", "Dev")
    fields = {"name": "Ann", "email": "ann@example.org", "phone": "", "supervisor": str(world.ids["Dev"])}
    assert (await post(adam, page_of(world, "Ann", "/change"), **fields))[0] == 200
    assert ["name" in each.params for each in await said(world, "Ann", "supervision.changed")] == [False]
    assert await said(world, "Mia", "supervision.") == []


async def test_the_last_administrator_stays_one(world: World) -> None:
    """Dev, who is no administrator any more by the time that it is done, was one when they began."""
    await second_administrator(world)
    async with world.database.transaction() as tx:
        dev = await world.actor(tx, "Dev")
        await people.set_roles(tx, dev.person_id, world.team_id, frozenset({Role.MANAGER}))
    async with world.database.reading() as tx:
        with pytest.raises(Refused, match="last_administrator"):
            await people_changing.set_roles(tx, dev, world.ids["Adam"], world.team_id, frozenset())
        with pytest.raises(Refused, match="last_administrator"):
            await leaving.deactivate(tx, dev, world.ids["Adam"])


async def test_a_training_is_written_down_and_counts_for_as_long_as_the_policy_says(
    world: World, adam: ClientSession
) -> None:
    day = (world.now - timedelta(days=1097)).date()
    status, text = await post(adam, page_of(world, "Ann", "/training"), code="personal_safety", on=f"{day}")
    assert status == 200 and "counted until" in text
    async with world.database.reading() as tx:
        assert await training.of(tx, world.ids["Ann"]) == {"personal_safety": day}
    for fields in ({"code": "magic", "on": f"{day}"}, {"code": "personal_safety", "on": "2099-01-01"}):
        assert (await post(adam, page_of(world, "Ann", "/training"), **fields))[0] == 409
