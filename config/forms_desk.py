"""A visit planned at a desk: the questions of the chat on two pages, and who goes, where others are planned for."""

from config.forms import PLAN, VISIT, Form, Kind, Step

#: Asked of whoever plans for others.
WHO = Step(key="worker", kind=Kind.CHOICE, source="workers", sensitivity=PLAN)
#: Asked once the risk is judged, and the family's plan has been looked at.
CHECKED = ("strategies", "place", "arranged")
_LAST = "confirm"


def desk_form(*, for_others: bool, ref_known: bool) -> Form:
    """The form's first page; a visit that is changed stays with its family."""
    steps = [each for each in VISIT.steps if each.key not in (*CHECKED, _LAST)]
    if ref_known:
        steps = [each for each in steps if each.key != "ref"]
    return Form(VISIT.name, (*([WHO] if for_others else ()), *steps))


CHECK = Form(VISIT.name, tuple(VISIT.step(key) for key in CHECKED))
