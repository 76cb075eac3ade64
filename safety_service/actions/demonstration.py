"""The demonstration team: put into an empty database, so that everything can be tried at once.

Its numbers are of the ranges that are kept for fiction; nobody is ever rung by mistake.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from safety_service.domain.visit_state import Visit
from safety_service.domain.watch import Watch
from safety_service.domain.words import Outcome, Phase, Risk, Role, Status
from safety_service.store import agencies, families, people, rota, standing, teams, training, visits
from safety_service.store.agencies import Agency
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.people import Person
from safety_service.store.visits import VisitRow

AGENCY = "Demonstration"
TEAM = "Family support"
OFFICE_PHONE = "01632 960000"
#: The rota always reaches this far ahead when the service starts, and is filled up to twice as far.
AHEAD = timedelta(weeks=4)


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One of the team; `role` says in a word what they are there to show."""

    person_id: UUID
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    phone: str
    shows: str
    role: Role
    post: str | None = None
    stands_by: bool = False

    @property
    def email(self) -> str:
        return f"{self.name.split()[0].lower()}@demonstration.example"


_CAST = (
    _Part("Sam Okoro", "07700 900101", "practitioner", Role.PRACTITIONER),
    _Part("Priya Nair", "07700 900102", "practitioner", Role.PRACTITIONER),
    _Part("Helen Marsh", "07700 900103", "manager", Role.MANAGER, post="manager_on_duty"),
    _Part("Tom Ridley", "07700 900104", "deputy", Role.MANAGER, post="deputy_on_duty"),
    _Part("Ruth Calder", "07700 900105", "reviewer", Role.REVIEWER, stands_by=True),
    _Part("Owen Price", "07700 900106", "administrator", Role.ADMINISTRATOR, stands_by=True),
)


async def seed(tx: Tx) -> list[DemoPerson]:
    """Put the team into an empty database; where it is already, see that somebody is on duty.

    Returns the team, or nobody where the database is somebody's own: nothing is put into that.
    """
    known = await agencies.every(tx)
    if not known:
        await _put(tx)
    elif not any(each.demonstration and each.name == AGENCY for each in known):
        return []
    agency = await agencies.by_name(tx, AGENCY)
    assert agency is not None
    team = await teams.by_name(tx, agency.id, TEAM)
    found = [(part, await people.by_email(tx, agency.id, part.email)) for part in _CAST]
    there = [(part, person) for part, person in found if person is not None and person.active]
    if team is not None:
        await _fill_rota(tx, team.id, there)
    return [DemoPerson(person.id, person.name, part.shows) for part, person in there]


async def _put(tx: Tx) -> None:
    agency = await agencies.add(tx, AGENCY, office_phone=OFFICE_PHONE, demonstration=True)
    team = await teams.add(tx, agency.id, TEAM)
    helen: UUID | None = None
    cast: dict[str, Person] = {}
    for part in sorted(_CAST, key=lambda each: each.role is not Role.MANAGER):
        supervisor = helen if part.role is Role.PRACTITIONER else None
        person = await people.add(
            tx, agency.id, part.name, email=part.email, phone=part.phone.replace(" ", ""), supervisor_id=supervisor
        )
        helen = helen or person.id
        cast[part.name] = person
        await people.set_roles(tx, person.id, team.id, frozenset({part.role}))
        if part.role is Role.PRACTITIONER:
            await training.put(tx, person.id, {"personal_safety": tx.now.date()})
        if part.stands_by:
            await standing.add(tx, agency.id, person.id)
    await _put_visit(tx, agency, team.id, cast["Sam Okoro"].id)


async def _fill_rota(tx: Tx, team_id: UUID, there: list[tuple[_Part, Person]]) -> None:
    coming = await rota.between(tx, [team_id], tx.now, tx.now + AHEAD * 2)
    for part, person in there:
        if part.post is None:
            continue
        ends = [shift.ends_at for shift in coming if shift.person_id == person.id and shift.post == part.post]
        covered_until = max(ends, default=tx.now)
        if covered_until < tx.now + AHEAD:
            shift = rota.new_shift(team_id, part.post, person.id, covered_until, tx.now + AHEAD * 2)
            await rota.add(tx, shift, by=None)


async def _put_visit(tx: Tx, agency: Agency, team_id: UUID, worker_id: UUID) -> None:
    """An earlier visit that went well, so that there is a family to plan "as last time"."""
    ref = "K-204"
    begun_at = (tx.now - timedelta(days=7)).replace(minute=0, second=0, microsecond=0)
    length = timedelta(minutes=45)
    out_at = begun_at + length
    watch = Watch(
        worker_id=worker_id,
        phase=Phase.DONE,
        interval=timedelta(minutes=30),
        ends_at=None,
        last_word_at=out_at,
        out_at=out_at,
    )
    visit = Visit(
        id=new_id(),
        status=Status.CLOSED,
        risk=Risk.LOW,
        starts_at=begun_at,
        ends_at=out_at,
        watches=(watch,),
        travel=timedelta(minutes=30),
        outcome=Outcome.MET,
    )
    row = VisitRow(
        visit=visit,
        agency_id=agency.id,
        team_id=team_id,
        family_id=await families.ensure(tx, agency.id, ref),
        family_ref=ref,
        purpose="home_visit",
        address={"text": "12 Example Street, Sampleton", "latitude": 51.5074, "longitude": -0.1278},
        because=[],
        answers={"purpose": "home_visit", "hostility": "none"},
        created_at=begun_at - timedelta(days=1),
        created_by=worker_id,
    )
    await visits.insert_visit(tx, row)
