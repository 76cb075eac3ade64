"""What the code speaks of when people, teams and the rota are run from the pages."""

BRACES: dict[str, str] = {
    **{f"duty.{each}": "post team by starts_at until" for each in ("on", "off", "stood_in")},
    "duty.weeks": "count team by starts_at",
}
REFUSALS: dict[str, str] = {
    **dict.fromkeys("nothing_to_repeat last_administrator email_taken not_a_supervisor name_too_long".split(), ""),
    **dict.fromkeys(
        ("email_unknown", "training_unknown", "time_unknown", "several_of_that_name", "policy_faulty", "worker_wanted"),
        "",
    ),
    "too_many_weeks": "most",
}
