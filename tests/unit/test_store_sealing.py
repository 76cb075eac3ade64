"""Case text is sealed on disk, found by a blind index, and opened only with the keys."""

import re
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import JSON, String, select

from safety_service.store import sealing
from safety_service.store.database import Database
from safety_service.store.errors import KeysDoNotOpen
from safety_service.store.sealing import KeyRing, blind, new_index_key, new_key
from safety_service.store.tables import metadata
from safety_service.store.tables.people import person
from safety_service.store.tables.visits import visit
from tests.services.postgres import PostgresServer
from tests.services.template import TEST_KEY
from tests.unit import rows

#: Said of a case, and to be found nowhere on a disk.
SECRETS = ["Ann Quillfeather", "ann.quillfeather@example.org", "+44 7700 900123", "17 Larkspur Lane", "a loose dog"]


#: What is longer than a word of ours and not sealed: none of it says anything of a case.
PLAIN = """
agency.assessed_by agency.name alert.ladder alert.open_key answered.key guidance_edition.applied_by
guidance_edition.text guidance_edition.whole guidance_edition.why identity.issuer inbox.error
inbox.provider_id lease.holder notice.title outbox.dedupe outbox.error outbox.provider_id
policy_edition.applied_by policy_edition.text policy_edition.why policy_offer.ended_by policy_offer.loosens
policy_offer.offered_by policy_offer.text policy_offer.why kept_file.media_type kept_file.provider_id
session.label stamp.info team.name
"""


@pytest.fixture(autouse=True)
def _keys() -> None:
    sealing.use(KeyRing([TEST_KEY]))


async def put_secrets(database: Database) -> None:
    async with database.transaction() as tx:
        name, email, phone, street, dog = SECRETS
        home = await rows.agency(tx)
        team = await rows.team(tx, home)
        worker = await rows.person(
            tx, home, name, email=email, email_index=tx.blind(email), phone=phone, responder={"medical": dog}
        )
        await rows.visit(tx, home, team, worker, address={"text": street}, purpose=dog, because=[{"says": dog}])


async def test_no_case_text_is_in_the_files_of_sqlite(sqlite_url: str, tmp_path: Path) -> None:
    database = await Database.open(sqlite_url)
    await put_secrets(database)
    on_disk = b"".join(path.read_bytes() for path in tmp_path.glob("doorstep.db*"))
    await database.close()
    on_disk += b"".join(path.read_bytes() for path in tmp_path.glob("doorstep.db*"))
    assert b"Northfield" in on_disk
    assert [secret for secret in SECRETS if secret.encode() in on_disk] == []


async def test_no_case_text_is_in_a_dump_of_postgresql(postgres_url: str, postgres_server: PostgresServer) -> None:
    database = await Database.open(postgres_url)
    await put_secrets(database)
    await database.close()
    dump = [str(postgres_server.programs / "pg_dump"), "--data-only", "--inserts", postgres_url]
    dumped = subprocess.run(dump, check=True, capture_output=True).stdout
    assert b"Northfield" in dumped
    in_bytes = [bytes.fromhex(each.decode()) for each in re.findall(rb"\\x((?:[0-9a-f]{2})+)", dumped)]
    assert len(in_bytes) > 5
    found = b"".join([dumped, *in_bytes])
    assert [secret for secret in SECRETS if secret.encode() in found] == []


def test_every_text_is_sealed_but_these() -> None:
    columns = [each for every in metadata.sorted_tables for each in every.columns]
    plain = [each for each in columns if isinstance(each.type, (String, JSON))]
    longer = {str(each) for each in plain if not isinstance(each.type, String) or (each.type.length or 999) > 64}
    assert longer == set(PLAIN.split())


async def test_who_has_the_keys_reads_all_of_it(database: Database) -> None:
    await put_secrets(database)
    async with database.reading() as tx:
        found = (await tx.conn.execute(select(person))).one()
        planned = (await tx.conn.execute(select(visit))).one()
    read = [found.name, found.email, found.phone, planned.address["text"], found.responder["medical"]]
    assert read == SECRETS
    assert planned.purpose == SECRETS[-1] and planned.because == [{"says": SECRETS[-1]}]


async def test_an_email_is_found_however_it_is_written(database: Database) -> None:
    await put_secrets(database)
    async with database.reading() as tx:
        for written in ("ann.quillfeather@example.org", "  Ann.Quillfeather@EXAMPLE.org\n"):
            by_index = select(person.c.name).where(person.c.email_index == tx.blind(written))
            assert (await tx.conn.execute(by_index)).scalar() == SECRETS[0]
        nobody = select(person.c.name).where(person.c.email_index == tx.blind("ann@example.org"))
        assert (await tx.conn.execute(nobody)).scalar() is None


def test_the_blind_index_needs_its_key() -> None:
    one, other = new_index_key(), new_index_key()
    assert blind(one, "Straße") == blind(one, " STRASSE ")
    assert blind(one, "ann") != blind(other, "ann")
    assert re.fullmatch("[0-9a-f]{64}", blind(one, "ann"))


def test_the_first_key_seals_and_every_key_opens() -> None:
    old, new = new_key(), new_key()
    before = KeyRing([old]).seal(b"text")
    ring = KeyRing([new, old])
    assert ring.open(before) == b"text"
    assert KeyRing([new]).open(ring.seal(b"text")) == b"text"
    assert KeyRing([new]).open(ring.rotate(before)) == b"text"
    assert ring.seal(b"text") != ring.seal(b"text")


def test_other_keys_open_nothing_nor_do_the_right_ones_what_was_tampered_with() -> None:
    ring = KeyRing([new_key()])
    sealed = ring.seal(b"text")
    for attempt in (KeyRing([new_key()]).open, KeyRing([new_key()]).rotate):
        with pytest.raises(KeysDoNotOpen):
            attempt(sealed)
    with pytest.raises(KeysDoNotOpen):
        ring.open(sealed[:-1] + b"A")


@pytest.mark.parametrize("keys", [[], ["hidden"], [new_key(), "hidden"]])
def test_a_ring_needs_good_keys_and_quotes_none(keys: list[str]) -> None:
    with pytest.raises(ValueError, match="secret key") as raised:
        KeyRing(keys)
    assert "hidden" not in str(raised.value)


def test_nothing_is_sealed_before_there_is_a_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing._Process, "ring", None)
    with pytest.raises(RuntimeError, match=r"sealing\.use"):
        sealing.ring()


async def test_with_other_keys_nothing_is_read(database: Database) -> None:
    await put_secrets(database)
    sealing.use(KeyRing([new_key()]))
    async with database.reading() as tx:
        found = await tx.conn.execute(select(person.c.name))
        with pytest.raises(KeysDoNotOpen):
            found.all()
