"""What the code speaks of around editions of the policy."""

BRACES: dict[str, str] = {
    "policy.offered": "by note loosens until",
    "policy.applied": "number by note",
    "policy.refused": "by note",
    "policy.expired": "by note",
    "reply.policy_agreed": "number",
    "reply.policy_refused": "",
}
REFUSALS: dict[str, str] = dict.fromkeys(("second_administrator_wanted", "policy_offer_gone"), "")
BUTTONS = ("policy_yes", "policy_no")
