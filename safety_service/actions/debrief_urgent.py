"""What does not wait in a debrief: violence, a threat, an injury, no more visits, a wish to be rung or to talk."""

from collections.abc import Mapping
from typing import Any

from config.forms_debrief import met
from config.guidance import Guidance
from safety_service.actions import scene as scenes
from safety_service.actions.debrief_asking import about, visit_of
from safety_service.actions.scene import managers_now
from safety_service.actions.telling import Priority, iso, tell
from safety_service.domain.debrief import Urgent, urgent
from safety_service.domain.words import Status
from safety_service.store import events, people, visits
from safety_service.store.database import Tx
from safety_service.store.debriefs import Debrief
from safety_service.store.visits import Wanted

#: So many of a worker's coming visits are listed for the managers.
COMING = 12


def talks(guidance: Guidance, private: Mapping[str, Any]) -> bool:
    """Whether the support that was asked for cannot wait."""
    known = guidance.support
    return any(key in known and known[key].urgent for key in private.get("support") or ())


def urgent_in(guidance: Guidance, row: Debrief) -> tuple[Urgent, ...]:
    """What is urgent in a debrief as it stands."""
    wants = talks(guidance, row.private or {})
    return urgent(row.answers, met(guidance, row.answers).values(), wants_to_talk=wants)


async def tell_urgent(tx: Tx, guidance: Guidance, before: Debrief, after: Debrief) -> None:
    """The managers hear of what is new and urgent, each thing once. The watch on the worker goes on as it is."""
    known = urgent_in(guidance, before)
    fresh = [each for each in urgent_in(guidance, after) if each not in known]
    if not fresh:
        return
    more: dict[str, Any] = {"urgent": [str(each) for each in fresh]}
    if Urgent.STOP in fresh:
        more["visits"] = await _coming(tx, after)
    template = "debrief.talk" if fresh == [Urgent.TALK] else "debrief.urgent"
    dedupe = f"debrief:{after.id}:{'+'.join(fresh)}"
    await tell_managers(tx, after, template, Priority.QUESTION, dedupe=dedupe, **more)
    for each in fresh:
        await log(tx, after, _VERBS[each])


async def pass_on(tx: Tx, row: Debrief) -> None:
    """Whom the worker wants told, beside the managers: they see to it. Other agencies are told by their own rules."""
    wanted = [str(each) for each in row.answers.get("tell_now") or () if each in ("team", "police")]
    if wanted:
        await tell_managers(tx, row, "debrief.tell", Priority.QUESTION, tell=wanted, dedupe=f"debrief:{row.id}:tell")


_VERBS = {
    Urgent.VIOLENCE: "told_of_violence",
    Urgent.THREAT: "told_of_threat",
    Urgent.HURT: "told_of_hurt",
    Urgent.STOP: "stopped_visits",
    Urgent.RING: "asked_to_be_rung",
    Urgent.TALK: "asked_to_talk",
}


async def _coming(tx: Tx, row: Debrief) -> list[dict[str, Any]]:
    """The worker's visits that have not begun: somebody has to see to them."""
    wanted = Wanted(
        agency_id=row.agency_id,
        worker_id=row.worker_id,
        statuses=(Status.PLANNED, Status.WAITING),
        since=tx.now,
        newest_first=False,
    )
    return [
        {
            "line": "visit",
            "starts_at": iso(each.visit.starts_at),
            "ref": each.family_ref,
            "risk": str(each.visit.risk),
        }
        for each in await visits.listed(tx, wanted, COMING)
    ]


async def tell_managers(
    tx: Tx, row: Debrief, template: str, priority: Priority, *, dedupe: str | None = None, **more: Any
) -> None:
    """The supervisor and the manager on duty, and nobody who is kept off the worker or the family."""
    visit = await visit_of(tx, row.visit_id)
    scene = await scenes.of_visit(tx, visit)
    worker = await people.get(tx, row.worker_id)
    audience = await managers_now(tx, scene) | scene.present.get("supervisor", frozenset())
    params = {**await about(tx, row), "worker": worker.name, "worker_phone": worker.phone, **more}
    await tell(
        tx,
        audience - {row.worker_id},
        template,
        params,
        priority=priority,
        visit_id=visit.id,
        dedupe=dedupe,
        about=row.worker_id,
    )


async def log(tx: Tx, row: Debrief, verb: str, *, by_clock: bool = False, **details: Any) -> None:
    """Keep that this was done with a debrief: by its worker, or by the clock."""
    await events.log(
        tx,
        agency_id=row.agency_id,
        actor_id=None if by_clock else row.worker_id,
        verb=verb,
        subject="debrief",
        subject_id=row.id,
        visit_id=row.visit_id,
        details=details,
    )
