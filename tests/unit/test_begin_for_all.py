"""Who speaks for all begins a joint visit; a colleague may be inside another one just then. Found by the simulation."""

from safety_service.actions import words
from safety_service.actions.words import Word
from safety_service.domain.words import Phase
from tests.world import World


async def test_a_colleague_who_is_inside_elsewhere_is_not_begun_by_who_speaks_for_both(world: World) -> None:
    elsewhere = await world.inside("Ben", ref="F-9")
    ann, ben = world.ids["Ann"], world.ids["Ben"]
    joint = await world.plan("Ann", workers=(ann, ben), speaker_id=ann)
    await world.do("Ann", words.begin, joint.id, Word())
    joint, elsewhere = await world.visit(joint.id), await world.visit(elsewhere.id)
    assert joint.visit.watch(ann).phase is Phase.INSIDE
    assert joint.visit.watch(ben).phase is Phase.BEGIN, "Ben is asked whether he comes"
    assert elsewhere.visit.watch(ben).phase is Phase.INSIDE, "and is watched where he is"


async def test_a_colleague_who_is_nowhere_else_is_begun_with_them(world: World) -> None:
    ann, ben = world.ids["Ann"], world.ids["Ben"]
    joint = await world.plan("Ann", workers=(ann, ben), speaker_id=ann)
    await world.do("Ann", words.begin, joint.id, Word())
    joint = await world.visit(joint.id)
    assert [joint.visit.watch(each).phase for each in (ann, ben)] == [Phase.INSIDE, Phase.INSIDE]


async def test_they_begin_it_themselves_when_they_come(world: World) -> None:
    await world.inside("Ben", ref="F-9")
    ann, ben = world.ids["Ann"], world.ids["Ben"]
    joint = await world.plan("Ann", workers=(ann, ben), speaker_id=ann)
    await world.do("Ann", words.begin, joint.id, Word())
    await world.do("Ben", words.begin, joint.id, Word())
    joint = await world.visit(joint.id)
    assert joint.visit.watch(ben).phase is Phase.INSIDE
