"""Every refusal that the code gives, with the facts that it carries: each has its sentence in the wording."""

from __future__ import annotations

from bots.dialogue import known_policy, known_running, known_visits, known_ways

#: A word that cannot be done, with the facts that its refusal carries.
REFUSALS: dict[str, str] = {
    **known_ways.REFUSALS,
    **known_policy.REFUSALS,
    **known_running.REFUSALS,
    **known_visits.REFUSALS,
    **dict.fromkeys(
        "changed_meanwhile fact_unknown fact_in_future source_wanted told_why_wanted fact_ended partner_ended"
        " organisation_wanted stance_unknown notice_unknown notice_empty summary_empty question_wanted"
        " file_not_known file_not_there_yet file_gone".split(),
        "",
    ),
    **dict.fromkeys(("record_unknown", "summary_unknown"), "field"),
    "lowered_too_long": "days",
    "word_shape": "least most",
    "code_too_long": "most",
    "too_many_rows": "most",
    **dict.fromkeys(("filters_full", "end_too_old"), "most"),
    **dict.fromkeys(("filter_nameless", "filter_empty", "look_over", "end_unknown"), ""),
    "reason_for_opening": "ref",
    "opening_reason_short": "least",
    "file_too_large": "most",
    **dict.fromkeys(
        "other not_found never_your_own after_it_is_over resolved_already not_yours_to_pass_on note_wanted"
        " second_person_wanted reason_wanted managers_only administrators_only not_your_role not_your_visit other_team"
        " cannot_visit not_with_this_family worker_unknown no_team visit_is_over already_out not_begun_yet"
        " cancel_only_before_begin silence_is_for_inside cap_reached extend_by_more_than_nothing ends_before_it_starts"
        " already_over visit_too_long worker_twice speaker_must_go strategies_wanted ref_wanted ring_answered_already"
        " not_while_out nothing_set word_taken words_alike code_alike"
        " code_unknown code_used code_expired too_many_tries chat_of_another debrief_given cover_yourself until_past"
        " offer_gone measure_closed reason_of_another says_wanted change_unknown demands_unknown item_closed"
        " item_note_wanted debrief_unfinished answer_unknown".split(),
        "",
    ),
    **dict.fromkeys(
        "words_wanted reviewers_only note_missing debrief_not_given addendum_wanted"
        " reviewed_already held_already not_held"
        " preview_first period_wanted".split(),
        "",
    ),
    **dict.fromkeys(
        "only_on_the_machine name_wanted one_of_two_wanted excluded_from_self ends_before_start key_reused"
        " seen_or_police_wanted".split(),
        "",
    ),
    **dict.fromkeys(
        "undertaking_lacks undertaking_over review_wanted share_decided share_changed basis_wanted partner_kept_out"
        " contact_unverified nothing_to_tell invited_unknown meets_before_now parents_why_wanted share_wanted"
        " notes_wanted owner_wanted meeting_over not_in_team supervisors_only no_supervisor"
        " judgement_unknown judgement_lacks".split(),
        "",
    ),
    **dict.fromkeys(("name_taken", "already_there", "not_there"), "name"),
    "zone_unknown": "zone",
    "addendum_too_long": "most",
    "phone_unknown": "why",
    "card_unknown": "field",
    "card_too_long": "field most",
    "post_unknown": "post",
    "shift_too_long": "days",
    "until_too_far": "days",
    "review_too_far": "years",
    "not_on_duty": "name post",
    "seals_otherwise": "role host",
    "newer_key": "name",
    "not_reachable": "name",
    "not_to_them": "name",
    "taken_already": "owner",
    "deactivated": "name",
}
