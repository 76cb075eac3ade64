"""What the code speaks of when people, teams and the rota are run from the pages."""

BRACES: dict[str, str] = {
    **{f"duty.{each}": "post team by starts_at until" for each in ("on", "off", "stood_in")},
    "duty.weeks": "count team by starts_at",
}
REFUSALS: dict[str, str] = {
    **dict.fromkeys(
        "nothing_to_repeat last_administrator email_taken email_unknown not_a_supervisor name_too_long role_wanted"
        " training_unknown time_unknown several_of_that_name policy_faulty worker_wanted".split(),
        "",
    ),
    "too_many_weeks": "most",
}
