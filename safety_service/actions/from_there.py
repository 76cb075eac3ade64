"""What comes from the people whom open alerts are about: whoever has the alert is to hear and see it at once."""

from datetime import timedelta
from uuid import UUID

from safety_service.actions import topics
from safety_service.store import alert_now, kept_files
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.store.kept_files import KeptFile

#: What somebody sent in no visit so long before they called for help belongs to that call.
BEFORE = timedelta(hours=1)


async def show(tx: Tx, person_id: UUID, visit_id: UUID | None) -> None:
    """Something came from this person, during this visit or none: open pages do not wait for their next beat."""
    for alert_id in await alert_now.open_about(tx, person_id, visit_id):
        tx.announce(topics.of_alert(alert_id))


async def sent_around(tx: Tx, row: AlertRow) -> list[KeptFile]:
    """Files around an alert without a visit, whoever asks: what its worker sent since, and a while before."""
    alert = row.alert
    if alert.worker_id is None or alert.visit_id is not None:
        return []
    return await kept_files.outside(tx, alert.worker_id, alert.opened_at - BEFORE, alert.resolved_at)
