"""G19: a family that asks gets what is kept about it: looked at first, without staff, others and marked passages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from sqlalchemy import select, update

from safety_service.actions import kept_files, reviews, subject_access
from safety_service.actions.errors import NotFound
from safety_service.actions.kept_files import Spoken
from safety_service.domain.redaction import PASSAGE, STAFF, Redaction, parts_of
from safety_service.domain.refusal import Refused
from safety_service.store import exclusions
from safety_service.store.ids import new_id
from safety_service.store.tables.around import partner
from safety_service.store.tables.learning import debrief, item
from safety_service.store.tables.plans import measure
from safety_service.store.tables.system import event_log
from safety_service.store.tables.visits import family
from tests.debriefs import given
from tests.world import World

PRIVATE = "I was ashamed of my tone"


async def a_family(world: World) -> Any:
    """What is kept: a difficult debrief after an alarm that names colleagues and a neighbour, a partner, a comment."""
    made = await given(
        world,
        "Ann",
        behaviours=["open_threat"],
        severity="high",
        answers={
            "happened": "He told Ann that Dora Quill from school had warned him. The neighbour at 4 saw it.",
            "gap_home": {"why": "no way in", "owner": str(world.ids["Ben"])},
        },
        private={"feeling": PRIVATE},
        signals=[{"kind": "alert", "alert": "duress"}],
    )
    await world.do("Mia", reviews.comment, made, "mia will ring him")
    async with world.database.transaction() as tx:
        family_id = (await tx.conn.execute(select(debrief.c.family_id).where(debrief.c.id == made))).scalar_one()
        record = {"trusted": {"name": "Aunt Rosalind"}, "practical": {"dog": "Ask Rosalind to hold it"}}
        await tx.conn.execute(update(family).where(family.c.id == family_id).values(name="Marlow", record=record))
        values = {
            "id": new_id(),
            "agency_id": world.agency_id,
            "family_id": family_id,
            "organisation": "Elm School",
            "contact": {"name": "Dora Quill", "phone": "01632 960123"},
            "meets": [],
            "visits": "yes",
            "stance": "neither",
            "kept_out": "The father must not learn it",
            "created_at": tx.now,
            "updated_at": tx.now,
        }
        await tx.conn.execute(partner.insert().values(values))
    return family_id


async def preview(world: World, who: str = "Mia", *passages: str) -> subject_access.Answer:
    return await world.do(who, subject_access.preview, "f-1", passages)


async def test_it_holds_what_is_kept_and_names_nobody_else(world: World) -> None:
    await a_family(world)
    answer = await preview(world, "Mia", "The neighbour  at 4")
    for text in (answer.as_text(), answer.as_json().decode()):
        assert "Marlow" in text and "had warned him" in text and "Elm School" in text
        for gone in (
            "Ann",
            "Mia",
            "Dora",
            "Quill",
            "Rosalind",
            "01632 960123",
            "neighbour",
            "must not learn",
            "duress",
            PRIVATE,
        ):
            assert gone not in text, gone
        assert not [name for name, each in world.ids.items() if str(each) in text]
    assert STAFF in answer.as_text() and PASSAGE in answer.as_text()


async def test_what_goes_out_is_what_was_looked_at(world: World) -> None:
    await a_family(world)
    looked = await preview(world)
    with pytest.raises(Refused, match="preview_first"):
        await world.do("Mia", subject_access.export, "F-1", (), "")
    with pytest.raises(Refused, match="preview_first"):
        await world.do("Mia", subject_access.export, "F-1", ("neighbour",), looked.digest)
    given_out = await world.do("Mia", subject_access.export, "F-1", (), looked.digest)
    assert given_out.sections == looked.sections
    await given(world, "Ben", after=60)
    with pytest.raises(Refused, match="preview_first"):
        await world.do("Mia", subject_access.export, "F-1", (), looked.digest)


async def test_both_looking_and_giving_out_are_kept(world: World) -> None:
    family_id = await a_family(world)
    looked = await preview(world)
    await world.do("Mia", subject_access.export, "F-1", (), looked.digest)
    async with world.database.reading() as tx:
        query = select(event_log).where(event_log.c.subject == "subject_access").order_by(event_log.c.id)
        rows = (await tx.conn.execute(query)).all()
    assert [(row.verb, row.subject_id, row.actor_id) for row in rows] == [
        ("previewed", family_id, world.ids["Mia"]),
        ("exported", family_id, world.ids["Mia"]),
    ]
    assert rows[1].details["rows"]["debriefs"] == 1


async def test_only_managers_of_the_family_whom_nothing_keeps_off_it(world: World) -> None:
    family_id = await a_family(world)
    await world.opens("Rita")
    for who in ("Ann", "Rita"):
        with pytest.raises(Refused, match="managers_only"):
            await preview(world, who)
    for who in ("Ben", "Adam"):
        with pytest.raises(NotFound):
            await preview(world, who)
    async with world.database.transaction() as tx:
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], family_id=family_id, reason="hers", by=None)
        await exclusions.add(tx, world.agency_id, world.ids["Dev"], worker_id=world.ids["Ann"], reason="his", by=None)
    for who in ("Mia", "Dev"):
        with pytest.raises(NotFound):
            await preview(world, who)


async def test_nothing_of_another_family_is_in_it(world: World) -> None:
    await a_family(world)
    await given(world, "Ben", ref="F-2", behaviours=["argued"], answers={"happened": "A turquoise door"})
    assert "turquoise" not in (await preview(world)).as_text()
    assert "turquoise" in (await world.do("Mia", subject_access.preview, "F-2")).as_text()


async def test_what_is_for_supervision_is_not_in_it(world: World) -> None:
    family_id = await a_family(world)
    async with world.database.transaction() as tx:
        (agency, team) = world.agency_id, world.team_id
        values = {"id": new_id(), "agency_id": agency, "team_id": team, "family_id": family_id, "kind": "supervision"}
        await tx.conn.execute(item.insert().values(**values, body={"text": "a worry of hers"}, opened_at=tx.now))
        assert (await tx.conn.execute(select(measure.c.id))).first() is not None
    text = (await preview(world)).as_text()
    assert "a worry of hers" not in text and "MEASURES" in text


def test_a_name_is_taken_out_whole_and_a_word_that_is_a_name_stays() -> None:
    redaction = Redaction(staff=parts_of(["Will Marsh", "Ann"]))
    assert redaction.of_text("Will Marsh said he will come by the marsh. Annie too. ANN") == (
        f"{STAFF} said he will come by the marsh. Annie too. ANN"
    )
    assert redaction.of_text("will marsh, Ann") == f"{STAFF}, {STAFF}"


@for_all(st.text(max_size=80), st.text(alphabet="abc def", min_size=1, max_size=12), st.text(max_size=80))
def test_a_marked_passage_never_stays(before: str, passage: str, after: str) -> None:
    marked = passage.strip()
    if marked:
        cleaned = Redaction(passages=(marked,)).of_text(f"{before}{marked}{after}").replace(PASSAGE, "\0")
        assert marked not in cleaned


def test_the_rows_of_an_answer_can_be_read_by_a_program() -> None:
    value = Redaction().of_value({"by": "x", "text": "ok", "items": [1], "deep": {"owner": "y", "n": 3}})
    assert json.loads(json.dumps(value)) == {"text": "ok", "deep": {"n": 3}}


async def test_what_was_spoken_is_named_and_not_enclosed(world: World) -> None:
    await a_family(world)
    row = await world.plan("Ann", ref="F-1", after=600)
    spoken = Spoken(kind="voice", provider_id="v-1", media_type="audio/ogg", size=4, seconds=42, body=b"OggS")
    await world.do("Ann", kept_files.note, spoken, visit_id=row.id)
    answer = await preview(world)
    (named,) = answer.sections["voice notes and photos"]
    assert (named["kind"], named["seconds"], "body" in named) == ("voice", 42, False)
    assert "not enclosed" in answer.as_text()
