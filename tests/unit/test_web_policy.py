"""Editions of the policy: what is less strict waits for a second administrator, on the page and in the chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from config.policy import PolicyError, parse_policy
from safety_service import web
from safety_service.actions import policies
from safety_service.actions.chases import CHASES
from safety_service.actions.errors import NotFound
from safety_service.actions.policies import Applied
from safety_service.domain.policy_reading import changes, less_strict, read
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import channels, people
from safety_service.store.tables.system import event_log, policy_offer
from tests.http import application, browsing, serving, signed_in
from tests.talk import Talk
from tests.world import World

LOOSE = '[risk.high]\ngrace = "6m"\n'
TIGHT = '[risk.high]\ngrace = "2m"\n'


@pytest.fixture
async def two(world: World) -> World:
    """Adam and Eve administer."""
    async with world.database.transaction() as tx:
        eve = await people.add(tx, world.agency_id, "Eve", email="eve@example.org")
        world.ids["Eve"] = eve.id
        await people.set_roles(tx, eve.id, world.team_id, frozenset({Role.ADMINISTRATOR}))
        await channels.link(tx, eve.id, "telegram", "chat-Eve")
    return world


async def wants(world: World, text: str = LOOSE, who: str = "Adam") -> Applied:
    async with world.database.transaction() as tx:
        return await policies.apply(tx, await world.actor(tx, who), text, who=who, why="winter")


async def offered(world: World, text: str = LOOSE) -> UUID:
    offer = (await wants(world, text)).offer
    assert offer is not None
    return offer.id


async def grace(world: World) -> float:
    async with world.database.reading() as tx:
        return (await tx.policy()).risk.high.grace / timedelta(minutes=1)


async def state(world: World, offer_id: UUID) -> str:
    async with world.database.reading() as tx:
        query = select(policy_offer.c.state).where(policy_offer.c.id == offer_id)
        return str((await tx.conn.execute(query)).scalar_one())


# --- what needs whom ---


async def test_what_loosens_nothing_is_in_force_at_once(two: World) -> None:
    applied = await wants(two, TIGHT)
    assert applied.number == 2 and applied.offer is None and await grace(two) == 2


async def test_what_loosens_is_in_force_when_another_administrator_agrees(two: World) -> None:
    applied = await wants(two)
    assert applied.number is None and applied.loosens == ("risk.high.grace: 3m → 6m",) and await grace(two) == 3
    assert applied.offer is not None
    with pytest.raises(Refused, match="never_your_own"):
        await two.do("Adam", policies.agree, applied.offer.id)
    assert await two.do("Eve", policies.agree, applied.offer.id) == 2
    assert await grace(two) == 6
    async with two.database.reading() as tx:
        kept = (await policies.in_force(tx, None))[0]
    assert kept is not None and (kept.applied_by, kept.why) == ("Adam, agreed by Eve", "winter")


async def test_somebody_who_does_not_administer_neither_applies_nor_agrees_nor_looks(two: World) -> None:
    offer = await offered(two)
    with pytest.raises(Refused, match="administrators_only"):
        await wants(two, TIGHT, "Mia")
    for act in (policies.agree, policies.refuse):
        with pytest.raises(NotFound):
            await two.do("Mia", act, offer)
    for look in (policies.offers, policies.in_force):
        with pytest.raises(NotFound):
            await two.do("Ann", look)


async def test_on_the_machine_nobody_loosens_without_a_name_once_there_is_an_administrator(two: World) -> None:
    async with two.database.transaction() as tx:
        with pytest.raises(Refused, match="administrators_only"):
            await policies.apply(tx, None, TIGHT, who="root", why="x")


async def test_one_administrator_alone_is_told_to_add_a_second(world: World) -> None:
    with pytest.raises(Refused, match="second_administrator_wanted"):
        await wants(world)


async def test_a_newer_edition_voids_what_waits(two: World) -> None:
    offer, other = await offered(two), await offered(two, '[risk.low]\ngrace = "20m"\n')
    await wants(two, TIGHT, "Eve")
    assert [await state(two, each) for each in (offer, other)] == ["void", "void"]
    with pytest.raises(Refused, match="policy_offer_gone"):
        await two.do("Eve", policies.agree, offer)
    assert await grace(two) == 2


async def test_agreeing_to_one_voids_the_others(two: World) -> None:
    offer, other = await offered(two), await offered(two, '[risk.low]\ngrace = "20m"\n')
    await two.do("Eve", policies.agree, offer)
    assert [await state(two, each) for each in (offer, other)] == ["agreed", "void"]


async def test_after_a_week_it_waits_no_more(two: World) -> None:
    offer = await offered(two)
    two.clock.move(timedelta(days=7))
    assert await two.do("Eve", policies.offers) == []
    with pytest.raises(Refused, match="policy_offer_gone"):
        await two.do("Eve", policies.agree, offer)
    async with two.database.transaction() as tx:
        assert await CHASES["policies"](tx, 20) == 1
        assert await CHASES["policies"](tx, 20) == 0
    assert await state(two, offer) == "void"
    assert "nobody agreed in time" in (await Talk(two).screen("Adam"))[-1].text


async def test_a_text_that_cannot_be_used_waits_for_nobody(two: World) -> None:
    with pytest.raises(PolicyError):
        await wants(two, '[risk.high]\ngrace = "9h"\n')
    assert await two.do("Eve", policies.offers) == []


async def test_everything_is_kept_with_who_did_it(two: World) -> None:
    await two.do("Eve", policies.refuse, await offered(two))
    await two.do("Eve", policies.agree, await offered(two))
    async with two.database.reading() as tx:
        query = select(event_log).where(event_log.c.subject == "policy").order_by(event_log.c.at, event_log.c.id)
        rows = (await tx.conn.execute(query)).all()
    assert [(two.name(row.actor_id), row.verb) for row in rows] == [
        ("Adam", "offered"),
        ("Eve", "refused_offer"),
        ("Adam", "offered"),
        ("Eve", "applied"),
    ]
    assert rows[0].details["loosens"] == ["risk.high.grace: 3m → 6m"]


# --- in the chat ---


async def test_the_other_administrators_hear_and_agree_with_one_tap(two: World) -> None:
    talk = Talk(two)
    await offered(two)
    [asked] = [each for each in await talk.screen("Eve") if each.template == "policy.offered"]
    assert "Adam wants a new policy that is less strict" in asked.text and "risk.high.grace: 3m → 6m" in asked.text
    assert {"Agree", "Refuse"} <= set(asked.labels)
    for who in ("Adam", "Mia", "Ann"):
        assert "policy.offered" not in [each.template for each in await talk.screen(who)]
    answers = await talk.presses("Eve", "Agree", of=asked)
    assert {each.template for each in answers} == {"reply.policy_agreed", "policy.applied"}
    assert "Edition 2 of the policy is in force: Adam, agreed by Eve." in answers[0].text + answers[-1].text
    assert await grace(two) == 6
    for who in ("Adam", "Eve"):
        assert "policy.applied" in [each.template for each in await talk.screen(who)]
    again = await talk.presses("Eve", "Agree", of=asked)
    assert "waits no more" in again[-1].text


async def test_whoever_wanted_it_hears_that_it_was_refused(two: World) -> None:
    talk = Talk(two)
    await offered(two)
    await talk.presses("Eve", "Refuse")
    assert "Eve has refused" in (await talk.screen("Adam"))[-1].text and await grace(two) == 3


async def test_a_button_that_somebody_forwarded_does_nothing_for_others(two: World) -> None:
    talk = Talk(two)
    await offered(two)
    [asked] = [each for each in await talk.screen("Eve") if each.template == "policy.offered"]
    await talk.token("Mia", asked.button("Agree").token or "")
    assert await grace(two) == 3


# --- on the page ---


@pytest.fixture
async def eve(two: World) -> AsyncIterator[ClientSession]:
    async with serving(application(two, web)) as base, browsing(base) as session:
        await signed_in(two, session, "Eve")
        yield session


async def text(session: ClientSession, path: str = "/policy") -> tuple[int, str]:
    async with session.get(path) as answer:
        return answer.status, await answer.text()


async def test_the_page_shows_what_is_in_force_and_what_waits_and_takes_an_answer(
    two: World, eve: ClientSession
) -> None:
    offer = await offered(two)
    status, shown = await text(eve)
    assert status == 200 and "Edition 1 is in force" in shown
    assert "High risk: wait after a missed word before a human hears: 3m → 6m" in shown
    assert "1 h 15 min" in shown and "Agree" in shown
    assert shown.count('<th scope="col">') == 4, "more columns are cut off on a phone"
    async with eve.post(f"/policy/offers/{offer}/agree") as answer:
        assert answer.status == 200
    status, shown = await text(eve)
    assert "Edition 2 is in force" in shown and "Nothing waits for a second administrator" in shown


async def post(session: ClientSession, path: str, **fields: str) -> tuple[int, str]:
    async with session.post(path, data=fields) as answer:
        return answer.status, await answer.text()


async def test_a_text_is_checked_and_put_in_force_when_it_loosens_nothing(two: World, eve: ClientSession) -> None:
    status, shown = await post(eve, "/policy/check", text=TIGHT)
    assert status == 200 and "It can be used" in shown and "3 minutes</del>" in shown and "2 minutes</ins>" in shown
    assert "Less strict" not in shown and await grace(two) == 3
    status, shown = await post(eve, "/policy/apply", text=TIGHT, why=" ")
    assert status == 409 and "Give the reason" in shown and await grace(two) == 3
    status, shown = await post(eve, "/policy/apply", text=TIGHT, why="after the review")
    assert status == 200 and "it is in force" in shown and await grace(two) == 2
    assert "Edition 2 is in force" in shown and "Eve. Why: after the review" in shown


async def test_what_loosens_is_offered_to_another_administrator(two: World, eve: ClientSession) -> None:
    _, shown = await post(eve, "/policy/check", text=LOOSE)
    assert "Less strict" in shown and "another administrator has to agree first" in shown
    status, shown = await post(eve, "/policy/apply", text=LOOSE, why="winter")
    assert status == 200 and "not in force yet" in shown and await grace(two) == 3
    assert "You want this yourself" in shown


async def test_every_error_of_a_text_is_named_with_its_line_and_nothing_changes(two: World, eve: ClientSession) -> None:
    bad = '[risk.high]\ngrace = "9h"\nintervall = "5m"\n'
    for path in ("/policy/check", "/policy/apply"):
        status, shown = await post(eve, path, text=bad, why="x")
        assert status in (409, 422) and "line 2" in shown and "line 3" in shown and "9h" in shown, path
        assert "intervall = &#34;5m&#34;" in shown, "what was given stays"
    assert await grace(two) == 3 and "Edition 1 is in force" in (await text(eve))[1]


async def test_two_editions_are_compared_in_plain_words(two: World, eve: ClientSession) -> None:
    await wants(two, TIGHT)
    status, shown = await text(eve, "/policy/editions")
    assert status == 200 and "Edition 2" in shown and "winter" in shown
    status, shown = await text(eve, "/policy/compare?from=1&to=2")
    assert status == 200 and "Edition 2 against edition 1" in shown and "2 minutes</ins>" in shown
    assert "Less strict" not in shown
    _, shown = await text(eve, "/policy/compare?from=2&to=1")
    assert "Less strict" in shown
    status, shown = await text(eve, "/policy/editions/2")
    assert status == 200 and "grace = &#34;2m&#34;" in shown
    for path in ("/policy/compare?from=1&to=9", "/policy/compare", "/policy/editions/9", "/policy/editions/x"):
        assert (await text(eve, path))[0] == 404, path


async def test_a_text_begins_with_the_edition_that_is_in_force(two: World, eve: ClientSession) -> None:
    await wants(two, TIGHT)
    _, shown = await text(eve, "/policy/check?from=2")
    assert "grace = &#34;2m&#34;" in shown


def test_every_figure_has_its_plain_words() -> None:
    """A new figure that nobody has named would stand there by its path."""
    assert [each.heading for each in read(parse_policy(""))][-1] == "What makes a visit riskier"
    assert "Also" not in [each.heading for each in read(parse_policy(""))]


def test_nothing_that_is_loosened_is_missing_from_what_changed() -> None:
    before = parse_policy("")
    for given in (LOOSE, '[ladder.danger]\neveryone_after = "4m"', "[night]\ncalls = 1", '[retention]\nheard = "95d"'):
        after = parse_policy(given)
        assert less_strict(before, after) and changes(before, after), given
    line = '[[lines]]\nkey = "dark"\nlevel = "high"\ndark = true\nsays = "Dark"'
    assert len(changes(before, parse_policy(line))) > 10


async def test_ones_own_is_taken_back_and_not_agreed_to(two: World, eve: ClientSession) -> None:
    offer = (await wants(two, LOOSE, "Eve")).offer
    assert offer is not None
    _, shown = await text(eve)
    assert "somebody else has to agree" in shown and ">Agree<" not in shown
    async with eve.post(f"/policy/offers/{offer.id}/agree") as answer:
        assert answer.status == 409
    async with eve.post(f"/policy/offers/{offer.id}/refuse") as answer:
        assert answer.status == 200
    assert await state(two, offer.id) == "refused" and await grace(two) == 3


async def test_a_manager_does_not_find_the_page(two: World) -> None:
    async with serving(application(two, web)) as base, browsing(base) as mia:
        await signed_in(two, mia, "Mia")
        for path in ("", "/editions", "/editions/1", "/check", "/compare?from=1&to=1"):
            assert (await text(mia, f"/policy{path}"))[0] == 404
        for path in ("/check", "/apply"):
            assert (await post(mia, f"/policy{path}", text=TIGHT, why="x"))[0] == 404
        assert await grace(two) == 3
