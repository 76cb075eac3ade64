"""To whom an alert could be passed on."""

from uuid import UUID

from safety_service.actions import reading
from safety_service.actions.actor import Actor
from safety_service.actions.alerts import scene_of
from safety_service.store import channels, people
from safety_service.store.database import Tx
from safety_service.store.people import Person


async def could_have_it(tx: Tx, actor: Actor, alert_id: UUID) -> list[Person]:
    """Everyone on duty, standing by or told already who can be reached: never the worker, never the giver.

    Raises NotFound.
    """
    row = await reading.alert(tx, actor, alert_id)
    scene = await scene_of(tx, row)
    there = row.alert.told.union(*scene.present.values()) - scene.workers - {actor.person_id}
    reachable = await channels.reached(tx, [each for each in there if each != row.alert.worker_id])
    found = (await people.many(tx, reachable)).values()
    on_duty = frozenset().union(*(on for post, on in scene.present.items() if post.endswith("_on_duty")))
    return sorted((each for each in found if each.active), key=lambda each: (each.id not in on_duty, each.name))
