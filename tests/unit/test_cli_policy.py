"""`doorstep policy`, `migrate` and the command itself: faults with their lines, and help without loading everything."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from safety_service import cli
from safety_service.commands.sentences import sentence
from safety_service.domain.refusal import Refused
from tests.commands import Doorstep, in_an_empty_folder
from tests.services.template import TEST_KEY

SHIPPED = Path(__file__).parents[2] / "config" / "policy.toml"


@pytest.fixture
def doorstep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doorstep:
    """The command with nothing set, in an empty folder: its database and its keys are made under `var/`."""
    return in_an_empty_folder(tmp_path, monkeypatch)


def policy(tmp_path: Path, text: str) -> str:
    file = tmp_path / "policy.toml"
    file.write_text(text)
    return str(file)


def test_a_good_policy_says_the_longest_silence_before_a_human_knows(doorstep: Doorstep) -> None:
    said = doorstep("policy", "check", str(SHIPPED)).stdout.splitlines()
    assert said[0].endswith("policy.toml can be used.")
    assert [line.split() for line in said[2:5]] == [["low", "1h15m"], ["medium", "40m"], ["high", "20m"]]
    assert [line.split() for line in said[8:11]] == [
        ["low", "20m", "1h15m", "15m", "30m", "2h", "20m"],
        ["medium", "20m", "40m", "10m", "20m", "1h30m", "10m"],
        ["high", "20m", "20m", "5m", "15m", "1h", "4m"],
    ]
    assert said[11] == "In danger the first hear at once, and everyone after 2m."


def test_every_fault_of_a_policy_is_named_with_its_line(doorstep: Doorstep, tmp_path: Path) -> None:
    text = """\
[risk.high]
interval = "3h"
graze = "3m"

[ladder.low]
rungs = [
  { who = "manager_on_duty", answer = "5m" },
  { who = "deputy_on_duty", answer = "1h" },  # too long
]
[[lines]]
key = "one"
level = "high"
says = "A [bracket] # and a hash"
fact = "threat"
[[lines]]
key = "two"
level = "higher"
says = "x"
fact = "y"
"""
    said = doorstep("policy", "check", policy(tmp_path, text), fails=True).stderr.splitlines()
    assert sorted(": ".join(line.split(": ")[:2]) for line in said[1:]) == [
        "line 17: lines.1.level",
        "line 2: risk.high.interval",
        "line 3: risk.high.graze",
        "line 6: ladder.low.rungs.1.answer",
    ]


def test_what_is_not_toml_is_named_with_its_line(doorstep: Doorstep, tmp_path: Path) -> None:
    assert "line 2" in doorstep("policy", "check", policy(tmp_path, "[risk]\nlow = \n"), fails=True).stderr


def test_an_edition_is_applied_with_who_and_why_and_a_bad_one_changes_nothing(
    doorstep: Doorstep, tmp_path: Path
) -> None:
    why = ("--by", "Dr Data", "--why", "winter")
    good = policy(tmp_path, '[risk.high]\ninterval = "10m"\n')
    assert "`doorstep migrate`" in doorstep("policy", "apply", good, *why, fails=True).stderr
    assert doorstep("migrate").stdout == "The database is up to date.\n"
    assert doorstep("policy", "apply", good, *why).stdout.startswith("Edition 2 is in force.\n")
    bad = policy(tmp_path, '[risk.high]\ninterval = "3h"\n')
    assert "cannot be used" in doorstep("policy", "apply", bad, *why, fails=True).stderr
    assert doorstep("policy", "apply", str(SHIPPED), *why).stdout.startswith("Edition 3 is in force.\n")
    for who, reason, said in (("", "x", "Say who, by name.\n"), ("x", " ", "Say the reason: somebody will ask.\n")):
        assert doorstep("policy", "apply", str(SHIPPED), "--by", who, "--why", reason, fails=True).stderr == said


GRACE = '[risk.high]\ngrace = "6m"\n'
TIGHT = '[risk.high]\ngrace = "2m"\n'
WHY = ("--why", "winter")


@pytest.fixture
def office(doorstep: Doorstep) -> Doorstep:
    """A service with two administrators and a manager."""
    doorstep("migrate")
    doorstep("agency", "add", "Northfield")
    doorstep("team", "add", "Intake")
    for name, role in (("Eve", "administrator"), ("Adam", "administrator"), ("Mia", "manager")):
        person = ("--name", name, "--email", f"{name.lower()}@example.org")
        doorstep("people", "add", *person, "--team", "Intake", "--role", role)
    return doorstep


def test_as_soon_as_there_are_administrators_one_of_them_applies_it(office: Doorstep, tmp_path: Path) -> None:
    tight = policy(tmp_path, TIGHT)
    for who in ("Dr Data", "mia@example.org"):
        said = office("policy", "apply", tight, "--by", who, *WHY, fails=True).stderr
        assert said == f"No administrator is called {who!r}: say the e-mail address.\n"
    said = office("policy", "apply", tight, "--by", "eve@example.org", *WHY).stdout
    assert said.startswith("Edition 2 is in force.\n") and "Less strict" not in said
    assert "  high    20m" in said and "3m → 2m" not in said


def test_what_is_less_strict_waits_for_a_second_administrator_and_says_what_it_is(
    office: Doorstep, tmp_path: Path
) -> None:
    loose = policy(tmp_path, GRACE)
    said = office("policy", "apply", loose, "--by", "eve@example.org", *WHY).stdout
    assert "It is not in force" in said and "  risk.high.grace: 3m → 6m" in said
    assert "20m → 21m" in said, "the silence inside, before and after"
    listed = office("policy", "offers").stdout
    offer = listed.split(",")[0]
    assert "by Eve: winter" in listed and "risk.high.grace: 3m → 6m" in listed
    assert office("policy", "agree", offer, "--by", "Eve", fails=True).stderr.startswith("Not for yourself")
    assert "No administrator" in office("policy", "agree", offer, "--by", "Mia", fails=True).stderr
    assert office("policy", "agree", offer, "--by", "adam@example.org").stdout == "Edition 2 is in force.\n"
    assert office("policy", "offers").stdout == "Nothing waits.\n"
    assert "waits no more" in office("policy", "agree", offer, "--by", "Adam", fails=True).stderr


def test_it_can_be_refused_or_taken_back(office: Doorstep, tmp_path: Path) -> None:
    loose = policy(tmp_path, GRACE)
    for who in ("Adam", "Eve"):
        office("policy", "apply", loose, "--by", "Eve", *WHY)
        offer = office("policy", "offers").stdout.split(",")[0]
        assert office("policy", "refuse", offer, "--by", who).stdout == "Refused.\n"
        assert office("policy", "offers").stdout == "Nothing waits.\n"


def test_one_administrator_alone_loosens_nothing(office: Doorstep, tmp_path: Path) -> None:
    office("people", "deactivate", "adam@example.org")
    said = office("policy", "apply", policy(tmp_path, GRACE), "--by", "Eve", *WHY, fails=True).stderr
    assert "there is no second administrator" in said
    assert office("policy", "apply", policy(tmp_path, TIGHT), "--by", "Eve", *WHY).stdout.startswith("Edition 2 is")


def test_a_new_machine_needs_no_settings_and_keeps_its_keys_to_itself(doorstep: Doorstep, tmp_path: Path) -> None:
    doorstep("migrate")
    doorstep("migrate")
    assert (tmp_path / "var" / "doorstep.db").exists()
    assert (tmp_path / "var" / "secret_keys").stat().st_mode & 0o777 == 0o600


def test_wrong_keys_and_wrong_settings_are_said_in_a_sentence(
    doorstep: Doorstep, monkeypatch: pytest.MonkeyPatch
) -> None:
    doorstep("migrate")
    monkeypatch.setenv("DOORSTEP_SECRET_KEYS", "b3RoZXIga2V5IG9mIDMyIGJ5dGVzLCBub3QgeW91cnM=")
    assert "do not open this database" in doorstep("people", "list", fails=True).stderr
    monkeypatch.setenv("DOORSTEP_SECRET_KEYS", "short")
    monkeypatch.setenv("DOORSTEP_LISTEN", "nowhere")
    said = doorstep("people", "list", fails=True).stderr
    assert "DOORSTEP_SECRET_KEYS" in said and "DOORSTEP_LISTEN" in said and "short" not in said


def test_a_database_that_does_not_answer_is_said_so(doorstep: Doorstep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOORSTEP_SECRET_KEYS", TEST_KEY)
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/nothing")
    said = doorstep("people", "list", fails=True).stderr
    assert said.startswith("The database does not answer") and "secret" not in said


def test_help_names_every_command_and_imports_none(doorstep: Doorstep) -> None:
    said = doorstep("--help").stdout
    assert all(f"  {name} " in said for name in cli.COMMANDS)
    assert CliRunner().invoke(cli.doorstep, ["fly"]).exit_code == 2
    check = "import sys; from safety_service import cli; cli.doorstep(['--help'], standalone_mode=False)"
    loaded = "; assert not [each for each in sys.modules if each.startswith('sqlalchemy')]"
    subprocess.run([sys.executable, "-c", check + loaded], check=True, capture_output=True)


def test_the_module_runs_as_the_command_does(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "safety_service", "--version"], check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith("doorstep, version ")


def test_a_reason_without_a_sentence_is_still_said() -> None:
    assert sentence(Refused("brand_new")) == "This cannot be done: brand_new."
    assert sentence(Refused("deactivated", name="Ann")).startswith("Ann was deactivated.")
