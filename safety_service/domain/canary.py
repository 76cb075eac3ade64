"""The canary: a visit of nobody's that falls silent now and then, so that the way of an alarm is tried end to end.

Its agency, team and people are known by their ids, which no real ones can have: whoever lists or counts leaves them
out by a comparison, and asks nobody. Pure.
"""

from datetime import datetime, timedelta
from uuid import UUID

AGENCY = UUID("00000000-0000-7000-8000-0000000ca000")
TEAM = UUID("00000000-0000-7000-8000-0000000ca001")
WORKER = UUID("00000000-0000-7000-8000-0000000ca002")
MANAGER = UUID("00000000-0000-7000-8000-0000000ca003")
DEPUTY = UUID("00000000-0000-7000-8000-0000000ca004")
PEOPLE = (WORKER, MANAGER, DEPUTY)

#: So long may one be on its way beyond what it is planned to take.
PATIENCE = timedelta(minutes=5)


def missed(now: datetime, last_at: datetime, every: timedelta, takes: timedelta) -> int:
    """How many should have come through since the last one did (or since it was begun with), and did not."""
    patience = takes + PATIENCE
    period = max(every, patience)
    return max(0, int((now - last_at - patience) / period))
