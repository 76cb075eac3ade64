"""To whom an alert could be passed on."""

from uuid import UUID

from safety_service.actions import matters, reading
from safety_service.actions.access import Matter
from safety_service.actions.actor import Actor
from safety_service.actions.alerts import scene_of
from safety_service.actions.scene import Scene
from safety_service.store import channels, people
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.store.people import Person


async def could_have_it(tx: Tx, actor: Actor, alert_id: UUID) -> list[Person]:
    """Everyone on duty, standing by or told already who can be reached: never the worker, never the giver.

    Raises NotFound.
    """
    row = await reading.alert(tx, actor, alert_id)
    scene = await scene_of(tx, row)
    return await receivers(tx, actor, row, scene, await matters.of_alert(tx, row, scene))


async def receivers(tx: Tx, actor: Actor, row: AlertRow, scene: Scene, matter: Matter) -> list[Person]:
    """The same, of an alert that the actor may handle; those on duty first. Who is kept off it by now is left out."""
    there = row.alert.told.union(*scene.present.values()) - matter.workers - matter.excluded - {actor.person_id}
    reachable = await channels.reached(tx, list(there))
    found = (await people.many(tx, reachable)).values()
    on_duty = frozenset().union(*(on for post, on in scene.present.items() if post.endswith("_on_duty")))
    return sorted((each for each in found if each.active), key=lambda each: (each.id not in on_duty, each.name))
