"""What the code speaks of around visits that are planned at a desk, and changed."""

_TOLD = "ref starts_at by"

BRACES: dict[str, str] = {f"visit.{each}": _TOLD for each in ("planned", "changed", "taken_off")}
REFUSALS: dict[str, str] = dict.fromkeys(
    ("change_only_before_start", "starts_in_the_past", "on_their_way", "heard_of_already"), ""
)
