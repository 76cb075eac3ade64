"""The guidance: a bad line is named with its place, an agency names what differs, and records keep their edition."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from config.guidance import SHIPPED, GuidanceError, parse_guidance, read_guidance
from safety_service.store import guidances
from safety_service.store.tables.learning import guidance_edition
from tests.world import World

GUIDANCE = parse_guidance("")


def faults(text: str) -> list[str]:
    with pytest.raises(GuidanceError) as refused:
        parse_guidance(text)
    return refused.value.faults


def test_an_empty_file_is_the_shipped_guidance() -> None:
    assert read_guidance(SHIPPED) == GUIDANCE


def test_an_agency_names_only_what_differs_and_switches_off_what_it_does_not_want() -> None:
    ours = parse_guidance('[reasons.jargon]\noff = true\n[areas.pets]\nsays = "The pets"\nsource = "our own page"')
    assert "jargon" not in ours.asked("reasons")
    assert ours.says("reasons", "jargon") == GUIDANCE.says("reasons", "jargon")
    assert ours.says("areas", "pets") == "The pets"
    assert set(ours.asked("areas")) == {*GUIDANCE.asked("areas"), "pets"}


def test_every_fault_is_named_with_its_line() -> None:
    assert faults(
        '[behaviours.hit]\nfoo = 1\n[measures.two_people]\ndemands = { people = 1 }\n[areas.x]\nsays = "X"'
    ) == [
        "line 2: behaviours.hit.foo: is not known here",
        "line 5: areas.x.source: is needed",
        "line 4: measures.two_people.demands.people: Input should be greater than or equal to 2",
    ]


def test_a_measure_that_nobody_wrote_down_cannot_be_suggested() -> None:
    assert faults('[reasons.jargon]\nmeasures = ["magic"]') == [
        "reasons.jargon: the measure 'magic' is not in [measures]"
    ]


def test_mixed_feelings_alone_can_never_count() -> None:
    (fault,) = faults('[behaviours.mixed]\nseverity = "low"')
    assert "mixed feelings alone are no risk" in fault


def test_every_entry_has_words_and_a_source_and_every_threat_is_urgent() -> None:
    for each in GUIDANCE.behaviours.values():
        assert each.says
        assert each.source
        assert each.urgent == (each.group in ("threat", "violence"))


async def test_an_agency_has_its_own_edition_and_records_keep_theirs(world: World) -> None:
    async with world.database.transaction() as tx:
        assert (await tx.guidance(world.agency_id)).number == guidances.SHIPPED
        first = await guidances.apply(tx, None, "[areas.home]\noff = true", "Adam", "everybody's")
        own = await guidances.apply(tx, world.agency_id, '[areas.home]\nsays = "Rooms"', "Adam", "ours")
    async with world.database.reading() as tx:
        now = await tx.guidance(world.agency_id)
        assert (now.number, now.guidance.says("areas", "home")) == (own, "Rooms")
        assert "home" not in (await guidances.numbered(tx, first)).guidance.asked("areas")
        assert (await guidances.numbered(tx, None)).guidance == GUIDANCE


async def test_an_edition_that_this_code_cannot_use_is_passed_over(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async with world.database.transaction() as tx:
        good = await guidances.apply(tx, None, '[areas.home]\nsays = "Rooms"', "Adam", "ours")
        newer = await guidances.apply(tx, None, "", "Adam", "of newer code")
        of_newer_code = update(guidance_edition).where(guidance_edition.c.number == newer)
        await tx.conn.execute(of_newer_code.values(whole='{"colours": {}}'))
    async with world.database.reading() as tx:
        assert (await tx.guidance(world.agency_id)).number == good
    assert "cannot be used" in caplog.text


async def test_a_record_keeps_its_words_although_newer_code_ships_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.database.transaction() as tx:
        made = await guidances.apply(tx, None, "[areas.home]\noff = true", "Adam", "ours")
    monkeypatch.setattr("config.guidance._shipped", dict)
    async with world.database.reading() as tx:
        kept = (await guidances.numbered(tx, made)).guidance
    assert kept.says("reasons", "jargon") == GUIDANCE.says("reasons", "jargon")
    assert kept.measures["short_interval"].demands.interval == timedelta(minutes=15)
