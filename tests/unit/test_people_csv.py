"""Reading a people file: what is good comes out tidy, and every bad row is named by its line."""

from datetime import date

import pytest

from safety_service.actions.people_csv import BadPeopleFile, Entry, read
from safety_service.domain import contact
from safety_service.domain.contact import BadContact
from safety_service.domain.words import Role

HEADER = "agency,team,name,email,phone,roles,supervisor_email,training"


def file(*rows: str) -> str:
    return "\n".join([HEADER, *rows]) + "\n"


def faults(text: str) -> tuple[str, ...]:
    with pytest.raises(BadPeopleFile) as caught:
        read(text)
    return caught.value.faults


def test_a_good_row_comes_out_tidy() -> None:
    row = "Elmshire, North  Team ,Ann  Lee,Ann@Example.org,07700 900 101,practitioner; Manager,boss@example.org,"
    training = "lone_working:2026-03-01;first_aid:2025-11-20"
    assert read(file(row + training)) == [
        Entry(
            line=2,
            agency="Elmshire",
            team="North Team",
            name="Ann Lee",
            email="ann@example.org",
            phone="07700900101",
            roles=frozenset({Role.PRACTITIONER, Role.MANAGER}),
            supervisor_email="boss@example.org",
            training={"lone_working": date(2026, 3, 1), "first_aid": date(2025, 11, 20)},
        )
    ]


def test_a_spreadsheets_mark_empty_lines_and_column_order_do_no_harm() -> None:
    text = "\ufeffEmail,Name,Team,Agency,Roles\r\n\r\na@example.org,Ann,North,Elmshire,practitioner\r\n,,,,\r\n"
    (entry,) = read(text)
    assert (entry.name, entry.line) == ("Ann", 3)


def test_a_name_over_two_lines_is_counted_from_where_its_row_begins() -> None:
    rows = ('Elmshire,North,"Ann\nLee",a@example.org,,practitioner,,', "Elmshire,North,Ben,nobody,,practitioner,,")
    assert faults(file(*rows)) == ("line 4: email 'nobody' is not an e-mail address",)
    assert read(file(rows[0]))[0].name == "Ann Lee"


def test_every_fault_of_every_row_is_named_with_its_line_and_why() -> None:
    said = faults(
        file(
            "Elmshire,North,Ann,a@example.org,,practitoner,,",
            "Elmshire,North,,b@example.org,12,manager,,first aid",
            "Elmshire,,Cat,c@example.org,7700900103,,me@example,first_aid:yesterday",
        )
    )
    assert said == (
        "line 2: role 'practitoner' is not known: it is one of practitioner, manager, reviewer, administrator",
        "line 3: name is empty",
        "line 3: phone '12' is not a phone number",
        "line 3: training 'first aid' is not a code and a date such as lone_working:2026-03-01",
        "line 4: team is empty",
        "line 4: roles is empty",
        "line 4: phone '7700900103' begins with neither 0 nor +: was its first 0 lost in a spreadsheet?",
        "line 4: supervisor_email 'me@example' is not an e-mail address",
        "line 4: training 'first_aid:yesterday' has no date such as 2026-03-01",
    )


def test_rows_that_contradict_one_another_are_named() -> None:
    said = faults(
        file(
            "Elmshire,North,Ann,a@example.org,07700900101,practitioner,b@example.org,",
            "Elmshire,South,Anna,A@example.org,07700900102,manager,c@example.org,",
            "Elmshire,North,Ann,a@example.org,,practitioner,,",
            "Elmshire,North,Ben,b@example.org,,manager,b@example.org,",
            "Oakshire,North,Another Ann,a@example.org,,practitioner,,",
        )
    )
    assert said == (
        "line 3: name is 'Anna' here and 'Ann' on line 2",
        "line 3: phone is '07700900102' here and '07700900101' on line 2",
        "line 3: supervisor_email is 'c@example.org' here and 'b@example.org' on line 2",
        "line 4: a@example.org is in North already, on line 2",
        "line 5: b@example.org cannot be their own supervisor",
    )


def test_columns_that_are_missing_or_not_known_are_named() -> None:
    said = faults("agency;team;name;email;roles\n")
    assert "line 1: there is no column 'agency'" in said
    assert "line 1: column 'agency;team;name;email;roles' is not known" in said
    assert faults("")[0] == "line 1: there is no column 'agency'"
    assert faults("agency,team,name,email,roles,name\n")[0] == "line 1: column 'name' is there twice"


def test_a_row_with_too_many_cells_is_named_and_the_others_are_still_checked() -> None:
    said = faults(file("E,N,Lee, Ann,a@example.org,,manager,,first_aid:2026-01-01", "E,N,Ben,b,,manager,,"))
    assert said[0] == "line 2: has 9 cells, and there are 8 columns"
    assert said[-1] == "line 3: email 'b' is not an e-mail address"


def test_what_is_no_csv_is_said_so() -> None:
    assert "is not CSV" in faults(f'{HEADER}\nE,N,"Ann"x,a@example.org,,manager,,\n')[0]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("07700 900 101", "07700900101"),
        ("(01632) 960-101", "01632960101"),
        ("+44 (0)7700 900101", "+447700900101"),
        ("0044 7700 900101", "+447700900101"),
        ("101", "101"),
        ("+1 555 0100 123", "+15550100123"),
    ],
)
def test_phone_numbers_are_kept_without_what_stands_between_their_digits(given: str, kept: str) -> None:
    assert contact.phone(given) == kept


@pytest.mark.parametrize(
    "given", ["", "ring me", "07700 900101 ext 4", "7.7009E+09", "+", "12", "0" * 16, "++44123456"]
)
def test_what_nobody_could_dial_is_no_phone_number(given: str) -> None:
    with pytest.raises(BadContact):
        contact.phone(given)


@pytest.mark.parametrize(
    "given", ["", "ann", "ann@example", "ann@@example.org", "a b@example.org", "a@example.org, b@e.org"]
)
def test_what_no_mail_would_reach_is_no_email_address(given: str) -> None:
    with pytest.raises(BadContact):
        contact.email(given)
