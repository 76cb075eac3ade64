"""What comes from the people whom open alerts are about: whoever has the alert is to hear and see it at once."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from safety_service.actions import topics
from safety_service.domain.words import Kind
from safety_service.store import alert_now, kept_files
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.store.kept_files import KeptFile

#: What somebody sent in no visit so long before they called for help belongs to that call.
BEFORE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Call:
    """An alert about somebody is open: where what they send is kept, so that whoever comes sees it."""

    visit_id: UUID | None
    #: They called for help themselves: what they type is for whoever comes, and answers no form.
    cried: bool = False
    #: They did so in no visit, where the answer said so in plain words.
    plainly: bool = False


async def call_of(tx: Tx, person_id: UUID, current_id: UUID | None) -> Call | None:
    """The open alert to which belongs what this person sends; with several, one of no visit, else their current one's.

    Duress by itself is none: what they send goes where it would on any other day, and is answered so (P5).
    """
    found = [each for each in await alert_now.cries_of(tx, person_id) if each.kind is not Kind.DURESS]
    if not found:
        return None
    visits = [each.visit_id for each in found]
    cries = [each.visit_id for each in found if each.kind is Kind.SOS]
    place = next((each for each in (None, current_id) if each in visits), visits[0])
    return Call(place, cried=bool(cries), plainly=None in cries)


async def in_duress(tx: Tx, person_id: UUID) -> bool:
    """Whether what they send is wanted although nothing may say so."""
    return any(each.kind is Kind.DURESS for each in await alert_now.cries_of(tx, person_id))


async def show(tx: Tx, person_id: UUID, visit_id: UUID | None) -> None:
    """Something came from this person, during this visit or none: open pages do not wait for their next beat."""
    for alert_id in await alert_now.open_about(tx, person_id, visit_id):
        tx.announce(topics.of_alert(alert_id))


async def sent_around(tx: Tx, row: AlertRow) -> list[KeptFile]:
    """Files that its worker sent since, wherever they were; of an alert without a visit also from outside any before.

    Whoever calls for help may send what they have from the next home that they are in, until the alert is closed.
    """
    alert = row.alert
    if alert.worker_id is None:
        return []
    since = alert.opened_at - BEFORE if alert.visit_id is None else alert.opened_at
    return await kept_files.around(tx, alert.worker_id, since, alert.opened_at, alert.resolved_at)
