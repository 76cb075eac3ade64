"""`doorstep` on a machine: real commands on a real database, said in plain text, faults on stderr with exit 1."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from safety_service import cli
from tests.services.template import TEST_KEY

Doorstep = Callable[..., Result]

HEADER = "agency,team,name,email,phone,roles,supervisor_email,training\n"
PEOPLE = (
    "Elmshire,North,Ann Lee,ann@example.org,07700 900101,practitioner,mia@example.org,lone_working:2026-03-01\n"
    "Elmshire,North,Mia Holt,mia@example.org,07700 900102,manager,,\n"
    "Elmshire,North,Dev Rao,dev@example.org,07700 900103,manager,,\n"
)


@pytest.fixture
def doorstep(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doorstep:
    """The command, in a folder of its own, on a database that is up to date."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", database_url)
    monkeypatch.setenv("DOORSTEP_SECRET_KEYS", TEST_KEY)
    monkeypatch.setenv("DOORSTEP_PUBLIC_URL", "https://doorstep.example.org")

    def run(*words: str, fails: bool = False, asked: str | None = None) -> Result:
        result = CliRunner().invoke(cli.doorstep, [*words], input=asked)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == (1 if fails else 0), result.output
        assert not fails or not result.stdout, "what is wrong is said on stderr"
        return result

    return run


@pytest.fixture
def elmshire(doorstep: Doorstep, tmp_path: Path) -> Doorstep:
    """Three people of one team."""
    (tmp_path / "people.csv").write_text(HEADER + PEOPLE)
    doorstep("people", "import", "people.csv")
    return doorstep


def rows(result: Result) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in result.stdout.splitlines()[1:]]


def test_the_first_administrator_is_made_on_an_empty_machine(doorstep: Doorstep) -> None:
    who = ("--name", "Owen Price", "--email", "owen@example.org", "--role", "administrator")
    assert doorstep("people", "add", *who, fails=True).stderr == "There is no agency yet: `doorstep agency add NAME`.\n"
    said = doorstep("people", "add", *who, "--agency", "Elmshire", "--team", "Office").stdout
    assert said.splitlines()[:3] == ["New agency: Elmshire", "New team: Office", "Added: Owen Price"]
    assert rows(doorstep("people", "list")) == [
        ["Owen Price", "owen@example.org", "–", "Elmshire", "Office: administrator", "nothing yet"]
    ]


def test_a_file_is_imported_and_the_second_time_nothing_changes(elmshire: Doorstep) -> None:
    assert elmshire("people", "import", "people.csv").stdout == "Nothing changed.\n"
    assert [row[0] for row in rows(elmshire("people", "list"))] == ["Ann Lee", "Dev Rao", "Mia Holt"]


def test_a_file_with_faults_is_not_imported_and_every_bad_row_is_named(doorstep: Doorstep, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(
        HEADER + PEOPLE.replace("manager", "boss") + "Elmshire,North,Zoe,zoe,,manager,,\n"
    )
    said = doorstep("people", "import", "bad.csv", fails=True).stderr.splitlines()
    assert [line.partition(":")[0] for line in said] == ["line 3", "line 4", "line 5", "Nothing was imported."]
    assert doorstep("people", "list").stdout == "There is nobody yet.\n"


def test_a_file_of_the_wrong_encoding_is_said_so(doorstep: Doorstep, tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes((HEADER + PEOPLE.replace("Ann", "Zoë")).encode("latin-1"))
    assert "not UTF-8" in doorstep("people", "import", "latin.csv", fails=True).stderr


def test_what_is_wrong_with_a_single_person_is_said_without_a_line(elmshire: Doorstep) -> None:
    who = ("--name", "Zoe", "--role", "practitioner")
    assert elmshire("people", "add", *who, "--email", "zoe", fails=True).stderr == "'zoe' is not an e-mail address\n"
    said = elmshire("people", "add", *who, "--email", "z@example.org", "--supervisor", "x@example.org", fails=True)
    assert said.stderr == "supervisor_email 'x@example.org' is nobody in this file or in Elmshire\n"


def test_an_invitation_and_a_sign_in_link_are_printed(elmshire: Doorstep) -> None:
    invited = elmshire("invite", "ann").stdout
    assert "For Ann Lee, once, within 24 hours:" in invited
    assert "https://doorstep.example.org/in/" in invited and "/start " in invited
    link = elmshire("sign-in", "mia@example.org").stdout
    assert link.startswith("https://doorstep.example.org/in/") and link.count("\n") == 1


def test_a_name_that_fits_several_people_is_asked_back(elmshire: Doorstep) -> None:
    elmshire("people", "add", "--name", "Ann Leeson", "--email", "al@example.org", "--role", "practitioner")
    said = elmshire("invite", "Lee", fails=True).stderr
    assert "Ann Lee, ann@example.org, Elmshire" in said and "Ann Leeson, al@example.org, Elmshire" in said
    assert "For Ann Lee," in elmshire("invite", "ann lee").stdout
    assert elmshire("invite", "Bob", fails=True).stderr == "Nobody active is called 'Bob'.\n"


def test_who_is_deactivated_is_named_no_more_until_brought_back(elmshire: Doorstep) -> None:
    assert elmshire("people", "deactivate", "Dev").stdout == "Dev Rao is deactivated.\n"
    elmshire("invite", "Dev", fails=True)
    assert "Dev" not in elmshire("people", "list").stdout
    assert rows(elmshire("people", "list", "--all"))[1][-1] == "deactivated"
    assert "dev@example.org was deactivated, and stays so" in elmshire("people", "import", "people.csv").stdout
    elmshire("people", "add", "--name", "Dev Rao", "--email", "dev@example.org", "--role", "manager")
    elmshire("invite", "Dev")
    assert elmshire("people", "unlink", "Dev").stdout.startswith("Nothing speaks for Dev Rao any more.")


def test_agencies_and_teams_are_added_and_listed(doorstep: Doorstep) -> None:
    doorstep("agency", "add", "Elmshire", "--office-phone", "01632 960 000")
    assert doorstep("agency", "add", "Elmshire", fails=True).stderr == "There is 'Elmshire' already.\n"
    said = doorstep("agency", "add", "Oakshire", "--timezone", "Europe/Londinium", fails=True).stderr
    assert said == "'Europe/Londinium' is not a time zone such as Europe/London.\n"
    doorstep("team", "add", "North")
    assert rows(doorstep("team", "list")) == [["Elmshire", "North", "0"]]
    assert rows(doorstep("agency", "list")) == [["Elmshire", "Europe/London", "01632960000", "not confirmed"]]
    doorstep("agency", "add", "Oakshire")
    assert "Say which agency with --agency" in doorstep("team", "add", "South", fails=True).stderr
    assert "No agency is 'Ashshire'" in doorstep("team", "add", "South", "--agency", "Ashshire", fails=True).stderr


def test_an_assessment_is_confirmed_by_somebody(elmshire: Doorstep) -> None:
    assert "by Dr Data" in elmshire("agency", "confirm", "Elmshire", "--by", "Dr Data").stdout
    assert "by Dr Data" in elmshire("agency", "list").stdout
    assert elmshire("agency", "confirm", "--by", " ", fails=True).stderr == "Say who, by name.\n"


def test_the_rota_says_plainly_when_nobody_is_on_duty(elmshire: Doorstep) -> None:
    said = elmshire("rota", "list").stdout
    assert "Nobody is on the rota." in said
    assert said.count("NOBODY is ") == 2
    for post, who in (("manager_on_duty", "Mia"), ("deputy_on_duty", "Dev")):
        added = elmshire("rota", "add", post, who, "--from", "2020-01-01 09:00", "--to", "2020-03-01 09:00", fails=True)
        assert added.stderr == "That has ended already.\n"


def test_a_shift_is_added_on_the_agencys_clock_and_removed_by_its_id(elmshire: Doorstep) -> None:
    hours = ("--from", "2098-07-01 09:00", "--to", "2098-07-01 17:00")
    said = elmshire("rota", "add", "manager_on_duty", "Mia", *hours).stdout
    assert "Tue 1 Jul 2098 09:00 to Tue 1 Jul 2098 17:00 (Europe/London)" in said
    assert "Nothing reaches them yet" in said
    covered = elmshire("rota", "add", "manager_on_duty", "Dev", *hours, "--covers", "Mia")
    assert "Dev Rao is manager_on_duty of North" in covered.stdout
    said = elmshire("rota", "add", "deputy_on_duty", "Dev", *hours, "--covers", "Mia", fails=True).stderr
    assert said.startswith("Mia Holt is not deputy_on_duty at any time in these hours")
    said = elmshire("rota", "add", "manager_on_duty", "Dev", "--from", "soon", "--to", "later", fails=True).stderr
    assert said == "'soon' is not a time such as 2026-03-28 20:00\n"


def test_a_shift_that_is_not_there_cannot_be_removed(elmshire: Doorstep) -> None:
    said = elmshire("rota", "remove", "01939e5e-0000-7000-8000-000000000000", fails=True).stderr
    assert said == "There is nothing with that name or id.\n"


def test_a_standing_list_that_is_too_short_says_so(elmshire: Doorstep) -> None:
    assert "Nobody is on the standing list." in elmshire("standing", "list").stdout
    elmshire("standing", "add", "Mia")
    said = elmshire("standing", "list").stdout
    assert "Mia Holt" in said and "NOTHING REACHES THEM" in said and "At least 2 people" in said
    assert elmshire("standing", "add", "Mia", fails=True).stderr == "Mia Holt is on the standing list already.\n"
    assert "Fewer than 2 people" in elmshire("standing", "remove", "Mia").stdout
    assert elmshire("standing", "remove", "Mia", fails=True).stderr == "Mia Holt is not on the standing list.\n"


def test_somebody_is_kept_off_a_worker_or_a_family_until_it_ends(elmshire: Doorstep) -> None:
    why = ("--reason", "was married to her")
    elmshire("exclude", "add", "Mia", "--worker", "Ann", *why)
    elmshire("exclude", "add", "Dev", "--family", "k-1", "--reason", "a cousin")
    listed = rows(elmshire("exclude", "list"))
    assert [row[:2] for row in listed] == [["Mia Holt", "Ann Lee"], ["Dev Rao", "family K-1"]]
    elmshire("exclude", "remove", listed[0][-1])
    elmshire("exclude", "remove", listed[0][-1], fails=True)
    assert len(rows(elmshire("exclude", "list"))) == 1
    assert elmshire("exclude", "add", "Mia", *why, fails=True).stderr == "Say either --worker or --family.\n"
    said = elmshire("exclude", "add", "Mia", "--worker", "Mia", *why, fails=True).stderr
    assert said == "Nobody can be kept off themselves.\n"


def test_the_number_that_is_rung_when_nobody_answers_can_be_set_later(elmshire: Doorstep) -> None:
    said = elmshire("agency", "phone", "01632 960 123").stdout
    assert said == "Elmshire: the office is rung on 01632960123.\n"
    assert rows(elmshire("agency", "list"))[0][2] == "01632960123"
    assert "01632" not in elmshire("agency", "phone", "the switchboard", fails=True).stderr
