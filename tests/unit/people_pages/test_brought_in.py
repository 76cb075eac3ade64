"""People on pages: the standing list, and a file of many."""

from __future__ import annotations

import re

from aiohttp import ClientSession, FormData
from sqlalchemy import select

from safety_service.actions import people_brought
from safety_service.domain.words import Role
from safety_service.store import agencies, people, standing, teams
from safety_service.store.tables.system import event_log
from tests.unit.people_pages.acting import get, keep_off, known, post, rows
from tests.world import World


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
