"""Who may do what: the matrix, once, for every way in. Pure: an actor and facts go in; nothing, or a view, comes out.

What somebody may not know exists raises NotFound, exactly as if it were not there. What they may know but not do raises
Refused with the reason. `by` is None where the machine's own command line acts: who can start it holds the database.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role

_NOBODY: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What access needs to know of a visit or an alert."""

    agency_id: UUID
    #: None: about the service itself (an undeliverable channel), so any manager's of the agency.
    team_id: UUID | None
    #: Whose visit or alert it is: all of them on a joint visit.
    workers: AbstractSet[UUID]
    #: Kept off these workers or this family.
    excluded: AbstractSet[UUID] = _NOBODY
    #: Told of an alert about it, on its ladder now, or on the standing list.
    called: AbstractSet[UUID] = _NOBODY
    #: Its own workers may not learn of it: a duress alert, while it is open.
    hidden_from_workers: bool = False


class BoardView(StrEnum):
    """How much of a team's board somebody sees."""

    WHOLE = "whole"
    #: Who is out; never the state of an alert.
    WHO_IS_OUT = "who_is_out"
    #: Counts and health; no case text.
    COUNTS = "counts"


class DebriefView(StrEnum):
    """How much of a debrief somebody sees."""

    WHOLE = "whole"
    #: All but the reflections, which are for the worker and their supervisor.
    WITHOUT_PRIVATE = "without_private"


class LogView(StrEnum):
    """How much of an entry in the evidence log somebody sees."""

    WITH_TEXT = "with_text"
    SEALED = "sealed"


def may_plan_for(
    actor: Actor,
    team_id: UUID,
    workers: AbstractSet[UUID],
    visiting: AbstractSet[UUID],
    excluded: AbstractSet[UUID] = _NOBODY,
) -> None:
    """Plan a visit of these workers. `visiting`: who goes on visits in this team; `excluded`: kept off it.

    A practitioner plans what they go on themselves; a manager for any of their people.
    """
    held = actor.roles.get(team_id)
    if held is None or actor.person_id in excluded:
        raise NotFound
    if held.isdisjoint({Role.PRACTITIONER, Role.MANAGER}):
        raise Refused("not_your_role")
    if Role.MANAGER not in held and actor.person_id not in workers:
        raise Refused("not_your_visit")
    if not workers <= visiting:
        raise Refused("other_team")
    if not workers.isdisjoint(excluded):
        raise Refused("cannot_visit")


def may_see_visit(actor: Actor, visit: Matter) -> None:
    """Read a visit."""
    _same_agency(actor, visit.agency_id)
    if actor.person_id in visit.workers:
        return
    if actor.person_id in visit.excluded or not (_reads(actor, visit) or actor.person_id in visit.called):
        raise NotFound


def may_say(actor: Actor, visit: Matter) -> None:
    """Say a worker's word: begin, OK, out, home, help. Only those who go on the visit, and they always."""
    may_see_visit(actor, visit)
    if actor.person_id not in visit.workers:
        raise Refused("not_your_visit")


def may_decide(actor: Actor, visit: Matter) -> None:
    """Decide on a visit or a proposal: a manager of the team, never on their own."""
    may_see_visit(actor, visit)
    if actor.person_id in visit.workers:
        raise Refused("never_your_own")
    if not _has(actor, visit.team_id, Role.MANAGER):
        raise Refused("managers_only")


def may_see_alert(actor: Actor, alert: Matter) -> None:
    """Read an alert."""
    _same_agency(actor, alert.agency_id)
    if actor.person_id in alert.workers:
        if alert.hidden_from_workers:
            raise NotFound
        return
    if actor.person_id in alert.excluded or not (_reads(actor, alert) or actor.person_id in alert.called):
        raise NotFound


def may_handle(actor: Actor, alert: Matter) -> None:
    """Take, give news, escalate, pass on, resolve: the team's managers and whoever was called; never one's own."""
    may_see_alert(actor, alert)
    if actor.person_id in alert.workers:
        raise Refused("never_your_own")
    if not _has(actor, alert.team_id, Role.MANAGER) and actor.person_id not in alert.called:
        raise Refused("managers_only")


def timeline_view(actor: Actor, alert: Matter, *, is_open: bool) -> LogView:
    """How an alert's whole timeline is read: by whoever may read the alert, its own workers once it is over.

    Administrators read any of their agency's, without case text. Raises NotFound; Refused `after_it_is_over`.
    """
    _same_agency(actor, alert.agency_id)
    try:
        may_see_alert(actor, alert)
    except NotFound:
        kept_off = actor.person_id in alert.workers or actor.person_id in alert.excluded
        if kept_off or not actor.is_any(Role.ADMINISTRATOR):
            raise
        return LogView.SEALED
    if is_open and actor.person_id in alert.workers:
        raise Refused("after_it_is_over")
    return LogView.WITH_TEXT


def board_view(actor: Actor, agency_id: UUID, team_id: UUID) -> BoardView:
    """How much of this team's board the actor sees. What they are kept off is left out of it by the reader."""
    _same_agency(actor, agency_id)
    if actor.is_(Role.MANAGER, team_id):
        return BoardView.WHOLE
    if actor.is_(Role.PRACTITIONER, team_id):
        return BoardView.WHO_IS_OUT
    if actor.is_any(Role.ADMINISTRATOR):
        return BoardView.COUNTS
    if team_id in actor.roles:
        raise Refused("not_your_role")
    raise NotFound


def may_see_family(
    actor: Actor,
    agency_id: UUID,
    teams: AbstractSet[UUID],
    visitors: AbstractSet[UUID],
    excluded: AbstractSet[UUID] = _NOBODY,
) -> None:
    """Read a family, its briefing and its plan. `teams` and `visitors`: which teams and people visit it.

    An exclusion holds here even for somebody who is going there.
    """
    _same_agency(actor, agency_id)
    reads = not actor.teams(Role.MANAGER, Role.REVIEWER).isdisjoint(teams)
    if actor.person_id in excluded or not (reads or actor.person_id in visitors):
        raise NotFound


def debrief_view(actor: Actor, visit: Matter, worker_id: UUID, supervisor_id: UUID | None) -> DebriefView:
    """How much of this worker's debrief the actor sees."""
    _same_agency(actor, visit.agency_id)
    if actor.person_id == worker_id:
        return DebriefView.WHOLE
    if actor.person_id in visit.excluded or not _reads(actor, visit):
        raise NotFound
    supervises = actor.person_id == supervisor_id and _has(actor, visit.team_id, Role.MANAGER)
    return DebriefView.WHOLE if supervises else DebriefView.WITHOUT_PRIVATE


def may_see_item(actor: Actor, item: Matter, concerned: AbstractSet[UUID], *, private: bool = False) -> None:
    """Read an open item. `concerned`: its owner, whose it is, their supervisor; `private`: it is for them alone.

    Who is kept off the family or the worker does not see it, even where it is theirs to do.
    """
    _same_agency(actor, item.agency_id)
    reads = actor.person_id in concerned or (not private and _reads(actor, item))
    if actor.person_id in item.excluded or not reads:
        raise NotFound


def may_close_item(actor: Actor, item: Matter, concerned: AbstractSet[UUID], *, private: bool = False) -> None:
    """Say what became of an item: whoever is concerned, and the team's managers."""
    may_see_item(actor, item, concerned, private=private)
    if actor.person_id not in concerned and not _has(actor, item.team_id, Role.MANAGER):
        raise Refused("managers_only")


def may_make_agencies(by: Actor | None) -> None:
    """Make an agency: on the machine itself only, for nobody is a new agency's administrator yet."""
    if by is not None:
        raise Refused("only_on_the_machine")


def may_run_people(by: Actor | None, agency_id: UUID) -> None:
    """Add, change and deactivate people, teams and the standing list."""
    _administrator(by, agency_id)


def may_run_exclusions(by: Actor | None, agency_id: UUID) -> None:
    """List, add and end exclusions."""
    _administrator(by, agency_id)


def may_apply_policy(by: Actor | None) -> None:
    """Put an edition of the policy in force."""
    if by is not None and not by.is_any(Role.ADMINISTRATOR):
        raise Refused("administrators_only")


def may_apply_guidance(by: Actor | None, agency_id: UUID | None) -> None:
    """Put an edition of the guidance in force: for all agencies on the machine itself only."""
    if by is None:
        return
    if agency_id is None:
        raise Refused("only_on_the_machine")
    _administrator(by, agency_id)


def may_run_rota(by: Actor | None, agency_id: UUID, team_id: UUID) -> None:
    """Change this team's rota, other people's shifts too."""
    if by is None:
        return
    _same_agency(by, agency_id)
    if by.is_any(Role.ADMINISTRATOR) or by.is_(Role.MANAGER, team_id):
        return
    if team_id in by.roles:
        raise Refused("managers_only")
    raise NotFound


def may_hand_over(actor: Actor, agency_id: UUID, team_id: UUID, whose: UUID) -> None:
    """Hand over a post: one's own, or as whoever runs the rota."""
    if actor.person_id != whose:
        may_run_rota(actor, agency_id, team_id)


def may_run_channels(by: Actor | None, agency_id: UUID, whose: UUID) -> None:
    """Link, end and look at somebody's channels and devices: one's own, or as an administrator."""
    if by is None or by.person_id != whose:
        _administrator(by, agency_id)


def log_view(actor: Actor, agency_id: UUID, team_id: UUID | None, of: UUID | None) -> LogView:
    """How an entry of the evidence log is read. `of`: whose entry it is; `team_id`: the team that it is about."""
    _same_agency(actor, agency_id)
    own = of == actor.person_id and bool(actor.teams(Role.PRACTITIONER, Role.MANAGER))
    if own or (team_id is not None and actor.is_(Role.MANAGER, team_id)):
        return LogView.WITH_TEXT
    if actor.is_any(Role.ADMINISTRATOR):
        return LogView.SEALED
    raise NotFound


def _same_agency(actor: Actor, agency_id: UUID) -> None:
    if actor.agency_id != agency_id:
        raise NotFound


def _administrator(by: Actor | None, agency_id: UUID) -> None:
    if by is None:
        return
    _same_agency(by, agency_id)
    if not by.is_any(Role.ADMINISTRATOR):
        raise Refused("administrators_only")


def _reads(actor: Actor, matter: Matter) -> bool:
    return _has(actor, matter.team_id, Role.MANAGER) or _has(actor, matter.team_id, Role.REVIEWER)


def _has(actor: Actor, team_id: UUID | None, role: Role) -> bool:
    return actor.is_any(role) if team_id is None else actor.is_(role, team_id)
