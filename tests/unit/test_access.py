"""The matrix of who may, cell by cell: every role, every action, own and other teams, own visits, exclusions, calls."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from safety_service.actions import access
from safety_service.actions.access import BoardView, DebriefView, LogView, Matter
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role

AGENCY, OTHER_AGENCY = uuid4(), uuid4()
TEAM, OTHER_TEAM = uuid4(), uuid4()
ME, ANN, BEN = uuid4(), uuid4(), uuid4()

NO = "not found"
YES = "yes"
ROLES = {"practitioner", "manager", "reviewer", "administrator"}


def actor(*roles: str, team: UUID = TEAM, agency: UUID = AGENCY) -> Actor:
    return Actor(ME, agency, "Me", {team: frozenset(Role(role) for role in roles)}, "web")


def matter(*workers: UUID, **more: Any) -> Matter:
    given: dict[str, Any] = {"agency_id": AGENCY, "team_id": TEAM, "workers": frozenset(workers or (ANN,)), **more}
    return Matter(**given)


def outcome(ask: Callable[[], object]) -> str:
    """What came of it, in a word: yes (or how much is seen), not found, or the reason for refusing."""
    try:
        seen = ask()
    except NotFound:
        return NO
    except Refused as refused:
        return refused.code
    return YES if seen is None else str(seen)


#: What is asked about, by name: somebody else's in the own team, one's own, and so on.
OTHERS = matter()
OWN = matter(ME)
JOINT = matter(ANN, ME)
KEPT_OFF = matter(excluded=frozenset({ME}))
OWN_KEPT_OFF = matter(ME, excluded=frozenset({ME}))
CALLED = matter(called=frozenset({ME}))
CALLED_KEPT_OFF = matter(called=frozenset({ME}), excluded=frozenset({ME}))
OWN_CALLED = matter(ME, called=frozenset({ME}))
OTHER_TEAMS = matter(team_id=OTHER_TEAM)
OTHER_TEAMS_CALLED = matter(team_id=OTHER_TEAM, called=frozenset({ME}))
OTHER_AGENCYS = matter(agency_id=OTHER_AGENCY)

#: action, what it is about, then practitioner, manager, reviewer, administrator.
MATRIX: list[tuple[Any, ...]] = [
    (access.may_see_visit, OTHERS, NO, YES, YES, NO),
    (access.may_see_visit, OWN, YES, YES, YES, YES),
    (access.may_see_visit, JOINT, YES, YES, YES, YES),
    (access.may_see_visit, KEPT_OFF, NO, NO, NO, NO),
    (access.may_see_visit, OWN_KEPT_OFF, YES, YES, YES, YES),
    (access.may_see_visit, CALLED, YES, YES, YES, YES),
    (access.may_see_visit, CALLED_KEPT_OFF, NO, NO, NO, NO),
    (access.may_see_visit, OTHER_TEAMS, NO, NO, NO, NO),
    (access.may_see_visit, OTHER_AGENCYS, NO, NO, NO, NO),
    (access.may_say, OWN, YES, YES, YES, YES),
    (access.may_say, JOINT, YES, YES, YES, YES),
    (access.may_say, OWN_KEPT_OFF, YES, YES, YES, YES),
    (access.may_say, OTHERS, NO, "not_your_visit", "not_your_visit", NO),
    (access.may_say, CALLED, *["not_your_visit"] * 4),
    (access.may_say, OTHER_TEAMS, NO, NO, NO, NO),
    (access.may_decide, OTHERS, NO, YES, "managers_only", NO),
    (access.may_decide, OWN, *["never_your_own"] * 4),
    (access.may_decide, JOINT, *["never_your_own"] * 4),
    (access.may_decide, KEPT_OFF, NO, NO, NO, NO),
    (access.may_decide, CALLED, "managers_only", YES, "managers_only", "managers_only"),
    (access.may_decide, OTHER_TEAMS, NO, NO, NO, NO),
    (access.may_see_alert, OTHERS, NO, YES, YES, NO),
    (access.may_see_alert, OWN, YES, YES, YES, YES),
    (access.may_see_alert, matter(ME, hidden_from_workers=True), NO, NO, NO, NO),
    (access.may_see_alert, matter(ANN, ME, hidden_from_workers=True), NO, NO, NO, NO),
    (access.may_see_alert, matter(hidden_from_workers=True), NO, YES, YES, NO),
    (access.may_see_alert, KEPT_OFF, NO, NO, NO, NO),
    (access.may_see_alert, CALLED, YES, YES, YES, YES),
    (access.may_see_alert, OTHER_TEAMS, NO, NO, NO, NO),
    (access.may_see_alert, OTHER_TEAMS_CALLED, YES, YES, YES, YES),
    (access.may_handle, OTHERS, NO, YES, "managers_only", NO),
    (access.may_handle, OWN, *["never_your_own"] * 4),
    (access.may_handle, JOINT, *["never_your_own"] * 4),
    (access.may_handle, OWN_CALLED, *["never_your_own"] * 4),
    (access.may_handle, matter(ME, called=frozenset({ME}), hidden_from_workers=True), NO, NO, NO, NO),
    (access.may_handle, CALLED, YES, YES, YES, YES),
    (access.may_handle, KEPT_OFF, NO, NO, NO, NO),
    (access.may_handle, CALLED_KEPT_OFF, NO, NO, NO, NO),
    (access.may_handle, OTHER_TEAMS, NO, NO, NO, NO),
    (access.may_handle, OTHER_TEAMS_CALLED, YES, YES, YES, YES),
    (access.may_handle, OTHER_AGENCYS, NO, NO, NO, NO),
    (access.may_handle, matter(team_id=None), NO, YES, "managers_only", NO),
]


def cells() -> list[Any]:
    return [
        pytest.param(row[0], row[1], role, said, id=f"{row[0].__name__}-{number}-{role}")
        for number, row in enumerate(MATRIX)
        for role, said in zip(("practitioner", "manager", "reviewer", "administrator"), row[2:], strict=True)
    ]


@pytest.mark.parametrize(("action", "about", "role", "said"), cells())
def test_visits_and_alerts_are_for_whom_the_matrix_says(
    action: Callable[[Actor, Matter], None], about: Matter, role: str, said: str
) -> None:
    assert outcome(lambda: action(actor(role), about)) == said


@pytest.mark.parametrize("action", [access.may_see_visit, access.may_say, access.may_decide, access.may_see_alert])
@pytest.mark.parametrize("role", sorted(ROLES))
def test_nothing_crosses_an_agency_even_for_whom_it_is_about(
    action: Callable[[Actor, Matter], None], role: str
) -> None:
    about = matter(ME, called=frozenset({ME}), agency_id=OTHER_AGENCY)
    assert outcome(lambda: action(actor(role), about)) == NO


def plan(who: Actor, *workers: UUID, team: UUID = TEAM, excluded: frozenset[UUID] = frozenset()) -> str:
    return outcome(lambda: access.may_plan_for(who, team, frozenset(workers), frozenset({ME, ANN}), excluded))


@pytest.mark.parametrize(
    ("role", "own", "joint", "others", "other_teams"),
    [
        ("practitioner", YES, YES, "not_your_visit", NO),
        ("manager", YES, YES, YES, NO),
        ("reviewer", *["not_your_role"] * 3, NO),
        ("administrator", *["not_your_role"] * 3, NO),
    ],
)
def test_practitioners_plan_their_own_visits_and_managers_those_of_their_people(
    role: str, own: str, joint: str, others: str, other_teams: str
) -> None:
    assert plan(actor(role), ME) == own
    assert plan(actor(role), ME, ANN) == joint
    assert plan(actor(role), ANN) == others
    assert plan(actor(role), ME, team=OTHER_TEAM) == other_teams


@pytest.mark.parametrize("role", ["practitioner", "manager"])
def test_nobody_is_planned_for_who_does_not_visit_in_the_team_or_is_kept_off(role: str) -> None:
    assert plan(actor(role), ME, BEN) == "other_team"
    assert plan(actor(role), ME, ANN, excluded=frozenset({ANN})) == "cannot_visit"
    assert plan(actor(role), ME, excluded=frozenset({ME})) == NO


@pytest.mark.parametrize(
    ("roles", "own_team", "other_team"),
    [
        (("practitioner",), BoardView.WHO_IS_OUT, NO),
        (("manager",), BoardView.WHOLE, NO),
        (("reviewer",), "not_your_role", NO),
        (("administrator",), BoardView.COUNTS, BoardView.COUNTS),
        (("practitioner", "manager"), BoardView.WHOLE, NO),
        (("administrator", "practitioner"), BoardView.WHO_IS_OUT, BoardView.COUNTS),
    ],
)
def test_the_board_shows_each_role_as_much_as_it_needs(roles: tuple[str, ...], own_team: str, other_team: str) -> None:
    assert outcome(lambda: access.board_view(actor(*roles), AGENCY, TEAM)) == own_team
    assert outcome(lambda: access.board_view(actor(*roles), AGENCY, OTHER_TEAM)) == other_team
    assert outcome(lambda: access.board_view(actor(*roles), OTHER_AGENCY, TEAM)) == NO


@pytest.mark.parametrize(
    ("about", "practitioner", "manager", "reviewer", "administrator"),
    [
        (OTHERS, NO, LogView.WITH_TEXT, LogView.WITH_TEXT, LogView.SEALED),
        (OTHER_TEAMS, NO, NO, NO, LogView.SEALED),
        (CALLED, *[LogView.WITH_TEXT] * 4),
        (KEPT_OFF, NO, NO, NO, NO),
        (CALLED_KEPT_OFF, NO, NO, NO, NO),
        (OWN, *["after_it_is_over"] * 4),
        (JOINT, *["after_it_is_over"] * 4),
        (matter(ME, called=frozenset({ME}), hidden_from_workers=True), NO, NO, NO, NO),
        (OTHER_AGENCYS, NO, NO, NO, NO),
    ],
)
def test_an_alerts_timeline_is_for_whoever_may_read_it_and_without_case_text_for_administrators(
    about: Matter, practitioner: str, manager: str, reviewer: str, administrator: str
) -> None:
    said = {
        role: outcome(lambda: access.timeline_view(actor(role), about, is_open=True))  # noqa: B023
        for role in ("practitioner", "manager", "reviewer", "administrator")
    }
    assert list(said.values()) == [practitioner, manager, reviewer, administrator]
    assert outcome(lambda: access.timeline_view(actor("practitioner"), OWN, is_open=False)) == LogView.WITH_TEXT


@pytest.mark.parametrize(
    ("role", "not_visiting", "visiting", "other_team"),
    [
        ("practitioner", NO, YES, NO),
        ("manager", YES, YES, NO),
        ("reviewer", YES, YES, NO),
        ("administrator", NO, YES, NO),
    ],
)
def test_families_are_for_those_who_visit_them_and_their_teams_managers_and_reviewers(
    role: str, not_visiting: str, visiting: str, other_team: str
) -> None:
    def see(teams: UUID, visitors: frozenset[UUID], excluded: frozenset[UUID] = frozenset()) -> str:
        who = actor(role)
        return outcome(lambda: access.may_see_family(who, AGENCY, frozenset({teams}), visitors, excluded))

    assert see(TEAM, frozenset({ANN})) == not_visiting
    assert see(TEAM, frozenset({ME})) == visiting
    assert see(OTHER_TEAM, frozenset({ANN})) == other_team
    assert see(TEAM, frozenset({ME}), excluded=frozenset({ME})) == NO


@pytest.mark.parametrize(
    ("role", "own", "others", "supervised"),
    [
        ("practitioner", DebriefView.WHOLE, NO, NO),
        ("manager", DebriefView.WHOLE, DebriefView.WITHOUT_PRIVATE, DebriefView.WHOLE),
        ("reviewer", DebriefView.WHOLE, DebriefView.WITHOUT_PRIVATE, DebriefView.WITHOUT_PRIVATE),
        ("administrator", DebriefView.WHOLE, NO, NO),
    ],
)
def test_reflections_are_for_the_worker_and_their_supervisor(role: str, own: str, others: str, supervised: str) -> None:
    who = actor(role)
    assert outcome(lambda: access.debrief_view(who, OWN, ME, ANN)) == own
    assert outcome(lambda: access.debrief_view(who, OTHERS, ANN, BEN)) == others
    assert outcome(lambda: access.debrief_view(who, OTHERS, ANN, ME)) == supervised
    assert outcome(lambda: access.debrief_view(who, KEPT_OFF, ANN, ME)) == NO
    assert outcome(lambda: access.debrief_view(who, OTHER_TEAMS, ANN, ME)) == NO


def test_a_colleague_on_a_joint_visit_does_not_read_the_others_debrief() -> None:
    assert outcome(lambda: access.debrief_view(actor("practitioner"), JOINT, ANN, None)) == NO


@pytest.mark.parametrize("role", sorted(ROLES))
def test_people_exclusions_and_policy_are_run_by_administrators(role: str) -> None:
    said = YES if role == "administrator" else "administrators_only"
    who = actor(role)
    assert outcome(lambda: access.may_run_people(who, AGENCY)) == said
    assert outcome(lambda: access.may_run_exclusions(who, AGENCY)) == said
    assert outcome(lambda: access.may_apply_policy(who)) == said
    assert outcome(lambda: access.may_run_people(who, OTHER_AGENCY)) == NO
    assert outcome(lambda: access.may_run_exclusions(who, OTHER_AGENCY)) == NO
    assert outcome(lambda: access.may_make_agencies(who)) == "only_on_the_machine"


@pytest.mark.parametrize(
    ("role", "own_team", "other_team"),
    [
        ("practitioner", "managers_only", NO),
        ("manager", YES, NO),
        ("reviewer", "managers_only", NO),
        ("administrator", YES, YES),
    ],
)
def test_the_rota_is_run_by_the_teams_managers_and_administrators(role: str, own_team: str, other_team: str) -> None:
    who = actor(role)
    assert outcome(lambda: access.may_run_rota(who, AGENCY, TEAM)) == own_team
    assert outcome(lambda: access.may_run_rota(who, AGENCY, OTHER_TEAM)) == other_team
    assert outcome(lambda: access.may_run_rota(who, OTHER_AGENCY, TEAM)) == NO
    assert outcome(lambda: access.may_hand_over(who, AGENCY, TEAM, ANN)) == own_team


@pytest.mark.parametrize("role", sorted(ROLES))
def test_everybody_runs_their_own_cover_and_channels(role: str) -> None:
    who = actor(role)
    assert outcome(lambda: access.may_hand_over(who, AGENCY, TEAM, ME)) == YES
    assert outcome(lambda: access.may_run_channels(who, AGENCY, ME)) == YES
    said = YES if role == "administrator" else "administrators_only"
    assert outcome(lambda: access.may_run_channels(who, AGENCY, ANN)) == said


@pytest.mark.parametrize(
    ("role", "own", "own_team", "other_team"),
    [
        ("practitioner", LogView.WITH_TEXT, NO, NO),
        ("manager", LogView.WITH_TEXT, LogView.WITH_TEXT, NO),
        ("reviewer", NO, NO, NO),
        ("administrator", LogView.SEALED, LogView.SEALED, LogView.SEALED),
    ],
)
def test_the_evidence_log_is_read_as_the_matrix_says(role: str, own: str, own_team: str, other_team: str) -> None:
    who = actor(role)
    assert outcome(lambda: access.log_view(who, AGENCY, OTHER_TEAM, ME)) == own
    assert outcome(lambda: access.log_view(who, AGENCY, TEAM, ANN)) == own_team
    assert outcome(lambda: access.log_view(who, AGENCY, OTHER_TEAM, ANN)) == other_team
    assert outcome(lambda: access.log_view(who, AGENCY, None, None)) == other_team
    assert outcome(lambda: access.log_view(who, OTHER_AGENCY, TEAM, ME)) == NO


def test_the_machines_own_command_line_may_run_everything() -> None:
    for ask in (
        lambda: access.may_run_people(None, AGENCY),
        lambda: access.may_run_exclusions(None, AGENCY),
        lambda: access.may_run_rota(None, AGENCY, TEAM),
        lambda: access.may_run_channels(None, AGENCY, ANN),
        lambda: access.may_make_agencies(None),
        lambda: access.may_apply_policy(None),
    ):
        assert outcome(ask) == YES


def test_a_manager_who_visits_is_a_practitioner_on_that_visit() -> None:
    manager = actor("manager", "administrator", "reviewer")
    assert outcome(lambda: access.may_say(manager, OWN)) == YES
    assert outcome(lambda: access.may_decide(manager, OWN)) == "never_your_own"
    assert outcome(lambda: access.may_handle(manager, OWN_CALLED)) == "never_your_own"
