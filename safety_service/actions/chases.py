"""What is chased in the learning loop: decisions, reviews, acknowledgements, open items. None of it is a watch."""

from collections.abc import Awaitable, Callable, Mapping

from safety_service.actions import acknowledging, meetings, opening, plan_chases, policies, undertakings, waking
from safety_service.actions.catching_up import catch_up
from safety_service.actions.fact_reviews import chase_facts
from safety_service.actions.items import chase_items
from safety_service.actions.reviews import sweep_reviews
from safety_service.actions.unread import chase_unread
from safety_service.store.database import Tx

#: By name: looks after at most so many rows that are due, each in a savepoint of its own, and gives how many they were.
CHASES: Mapping[str, Callable[[Tx, int], Awaitable[int]]] = {
    "unread": chase_unread,
    "nights": waking.chase,
    "facts": chase_facts,
    "items": chase_items,
    "reviews": sweep_reviews,
    "shares": acknowledging.chase,
    "undertakings": undertakings.chase,
    "meetings": meetings.chase,
    "measures": plan_chases.chase_measures,
    "plan_reviews": plan_chases.chase_reviews,
    "plan_courses": plan_chases.chase_courses,
    "visits": catch_up,
    "openings": opening.chase_openings,
    "policies": policies.chase_offers,
}
