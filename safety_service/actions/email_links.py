"""A link that signs in, sent by e-mail to whoever asks for it at the door: only to an address that somebody has proven.

Nobody learns who is known here. Nobody can keep another out either: what is asked for in somebody's name ends nothing
that was sent before, and none is sent only while some that work lie in their mail.
"""

from __future__ import annotations

from safety_service.actions.telling import to_channel
from safety_service.domain import addresses
from safety_service.domain.contact import BadContact
from safety_service.store import channels, codes, events, people
from safety_service.store.channels import Channel
from safety_service.store.database import Tx

#: As many may lie in somebody's mail and work.
MOST = 3


async def known(tx: Tx, given: str) -> Channel | None:
    """The channel to which a link would go; it may read only."""
    try:
        address = addresses.address("email", given)
    except BadContact:
        return None
    found = await channels.by_address(tx, "email", address)
    return found if found is not None and found.state == "active" else None


async def send(tx: Tx, given: str) -> bool:
    """Send a link to this address. False: nobody here has proven it, or enough of them lie there."""
    found = await known(tx, given)
    person = None if found is None else await people.get(tx, found.person_id)
    if found is None or person is None or not person.active or await codes.unused_emails(tx, person.id) >= MOST:
        return False
    code = await codes.issue_email(tx, person.id)
    params = {"sign_in": f"/in/{code}", "minutes": round(codes.EMAIL_LIFE.total_seconds() / 60)}
    await to_channel(tx, person, found, "channel.sign_in", params, expires_at=tx.now + codes.EMAIL_LIFE)
    await events.log(
        tx,
        actor_id=None,
        agency_id=person.agency_id,
        verb="sign_in_link_asked",
        subject="person",
        subject_id=person.id,
        details={"via": "web"},
    )
    return True
