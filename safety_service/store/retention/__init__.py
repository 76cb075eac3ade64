"""Retention: what has been kept long enough, rule by rule. What is held, open or watched is in none of them."""

from safety_service.store.retention import debriefs, evidence, families, people, visits, words
from safety_service.store.retention.rule import Old, Rule, count, found, is_sealed, still

__all__ = ["ELSEWHERE", "RULES", "Old", "Rule", "count", "found", "is_sealed", "still"]

#: In the order in which they are worked through: what refers to others goes first.
RULES: tuple[Rule, ...] = (
    *words.RULES,
    *visits.RULES,
    *debriefs.RULES,
    *people.RULES,
    *families.RULES,
    *evidence.RULES,
)

#: Sealed columns that no rule covers, each with its reason.
ELSEWHERE = {
    "answered.body": "an answer is remembered for two days (store.housekeeping)",
    "draft.answers": "a form that nobody came back to goes after 90 days (store.housekeeping)",
    "notice.text": "the agency's own text, about nobody",
    "secret.value": "the key of the indexes: without it nothing is found",
}
