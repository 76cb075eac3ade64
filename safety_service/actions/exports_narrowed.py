"""What somebody looked for in the debrief log, taken along: the same debriefs as on the page, of a period.

Its teams and what is left out of it are those of every export. What was looked for stands in its heading: a part that
is taken for the whole would mislead a meeting.
"""

from dataclasses import replace
from datetime import datetime

from safety_service.actions import exports
from safety_service.actions.actor import Actor
from safety_service.actions.debrief_log import Search, asked_for, narrowed_to
from safety_service.actions.table import Table
from safety_service.domain import search
from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.store.debrief_log import WantedDebriefs

WHAT = "debriefs"


async def export(tx: Tx, by: Actor, wanted: Search, says: str, since: datetime, until: datetime) -> Table:
    """Gather it, and keep that it was exported. `says`: what was looked for, for people to read.

    Raises as `exports.gathered` does; Refused `words_wanted` for a text without a word to look for.
    """
    words = search.words(wanted.text)
    if wanted.text.strip() and not words:
        raise Refused("words_wanted")
    scope = await exports.scope_of(tx, by, by.agency_id, since, until)
    narrowed = await narrowed_to(tx, by, replace(wanted, since=since, until=until, before=None), words)
    # Without one's own from elsewhere: an export is of the teams that one reads.
    found = narrowed or WantedDebriefs(agency_id=by.agency_id, teams=())
    teams = frozenset(scope.teams) & frozenset(found.teams)
    made = await exports.debriefs_of(tx, scope, replace(found, teams=teams, own=None), words)
    await exports.keep_export(tx, by, scope, WHAT, len(made.rows), **asked_for(wanted))
    return replace(made, only=says)
