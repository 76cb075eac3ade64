"""People and teams on pages: whoever runs them, by the rules of the command line; nobody gives themselves rights."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from aiohttp import ClientSession, FormData
from sqlalchemy import select

from safety_service import web
from safety_service.actions import (
    alerts,
    danger,
    directory,
    exclusions,
    filters,
    leaving,
    people_brought,
    people_changing,
)
from safety_service.actions.actor import Actor
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Kind, Role
from safety_service.store import agencies, channels, people, sessions, standing, teams, training
from safety_service.store import directory as stored
from safety_service.store import exclusions as kept_off
from safety_service.store.database import Tx
from safety_service.store.errors import TryAgain
from safety_service.store.people import Person
from safety_service.store.tables.system import event_log
from tests.http import application, browsing, serving, signed_in
from tests.unit.reachable import said
from tests.world import World

COLUMNS = "agency,team,name,email,phone,roles,supervisor_email,training"


@pytest.fixture
async def base(world: World) -> AsyncIterator[str]:
    async with serving(application(world, web)) as address:
        yield address


@pytest.fixture
async def adam(world: World, base: str) -> AsyncIterator[ClientSession]:
    async with browsing(base) as session:
        await signed_in(world, session, "Adam")
        yield session


async def get(session: ClientSession, path: str) -> tuple[int, str]:
    async with session.get(path) as answer:
        return answer.status, await answer.text()


async def post(session: ClientSession, path: str, fields: object = None, **more: str) -> tuple[int, str]:
    async with session.post(path, data=more if fields is None else fields) as answer:
        return answer.status, await answer.text()


async def known(world: World, who: str | UUID) -> Person:
    async with world.database.reading() as tx:
        return await people.get(tx, world.ids[who] if isinstance(who, str) else who)


def page_of(world: World, who: str, more: str = "") -> str:
    return f"/people/{world.ids[who]}{more}"


async def keep_off(world: World, who: str, off: str) -> None:
    async with world.database.transaction() as tx:
        await exclusions.add(tx, None, world.ids[who], worker_id=world.ids[off], reason="was married to them")


async def second_administrator(world: World) -> None:
    async with world.database.transaction() as tx:
        await people.set_roles(tx, world.ids["Dev"], world.team_id, frozenset({Role.MANAGER, Role.ADMINISTRATOR}))


# --- the list ---


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


# --- adding, changing ---


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


# --- deactivating ---


async def test_what_happens_is_shown_before_somebody_is_deactivated_and_then_happens(
    world: World, adam: ClientSession
) -> None:
    await world.inside()
    await world.later(130)
    await world.do("Mia", alerts.take, (await world.alert()).id)
    async with world.database.transaction() as tx:
        ann = await people.get(tx, world.ids["Ann"])
        await people.save(tx, replace(ann, supervisor_id=world.ids["Mia"]))
    await signed_in(world, adam, "Adam")
    _, text = await get(adam, page_of(world, "Mia", "/deactivate"))
    assert "1 alert is theirs" in text and "1 shift of theirs counts no more" in text
    assert "Then this is missing in the next month" in text and "nobody supervises: Ann" in text
    _, text = await get(adam, page_of(world, "Ann", "/deactivate"))
    assert "1 visit is under way" in text and "Each is watched to its end" in text
    assert "F-1" not in text and "Elm Row" not in text
    assert (await known(world, "Mia")).active, "looking does nothing"
    status, text = await post(adam, page_of(world, "Mia", "/deactivate"))
    assert status == 200 and "Deactivated" in text
    assert not (await known(world, "Mia")).active
    owned = (await world.alert()).alert
    assert owned.next_at is not None and owned.next_at <= world.now + owned.ladder.reply
    status, _ = await post(adam, page_of(world, "Mia", "/back"))
    assert status == 200 and (await known(world, "Mia")).active


async def test_whoever_an_alert_is_about_learns_nothing_of_it_from_its_owners_page(world: World, base: str) -> None:
    """Ann administers, too, and has called for help silently: what duress causes reaches no page of hers."""
    async with world.database.transaction() as tx:
        roles = frozenset({Role.PRACTITIONER, Role.ADMINISTRATOR})
        await people.set_roles(tx, world.ids["Ann"], world.team_id, roles)
    row = await world.inside()
    async with world.database.transaction() as tx:
        await danger.duress(tx, world.ids["Ann"], row.id, tx.now)
    opened = await world.alert()
    assert opened.alert.kind is Kind.DURESS
    await world.do("Mia", alerts.take, opened.id)
    async with world.database.reading() as tx:
        seen = await leaving.consequences(tx, await world.actor(tx, "Ann"), world.ids["Mia"])
        others = await leaving.consequences(tx, await world.actor(tx, "Adam"), world.ids["Mia"])
    assert (seen.owned, others.owned) == (0, 1)


async def test_counts_leave_out_what_the_administrator_is_kept_off(world: World) -> None:
    await world.inside()
    await world.later(130)
    await world.do("Mia", alerts.take, (await world.alert()).id)
    await keep_off(world, "Adam", "Ann")
    async with world.database.reading() as tx:
        assert (await leaving.consequences(tx, await world.actor(tx, "Adam"), world.ids["Mia"])).owned == 0


async def test_a_lost_phone_ends_everything_that_speaks_for_them_and_nothing_else(
    world: World, adam: ClientSession
) -> None:
    row = await world.inside()
    async with world.database.transaction() as tx:
        token = await sessions.start(tx, world.ids["Ann"], "web")
    status, text = await post(adam, page_of(world, "Ann", "/lost"))
    assert status == 200 and "Nothing reaches them any more" in text
    async with world.database.reading() as tx:
        assert await sessions.person_of(tx, token) is None
    assert (await known(world, "Ann")).active
    assert (await world.visit(row.id)).visit.watches[0].next_at is not None


# --- exclusions ---


async def test_somebody_is_kept_off_a_colleague_and_the_reason_is_read_one_at_a_time(
    world: World, adam: ClientSession
) -> None:
    path = page_of(world, "Dev", "/keep-off")
    status, text = await post(adam, path, worker="Ann", family="", reason="was married to them")
    assert status == 200 and "From now on they are kept off" in text
    _, text = await get(adam, "/exclusions")
    assert "Dev" in text and "Ann" in text and "married" not in text
    link = re.search(r'href="(/exclusions/[0-9a-f-]{36})"', text)
    assert link is not None
    _, text = await get(adam, link[1])
    assert "was married to them" in text
    async with world.database.reading() as tx:
        query = select(event_log.c.verb).where(event_log.c.subject == "exclusion").order_by(event_log.c.id)
        assert list((await tx.conn.execute(query)).scalars()) == ["added", "read"]
        assert world.ids["Dev"] in await kept_off.excluded(tx, world.ids["Ann"], None)
    assert (await post(adam, f"{link[1]}/end"))[0] == 200
    async with world.database.reading() as tx:
        assert await kept_off.excluded(tx, world.ids["Ann"], None) == frozenset()


async def test_what_is_missing_in_an_exclusion_is_said(world: World, adam: ClientSession) -> None:
    path = page_of(world, "Dev", "/keep-off")
    for fields, says in (
        ({"worker": "Nobody Here", "family": "", "reason": "x"}, "I do not know everybody"),
        ({"worker": "", "family": "", "reason": "x"}, "one of the two"),
        ({"worker": "Ann", "family": "F-1", "reason": "x"}, "one of the two"),
        ({"worker": "Dev", "family": "", "reason": "x"}, "kept off themselves"),
        ({"worker": "", "family": "F-1", "reason": " "}, "Give the reason"),
        ({"worker": "example", "family": "", "reason": "x"}, "I do not know everybody"),
    ):
        status, text = await post(adam, path, **fields)
        assert status == 409 and says in text, fields


async def test_whoever_is_kept_off_finds_neither_the_person_nor_the_exclusion(
    world: World, adam: ClientSession
) -> None:
    await keep_off(world, "Adam", "Ann")
    async with world.database.reading() as tx:
        [row] = await kept_off.every(tx, world.agency_id)
    async with adam.post("/people", data={"q": "ann"}) as answer:
        found = str(answer.url.relative())
    for path in ("/people", found, f"/people?team={world.team_id}", "/exclusions", page_of(world, "Adam")):
        status, text = await get(adam, path)
        assert status == 200 and ">Ann<" not in text and "Ann</b>" not in text, path
    assert "North</a> (5)" in (await get(adam, "/people"))[1]
    assert "1 exclusion" not in (await get(adam, page_of(world, "Adam")))[1]
    for more in ("", "/change", "/roles", "/deactivate", "/keep-off"):
        assert (await get(adam, page_of(world, "Ann", more)))[0] == 404
    for more in ("/invite", "/deactivate", "/lost", "/training", "/roles"):
        assert (await post(adam, page_of(world, "Ann", more)))[0] == 404
    assert (await get(adam, f"/exclusions/{row.id}"))[0] == 404
    assert (await post(adam, f"/exclusions/{row.id}/end"))[0] == 404
    status, text = await post(adam, page_of(world, "Dev", "/keep-off"), worker="Ann", family="", reason="x")
    assert status == 409 and "I do not know everybody" in text


async def test_nobody_reads_from_which_family_they_are_kept_off(world: World, adam: ClientSession) -> None:
    async with world.database.transaction() as tx:
        await exclusions.add(tx, None, world.ids["Adam"], family_ref="F-9", reason="his brother")
        await exclusions.add(tx, None, world.ids["Dev"], family_ref="F-9", reason="his neighbour")
        others = await exclusions.add(tx, None, world.ids["Dev"], family_ref="F-8", reason="his aunt")
    _, text = await get(adam, "/exclusions")
    assert "F-8" in text and "F-9" not in text
    assert (await get(adam, f"/exclusions/{others}"))[0] == 200
    async with world.database.reading() as tx:
        about = [each.id for each in await kept_off.every(tx, world.agency_id) if each.id != others]
    assert [(await get(adam, f"/exclusions/{each}"))[0] for each in about] == [404, 404]


async def test_a_search_that_collided_with_somebody_elses_is_done_again(
    world: World, adam: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    keep = filters.look_for

    async def collides_once(tx: Tx, actor: Actor, page: str, query: Mapping[str, str]) -> UUID:
        tried.append(query["q"])
        if len(tried) == 1:
            raise TryAgain
        return await keep(tx, actor, page, query)

    monkeypatch.setattr(filters, "look_for", collides_once)
    status, text = await post(adam, "/people", q="ann")
    assert status == 200 and tried == ["ann", "ann"] and ">Ann<" in text


async def test_a_supervisor_whom_the_administrator_may_not_know_stays(world: World, adam: ClientSession) -> None:
    async with world.database.transaction() as tx:
        await people.save(tx, replace(await people.get(tx, world.ids["Ann"]), supervisor_id=world.ids["Mia"]))
    await keep_off(world, "Adam", "Mia")
    _, text = await get(adam, page_of(world, "Ann", "/change"))
    assert 'id="supervisor"' in text and "Mia" not in text
    fields = {"name": "Ann Lee", "email": "ann@example.org", "phone": "", "supervisor": ""}
    assert (await post(adam, page_of(world, "Ann", "/change"), **fields))[0] == 200
    assert (await known(world, "Ann")).supervisor_id == world.ids["Mia"]


# --- the standing list ---


async def test_the_standing_list_says_whether_it_would_hold(world: World, adam: ClientSession) -> None:
    _, text = await get(adam, "/standing")
    assert "Reached in one way only" in text and "Then fewer than two are left" in text
    status, text = await post(adam, "/standing", person=str(world.ids["Mia"]))
    assert status == 200 and "Mia" in text and "Then fewer than two are left" not in text
    for who in ("Mia", "Dev"):
        assert (await post(adam, f"/standing/{world.ids[who]}/remove"))[0] == 200
    _, text = await get(adam, "/standing")
    assert "Fewer than two people on it can be reached" in text
    async with world.database.reading() as tx:
        assert await standing.of(tx, world.agency_id) == {world.ids["Adam"]}


# --- bringing in a file ---


def rows(*given: str) -> str:
    return "\n".join([COLUMNS, *given])


async def test_a_file_is_looked_at_first_and_then_brought_in(world: World, adam: ClientSession) -> None:
    text = rows(
        "Elmshire,East,Ines Roy,ines@example.org,,practitioner,mia@example.org,personal_safety:2026-03-01",
        "Elmshire,North,Ann Lee,ann@example.org,,practitioner;reviewer,,",
        "Elmshire,North,Ben,ben@example.org,,practitioner,,",
    )
    fields = FormData()
    fields.add_field("file", text.encode(), filename="people.csv", content_type="text/csv")
    fields.add_field("do", "look")
    status, page = await post(adam, "/people/import", fields)
    assert status == 200 and "1 would be added, 1 would be changed, 1 as they are" in page and "East" in page
    async with world.database.reading() as tx:
        assert await people.by_email(tx, world.agency_id, "ines@example.org") is None
        assert await teams.by_name(tx, world.agency_id, "East") is None
        verbs = select(event_log.c.verb).where(event_log.c.subject == "person")
        assert "added" not in set((await tx.conn.execute(verbs)).scalars())
    status, page = await post(adam, "/people/import", text=text, do="bring")
    assert status == 200 and "1 added, 1 changed, 1 as they are" in page
    async with world.database.reading() as tx:
        ines = await people.by_email(tx, world.agency_id, "ines@example.org")
    assert ines is not None and ines.supervisor_id == world.ids["Mia"]
    assert (await known(world, "Ann")).name == "Ann Lee"
    status, page = await post(adam, "/people/import", text=text, do="look")
    assert "Nothing would change" in page


async def test_every_bad_row_is_named_by_its_line_and_nothing_is_half_imported(
    world: World, adam: ClientSession
) -> None:
    text = rows(
        "Elmshire,North,Ines Roy,ines@example.org,,practitioner,,",
        "Elmshire,North,Odd,nonsense,,king,,",
        "Oakshire,North,Eve,eve@example.org,,practitioner,,",
    )
    for do in ("look", "bring"):
        status, page = await post(adam, "/people/import", text=text, do=do)
        assert status == 422 and "Line 3: " in page and "role &#39;king&#39; is not known" in page
        assert "ines@example.org" in page, "what was given stays"
    status, page = await post(adam, "/people/import", text=text.replace("nonsense,,king", "odd@example.org,,reviewer"))
    assert status == 422 and "Line 4: agency &#39;Oakshire&#39; is not yours" in page
    async with world.database.reading() as tx:
        assert await people.by_email(tx, world.agency_id, "ines@example.org") is None
        assert await agencies.by_name(tx, "Oakshire") is None


async def test_an_agency_that_is_there_and_one_that_is_not_are_answered_alike(
    world: World, adam: ClientSession
) -> None:
    async with world.database.transaction() as tx:
        await agencies.add(tx, "Oakshire", office_phone="", demonstration=True)
    answers = []
    for name in ("Oakshire", "Ashshire"):
        _, page = await post(adam, "/people/import", text=rows(f"{name},North,Eve,eve@example.org,,reviewer,,"))
        found = re.search(r"Line 2: [^<]*", page)
        assert found is not None
        answers.append(found[0].replace(name, "…"))
    assert answers[0] == answers[1]


async def test_a_file_gives_nobody_rights_of_their_own_nor_touches_whom_they_are_kept_off(
    world: World, adam: ClientSession
) -> None:
    text = rows("Elmshire,North,Adam,adam@example.org,,administrator;manager,,")
    status, page = await post(adam, "/people/import", text=text, do="bring")
    assert status == 422 and "somebody else has to change" in page
    text = rows("Elmshire,North,Adam,adam@example.org,,administrator,,personal_safety:2026-01-01")
    status, page = await post(adam, "/people/import", text=text, do="bring")
    assert status == 422 and "a training of your own" in page
    await keep_off(world, "Adam", "Ann")
    text = rows("Elmshire,North,Ann,ann@example.org,,practitioner,adam@example.org,")
    status, page = await post(adam, "/people/import", text=text, do="bring")
    assert status == 422 and "somebody else has to bring this row in" in page
    assert (await known(world, "Ann")).supervisor_id is None
    assert Role.MANAGER not in (await known(world, "Adam")).roles[world.team_id]


async def test_a_file_that_is_no_text_or_too_long_is_refused_in_words(world: World, adam: ClientSession) -> None:
    fields = FormData()
    fields.add_field("file", b"\xff\xfe\x00", filename="people.csv", content_type="text/csv")
    status, page = await post(adam, "/people/import", fields)
    assert status == 422 and "not UTF-8" in page
    status, page = await post(adam, "/people/import", text="")
    assert status == 422 and "Choose a file" in page
    many = [f"Elmshire,North,P{n},p{n}@example.org,,reviewer,," for n in range(people_brought.MOST_ROWS + 1)]
    status, page = await post(adam, "/people/import", text=rows(*many))
    assert status == 422 and "at most at a time" in page
