"""What the page of figures says: its tables and charts, from counts. Small numbers of few people are not said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID

from safety_service.actions.team_figures import MANY, Period, TeamFigures
from safety_service.domain import counting
from safety_service.domain.care import MISSED
from safety_service.domain.timeline_words import FOUND, KINDS
from safety_service.domain.words import Kind
from safety_service.web import figures_links as links
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
class Cell:
    """A number, and where its records are: of what is not said, or is none, nowhere."""

    shown: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A week or a month: from when to when within what is asked about, and what was counted."""

    since: date
    until: date
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Line:
    """A figure: what it is, how much, and where its records are. `cells`: of each step in time."""

    says: str
    shown: str
    link: str = ""
    cells: Sequence[Cell] = ()


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

    def teams(self) -> list[tuple[str, list[Cell]]]:
        """A line for each team, by name: never by number."""
        found = self._found
        named = sorted(((found.teams[each], each) for each in found.by_team), key=lambda one: one[0].casefold())
        return [(name, self._of_team(team_id)) for name, team_id in named]

    def _of_team(self, team_id: UUID) -> list[Cell]:
        if team_id in self._found.alone:
            return [Cell("one goes alone here: no figures")]
        counts = Counter(self._found.by_team[team_id])
        counts[counting.ALERTS] = sum(count for figure, count in counts.items() if figure.startswith("alert:"))
        counts[counting.SOON_TAKEN] = sum(counts[f"taken:{each}"] for each in counting.SOONEST)
        period = replace(self._found.period, team_id=team_id)
        shares = {
            counting.ALERTS: "",
            counting.SOON_TAKEN: counting.ALERTS,
            counting.GIVEN: "",
            counting.GIVEN_IN_TIME: counting.GIVEN,
            counting.REVIEWED_IN_TIME: counting.TO_REVIEW,
        }
        return [self._cell(counts, figure, period, of, team_id) for figure, of in shares.items()]

    def _alerts(self) -> Section:
        kinds = [str(each) for each in Kind]
        lines = [self._line(KINDS[Kind(kind)].capitalize(), f"alert:{kind}") for kind in kinds]
        all_of_them = [sum(each.counts[f"alert:{kind}"] for kind in kinds) for each in self._steps.values()]
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
        late = [each.counts[counting.ASKED_AGAIN] for each in self._steps.values()]
        return Section("Words that were late or missed", lines, self._chart("Asked once more", late), steps=self.steps)

    def _harmless(self) -> Section:
        figures = sorted(each for each in self._found.total if each.startswith("false:"))
        lines = [self._line(_cause(each), each) for each in figures]
        numbers = [sum(step.counts[each] for each in figures) for step in self._steps.values()]
        note = "Alerts that were resolved as a false alarm, or as only late, by what raised them."
        return Section("False alarms, by cause", lines, self._chart("False alarms", numbers), note, self.steps)

    def _debriefs(self) -> Section:
        lines = [
            self._line("Given", counting.GIVEN),
            self._line("Given within a day", counting.GIVEN_IN_TIME, of=counting.GIVEN),
            self._line("Hard", counting.hard("medium")),
            self._line("Very hard", counting.hard("high")),
            self._line("To be reviewed", counting.TO_REVIEW),
            self._line("Reviewed", counting.REVIEWED, of=counting.TO_REVIEW),
            self._line("Reviewed in time", counting.REVIEWED_IN_TIME, of=counting.TO_REVIEW),
            *self._now(),
        ]
        given = [each.counts[counting.GIVEN] for each in self._steps.values()]
        chart = self._chart("Debriefs given", given)
        return Section("Debriefs", lines, chart, "Each counts for the day on which it was given.", self.steps)

    def _now(self) -> list[Line]:
        """What there is of no time."""
        found, team = self._found, links.team_of(self._found.period)
        waiting = links.address("/log", reviewed="no", team=team)
        untold = links.now(counting.UNFINISHED, found.period)
        now = {
            "Wait for a review now": (found.waiting, waiting),
            "Wanted for over a day and not given now": (found.unfinished, untold),
        }
        lines = ((says, number, link if self._leads(number) else "") for says, (number, link) in now.items())
        return [Line(says, self._say(number), link) for says, number, link in lines]

    def _met(self) -> Section:
        figures = [each for each in self._found.total if each.startswith("met:")]
        lines = [self._line(self._behaviours(each.removeprefix("met:")), each) for each in figures]
        lines.sort(key=lambda each: each.says.casefold())
        numbers = [sum(step.counts[each] for each in figures) for step in self._steps.values()]
        note = "More of it may mean that more is told."
        return Section("What was met", lines, self._chart("Behaviours that were told of", numbers), note, self.steps)

    def _measures(self) -> Section:
        total = self._found.total
        lines = [self._line(says, counting.decided(kind)) for kind, says in DECIDED.items()]
        lines.append(self._line("Put in force, and the same was met there again", counting.RECURRED, of=counting.HELD))
        before = self._share(total[counting.BEFORE_HARD], total[counting.BEFORE])
        after = self._share(total[counting.AFTER_HARD], total[counting.AFTER])
        # Of the visits of other times: they lead to the measures that these are about.
        held = links.records(counting.HELD, self._found.period) if self._leads(total[counting.HELD]) else ""
        lines.append(Line("Hard visits there in the 60 days before", before, held))
        lines.append(Line("Hard visits there in the 60 days after", after, held))
        made = [sum(each.counts[counting.decided(kind)] for kind in DECIDED) for each in self._steps.values()]
        note = "What was met again is looked for over 90 days. That it was met less need not be the measure's doing."
        return Section("Measures, and what came of them", lines, self._chart("Decisions", made), note, self.steps)

    def _line(self, says: str, figure: str, of: str = "") -> Line:
        period = self._found.period
        steps = [(each.counts, replace(period, since=each.since, until=each.until)) for each in self._steps.values()]
        cells = [self._cell(counts, figure, within) for counts, within in steps]
        whole = self._cell(self._found.total, figure, period, of)
        return Line(says, whole.shown, whole.link, cells)

    def _cell(
        self, counts: Counter[str], figure: str, period: Period, of: str = "", team_id: UUID | None = None
    ) -> Cell:
        """So many, or so many of so many; with its records, where that says no more than the number does."""
        number, whole = counts[figure], counts[of] if of else 0
        shown = self._share(number, whole, team_id) if of else self._say(number, team_id)
        leads = self._leads(number, team_id) and not (of and self._found.hides(whole - number, team_id))
        return Cell(shown, links.records(figure, period) if leads else "")

    def _leads(self, number: int, team_id: UUID | None = None) -> bool:
        return number > 0 and not self._found.hides(number, team_id)

    def _some(self, lines: Sequence[Line]) -> list[Line]:
        """Those of which there are any; of none at all the first."""
        return [each for each in lines if each.shown != "0"] or list(lines[:1])

    def _chart(self, title: str, numbers: Sequence[int]) -> Chart | None:
        return self._drawn(title, [_at(each) for each in self._steps], numbers)

    def _drawn(self, title: str, names: Sequence[str], numbers: Sequence[int]) -> Chart | None:
        """None where there is nothing to be seen."""
        if not any(numbers):
            return None
        hidden = [None if self._found.hides(each) else each for each in numbers]
        return drawn(title, names, hidden, MANY)

    def _say(self, number: int, team_id: UUID | None = None) -> str:
        return FEWER if self._found.hides(number, team_id) else str(number)

    def _share(self, part: int, whole: int, team_id: UUID | None = None) -> str:
        """So many of so many; of few people only where neither they nor the rest of them are few."""
        if not whole:
            return "none yet"
        if any(self._found.hides(each, team_id) for each in (part, whole, whole - part)):
            return f"{'some' if part else 0} of {self._say(whole, team_id)}"
        return f"{part} of {whole}"


def _steps(found: TeamFigures) -> dict[str, Step]:
    """The weeks, or the months if it is long; each by its name."""
    period = found.period
    by_week = period.until - period.since <= WEEKS
    steps: dict[str, Step] = {}
    for week, counts in found.weeks.items():
        name = f"{week.day} {week:%b}" if by_week else f"{week:%b %Y}"
        until = min(week + timedelta(days=6), period.until)
        before = steps.get(name, Step(max(week, period.since), until))
        steps[name] = Step(before.since, until, before.counts + counts)
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


def first_day(until: date) -> date:
    """What the page begins with, where nobody says from when: twelve weeks, from a Monday."""
    return until - timedelta(weeks=11, days=until.weekday())
