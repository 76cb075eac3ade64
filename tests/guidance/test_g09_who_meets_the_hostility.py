"""G9: agency by agency, who meets what and who still goes; the pattern is named, and some ask for a meeting."""

from datetime import timedelta
from typing import Any

import pytest

from safety_service.actions import items, partners
from safety_service.actions.errors import NotFound
from safety_service.domain.hostility import US, Pattern
from safety_service.domain.refusal import Refused
from safety_service.store.partners import Partner
from tests.guidance.at_families import REF, change, told
from tests.world import World


async def agency(world: World, name: str, *meets: str, who: str = "Ann", **more: Any) -> Partner:
    return await world.do(who, partners.add, REF, {"organisation": name, "meets": list(meets), **more})


async def pattern(world: World) -> tuple[Pattern, str | None]:
    seen = (await world.do("Mia", partners.around, REF)).picture
    return seen.pattern, seen.only


async def proposed(world: World) -> list[list[str]]:
    """Why meetings are proposed that are open now."""
    around = await world.do("Mia", partners.around, REF)
    async with world.database.reading() as tx:
        found = await items.open_of_family(tx, around.family.id)
    return [each.body["why"] for each in found if each.kind == "meeting"]


async def test_when_it_is_one_agency_only_it_is_asked_why_only_them(world: World) -> None:
    await told(world, "argued")
    await agency(world, "School")
    await agency(world, "Health visitor", "mixed")
    assert await pattern(world) == (Pattern.ONE, US)
    await change(world, only_us="We were the ones who wrote the letter")
    assert (await world.do("Mia", partners.around, REF)).family.record.only_us.startswith("We were")
    assert await proposed(world) == []


async def test_one_several_and_most_are_told_apart(world: World) -> None:
    await world.plan()
    await agency(world, "School", "argued")
    assert await pattern(world) == (Pattern.ONE, "School")
    for name in ("Housing", "Police", "GP"):
        await agency(world, name)
    await agency(world, "Health visitor", "veiled_threat")
    assert await pattern(world) == (Pattern.SEVERAL, None)
    assert await proposed(world) == []
    await agency(world, "Nursery", "dog")
    await told(world, "open_threat")
    assert await pattern(world) == (Pattern.MOST, None)


async def test_where_most_meet_hostility_a_meeting_is_proposed_once(world: World) -> None:
    await told(world, "argued")
    await agency(world, "School", "argued")
    assert await proposed(world) == [["most_hostile"]]
    await agency(world, "Police", "open_threat")
    await told(world, "open_threat")
    assert await proposed(world) == [["most_hostile"]]


async def test_where_visits_drop_off_a_meeting_is_proposed(world: World) -> None:
    await world.plan()
    await agency(world, "School", visits="reduced")
    assert await proposed(world) == []
    await agency(world, "Health visitor", visits="no", withheld="No home visits any more")
    assert await proposed(world) == [["visits_drop"]]
    seen = (await world.do("Mia", partners.around, REF)).picture
    assert seen.withheld == (("Health visitor", "No home visits any more"),)


async def test_giving_way_here_and_confronting_there_is_named(world: World) -> None:
    await world.plan()
    await agency(world, "School", stance="appeasing")
    assert not (await world.do("Mia", partners.around, REF)).picture.tension
    await agency(world, "Housing", stance="opposing")
    assert (await world.do("Mia", partners.around, REF)).picture.tension


async def test_what_is_past_is_no_hostility_of_today(world: World) -> None:
    await told(world, "argued")
    await agency(world, "School")
    world.clock.move(timedelta(days=200))
    assert await pattern(world) == (Pattern.NONE, None)


async def test_another_contact_has_to_be_made_sure_of_again(world: World) -> None:
    await world.plan()
    row = await agency(world, "School", contact={"name": "Mrs Lee", "email": "lee@school.example", "secret": "x"})
    assert row.contact == {"name": "Mrs Lee", "email": "lee@school.example"} and row.verified_at is None
    row = await world.do("Ann", partners.verify, row.id)
    assert row.verified_by == world.ids["Ann"]
    row = await world.do("Ann", partners.change, row.id, row.version, {"withheld": "Nothing"})
    assert row.verified_at is not None
    row = await world.do("Ann", partners.change, row.id, row.version, {"contact": {"name": "Mr Day"}})
    assert row.verified_at is None
    with pytest.raises(Refused, match="changed_meanwhile"):
        await world.do("Mia", partners.change, row.id, row.version - 1, {"withheld": ""})


async def test_an_agency_that_left_stays_to_be_read_and_counts_no_more(world: World) -> None:
    await told(world, "argued")
    row = await agency(world, "School", "argued")
    await world.do("Mia", partners.end, row.id)
    around = await world.do("Mia", partners.around, REF)
    assert [each.organisation for each in around.ended] == ["School"] and not around.partners
    assert around.picture.pattern is Pattern.ONE
    with pytest.raises(Refused, match="partner_ended"):
        await world.do("Mia", partners.verify, row.id)


async def test_what_cannot_be_kept_is_refused_with_its_reason(world: World) -> None:
    await world.plan()
    for wrong, why in (
        ({"organisation": " "}, "organisation_wanted"),
        ({"organisation": "School", "visits": "maybe"}, "stance_unknown"),
        ({"organisation": "School", "stance": "friendly"}, "stance_unknown"),
    ):
        with pytest.raises(Refused, match=why):
            await world.do("Ann", partners.add, REF, wrong)
    await world.opens("Rita", REF)
    with pytest.raises(Refused, match="not_your_role"):
        await agency(world, "School", who="Rita")
    with pytest.raises(NotFound):
        await agency(world, "School", who="Ben")
