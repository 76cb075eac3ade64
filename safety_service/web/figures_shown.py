"""What the page of figures says: its tables and charts, from counts. Small numbers of few people are not said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlencode
from uuid import UUID

from safety_service.actions.team_figures import MANY, Period, TeamFigures
from safety_service.domain import counting
from safety_service.domain.care import MISSED
from safety_service.domain.timeline_words import FOUND, KINDS
from safety_service.domain.words import Kind
from safety_service.web.chart import Chart, drawn

#: Longer than this is drawn by month.
WEEKS = timedelta(weeks=26)
FEWER = f"fewer than {MANY}"
TAKEN = {
    "1m": "Within a minute",
    "2m": "In 1 to 2 minutes",
    "5m": "In 2 to 5 minutes",
    "10m": "In 5 to 10 minutes",
    counting.LATER: "After more than 10 minutes",
    counting.NOBODY: "By nobody",
}
DECIDED = {"accept": "Accepted", "change": "Changed", "refuse": "Refused", "done": "Done", "lapse": "Ended"}


@dataclass(frozen=True, slots=True)
class Line:
    """A figure: what it is, how much, and where its records are. `cells`: of each step in time."""

    says: str
    shown: str
    link: str = ""
    cells: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: figures, a chart of one of them, and what has to be known to read them."""

    heading: str
    lines: Sequence[Line]
    chart: Chart | None = None
    note: str = ""
    steps: Sequence[str] = field(default_factory=list)


class Shown:
    """The sections, from what was counted."""

    def __init__(self, found: TeamFigures, behaviours: Callable[[str], str]) -> None:
        self._found = found
        self._behaviours = behaviours
        self._steps = _steps(found)

    @property
    def steps(self) -> list[str]:
        """The names of the steps in time."""
        return list(self._steps)

    def sections(self) -> list[Section]:
        """All of them, in the order in which they are read."""
        return [
            self._alerts(),
            self._taken(),
            self._words(),
            self._harmless(),
            self._debriefs(),
            self._met(),
            self._measures(),
        ]

    def teams(self) -> list[tuple[str, list[str]]]:
        """A line for each team, by name: never by number."""
        found = self._found
        named = sorted(((found.teams[each], each) for each in found.by_team), key=lambda one: one[0].casefold())
        return [(name, self._of_team(team_id)) for name, team_id in named]

    def _of_team(self, team_id: UUID) -> list[str]:
        if team_id in self._found.alone:
            return ["one goes alone here: no figures"]
        counts = self._found.by_team[team_id]
        alerts = sum(count for figure, count in counts.items() if figure.startswith("alert:"))
        soon = sum(counts[f"taken:{each}"] for each in ("1m", "2m", "5m"))
        return [
            self._say(alerts),
            self._share(soon, alerts),
            self._say(counts[counting.GIVEN]),
            self._share(counts[counting.GIVEN_IN_TIME], counts[counting.GIVEN]),
            self._share(counts[counting.REVIEWED_IN_TIME], counts[counting.TO_REVIEW]),
        ]

    def _alerts(self) -> Section:
        kinds = [str(each) for each in Kind]
        lines = [self._line(KINDS[Kind(kind)].capitalize(), f"alert:{kind}") for kind in kinds]
        all_of_them = [sum(each[f"alert:{kind}"] for kind in kinds) for each in self._steps.values()]
        note = "Duress counts once it is over."
        return Section("Alerts", self._some(lines), self._chart("Alerts", all_of_them), note, self.steps)

    def _taken(self) -> Section:
        lines = [self._line(says, f"taken:{step}") for step, says in TAKEN.items()]
        numbers = [self._found.total[f"taken:{step}"] for step in TAKEN]
        chart = self._drawn("Alerts, by how soon somebody took them", list(_SHORT.values()), numbers)
        return Section("How soon somebody took them", lines, chart, steps=self.steps)

    def _words(self) -> Section:
        lines = [self._line("Late: had to be asked once more", counting.ASKED_AGAIN)]
        lines += [self._line(KINDS[Kind(kind)].capitalize(), f"alert:{kind}") for kind in MISSED]
        late = [each[counting.ASKED_AGAIN] for each in self._steps.values()]
        return Section("Words that were late or missed", lines, self._chart("Asked once more", late), steps=self.steps)

    def _harmless(self) -> Section:
        figures = sorted(each for each in self._found.total if each.startswith("false:"))
        lines = [self._line(_cause(each), each) for each in figures]
        numbers = [sum(counts[each] for each in figures) for counts in self._steps.values()]
        note = "Alerts that were resolved as a false alarm, or as only late, by what raised them."
        return Section("False alarms, by cause", lines, self._chart("False alarms", numbers), note, self.steps)

    def _debriefs(self) -> Section:
        more = {"team": _team(self._found.period)}
        lines = [
            self._line("Given", counting.GIVEN),
            self._line("Given within a day", counting.GIVEN_IN_TIME, of=counting.GIVEN),
            self._line("Hard", counting.hard("medium")),
            self._line("Very hard", counting.hard("high")),
            self._line("To be reviewed", counting.TO_REVIEW),
            self._line("Reviewed", counting.REVIEWED, of=counting.TO_REVIEW),
            self._line("Reviewed in time", counting.REVIEWED_IN_TIME, of=counting.TO_REVIEW),
            Line("Wait for a review now", self._say(self._found.waiting), _address("/log", reviewed="no", **more)),
            Line("Wanted for over a day and not given now", self._say(self._found.unfinished)),
        ]
        given = [each[counting.GIVEN] for each in self._steps.values()]
        chart = self._chart("Debriefs given", given)
        return Section("Debriefs", lines, chart, "Each counts for the day on which it was given.", self.steps)

    def _met(self) -> Section:
        figures = [each for each in self._found.total if each.startswith("met:")]
        lines = [self._line(self._behaviours(each.removeprefix("met:")), each) for each in figures]
        lines.sort(key=lambda each: each.says.casefold())
        numbers = [sum(counts[each] for each in figures) for counts in self._steps.values()]
        note = "More of it may mean that more is told."
        return Section("What was met", lines, self._chart("Behaviours that were told of", numbers), note, self.steps)

    def _measures(self) -> Section:
        total = self._found.total
        lines = [self._line(says, counting.decided(kind)) for kind, says in DECIDED.items()]
        lines.append(self._line("Put in force, and the same was met there again", counting.RECURRED, of=counting.HELD))
        before = self._share(total[counting.BEFORE_HARD], total[counting.BEFORE])
        after = self._share(total[counting.AFTER_HARD], total[counting.AFTER])
        lines.append(Line("Hard visits there in the 60 days before", before))
        lines.append(Line("Hard visits there in the 60 days after", after))
        made = [sum(each[counting.decided(kind)] for kind in DECIDED) for each in self._steps.values()]
        note = "What was met again is looked for over 90 days. That it was met less need not be the measure's doing."
        return Section("Measures, and what came of them", lines, self._chart("Decisions", made), note, self.steps)

    def _line(self, says: str, figure: str, of: str = "") -> Line:
        total = self._found.total
        cells = [self._say(each[figure]) for each in self._steps.values()]
        shown = self._share(total[figure], total[of]) if of else self._say(total[figure])
        link = _records(figure, self._found.period) if total[figure] else ""
        return Line(says, shown, link, cells)

    def _some(self, lines: Sequence[Line]) -> list[Line]:
        """Those of which there are any; of none at all the first."""
        return [each for each in lines if each.shown != "0"] or list(lines[:1])

    def _chart(self, title: str, numbers: Sequence[int]) -> Chart | None:
        return self._drawn(title, [_at(each) for each in self._steps], numbers)

    def _drawn(self, title: str, names: Sequence[str], numbers: Sequence[int]) -> Chart | None:
        """None where there is nothing to be seen."""
        if not any(numbers):
            return None
        hidden = [None if self._hides(each) else each for each in numbers]
        return drawn(title, names, hidden, MANY)

    def _hides(self, number: int) -> bool:
        return self._found.few and 0 < number < MANY

    def _say(self, number: int) -> str:
        return FEWER if self._hides(number) else str(number)

    def _share(self, part: int, whole: int) -> str:
        """So many of so many; of few people only where neither they nor the rest of them are few."""
        if not whole:
            return "none yet"
        if self._hides(part) or self._hides(whole) or self._hides(whole - part):
            return f"some of {self._say(whole)}" if part else f"0 of {self._say(whole)}"
        return f"{part} of {whole}"


def _steps(found: TeamFigures) -> dict[str, Counter[str]]:
    """The weeks, or the months if it is long; each by its name."""
    by_week = found.period.until - found.period.since <= WEEKS
    steps: dict[str, Counter[str]] = {}
    for week, counts in found.weeks.items():
        name = f"{week.day} {week:%b}" if by_week else f"{week:%b %Y}"
        steps.setdefault(name, Counter()).update(counts)
    return steps


def _at(name: str) -> str:
    """A step's name below its bar."""
    return name.removesuffix(name[-5:]) if name[-4:].isdigit() else name


#: Below a bar there is room for a few letters.
_SHORT = {
    "1m": "≤ 1 min",
    "2m": "1–2",
    "5m": "2–5",
    "10m": "5–10",
    counting.LATER: "> 10",
    counting.NOBODY: "nobody",
}


def _cause(figure: str) -> str:
    _, kind, found = figure.split(":")
    return f"{KINDS[Kind(kind)].capitalize()}: {FOUND[found]}"


def _records(figure: str, period: Period) -> str:
    """Where the records behind a figure are: the log's own filter, where it has one."""
    of_log = _of_log(figure)
    within = {"from": str(period.since), "to": str(period.until), "team": _team(period)}
    if of_log is not None:
        return _address("/log", **of_log, **within)
    return _address("/figures/behind", what=figure, **within)


def _of_log(figure: str) -> dict[str, str] | None:
    what, _, rest = figure.partition(":")
    if what == "met":
        return {"behaviour": rest}
    if what == "hard":
        return {"severity": rest}
    return {counting.GIVEN: {}, counting.REVIEWED: {"reviewed": "yes"}}.get(figure)


def _team(period: Period) -> str:
    return "" if period.team_id is None else str(period.team_id)


def _address(path: str, **query: str) -> str:
    given = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def first_day(until: date) -> date:
    """What the page begins with, where nobody says from when: twelve weeks, from a Monday."""
    return until - timedelta(weeks=11, days=until.weekday())
