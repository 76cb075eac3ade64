"""Where the records behind a figure are: in the log, where its filter finds them; else in a list of their own."""

from __future__ import annotations

from urllib.parse import urlencode

from safety_service.actions.team_figures import Period
from safety_service.domain import counting


def records(figure: str, period: Period) -> str:
    """The address of the records of this figure, of this time and team."""
    of_log = _of_log(figure)
    within = {"from": str(period.since), "to": str(period.until), "team": team_of(period)}
    if of_log is not None:
        return address("/log", **of_log, **within)
    return address("/figures/behind", what=figure, **within)


def now(figure: str, period: Period) -> str:
    """The same for a figure that is of no time."""
    return address("/figures/behind", what=figure, team=team_of(period))


def _of_log(figure: str) -> dict[str, str] | None:
    what, _, rest = figure.partition(":")
    if what == "met":
        return {"behaviour": rest}
    if what == "hard":
        return {"severity": rest}
    return {counting.GIVEN: {}, counting.REVIEWED: {"reviewed": "yes"}}.get(figure)


def team_of(period: Period) -> str:
    """The team that is asked about; nothing for all of them."""
    return "" if period.team_id is None else str(period.team_id)


def address(path: str, **query: str) -> str:
    """With what is not empty."""
    given = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(given)}" if given else path
