"""What a manager reads out to 999: what was met there and since when, never how a level came about."""

from safety_service.actions import words
from safety_service.actions.alarm import alarm_params
from safety_service.actions.scene import of_visit
from safety_service.actions.words import Word
from tests.world import World


async def test_who_raised_a_risk_and_what_is_not_known_is_not_said_to_999(world: World) -> None:
    row = await world.plan(after=30, answers={"around": ["dog"], "raise": "yes"})
    await world.jump(35)
    await world.do("Ann", words.begin, row.id, Word())
    begun = world.now
    await world.later(50)
    alert = await world.alert()
    async with world.database.reading() as tx:
        params = await alarm_params(tx, alert, await of_visit(tx, await world.visit(row.id)))
    keys = {each["key"] for each in (await world.visit(row.id)).because}
    assert {"raised", "unknown_family", "dog"} <= keys
    assert params["met"] == ["Loose dog"] and "Raised by Ann" in params["because"]
    assert params["since"] == begun.isoformat() != params["starts_at"]


async def test_of_who_never_went_in_it_is_said_when_they_were_to_and_not_that_they_did(world: World) -> None:
    row = await world.plan(after=30)
    await world.later(60)
    alert = await world.alert()
    async with world.database.reading() as tx:
        params = await alarm_params(tx, alert, await of_visit(tx, await world.visit(row.id)))
    assert (params["expected_at"], params["since"]) == (row.visit.starts_at.isoformat(), None)
