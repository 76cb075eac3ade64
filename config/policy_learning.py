"""The learning loop's part of the policy: training, what is known of families, what happens around them."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, model_validator

from config.policy_base import Duration, Level, Section, at_most


class TrainingCode(Section):
    """What somebody can be trained in: its words, and how long it counts (None: for good)."""

    says: str = Field(min_length=1, max_length=80)
    valid: Annotated[Duration, at_most("36525d")] | None = None


class TrainingPolicy(Section):
    """Which training a visit needs, by its risk. What is missing is said and decided on; it never stops the watch."""

    codes: Mapping[str, TrainingCode] = Field(default_factory=dict)
    needs: Mapping[Level, tuple[str, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _codes_are_known(self) -> "TrainingPolicy":
        for level, codes in self.needs.items():
            for code in codes:
                if code not in self.codes:
                    raise ValueError(f"needs.{level}: the training {code!r} is not in [training.codes]")
        return self


class PlanPolicy(Section):
    """When what is proposed has to be decided, and how long decisions may stand."""

    #: Working time; sooner where the next visit is sooner.
    decide: Annotated[Duration, at_most("14d")]
    #: After a threat or violence; weekends count.
    threat: Annotated[Duration, at_most("3d")]
    #: Undecided, overdue or run out: asked again after this, then by every manager of the team.
    again: Annotated[Duration, at_most("7d")]
    #: Longest that a decision on how the work goes on may stand.
    course: Annotated[Duration, at_most("366d")]
    #: So long before its end somebody is asked what follows.
    course_ends: Annotated[Duration, at_most("31d")]
    #: A plan without a review date of its own is looked at again after this.
    review: Annotated[Duration, at_most("184d")]


class FamilyPolicy(Section):
    """What is known of a family: when it is looked at again, for how long its risk may be lowered by hand, and who
    reads it without being asked why.
    """

    fact_review: Annotated[Duration, at_most("731d")]
    chase_again: Annotated[Duration, at_most("31d")]
    lowered: Annotated[Duration, at_most("28d")]
    lowered_says: str = Field(min_length=1, pattern=r"^[^{}]*(\{on\}[^{}]*)?$")
    #: For how long a reason opens a family to somebody without a visit, a duty or an alert there.
    opening: Annotated[Duration, at_most("24h")]
    #: So long before and after a visit of one's own nobody is asked for a reason.
    tie_before: Annotated[Duration, at_most("62d")]
    tie_after: Annotated[Duration, at_most("184d")]


class SharingPolicy(Section):
    """Warning other agencies: by when somebody decides, by when they acknowledge; how often it climbs after that."""

    decide: Annotated[Duration, at_most("2d")]
    acknowledge: Annotated[Duration, at_most("7d")]
    again: Annotated[Duration, at_most("2d")]


class AroundPolicy(Section):
    """Undertakings and meetings: a review or a meeting that is overdue is chased this often."""

    again: Annotated[Duration, at_most("31d")]
