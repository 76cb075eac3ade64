"""`doorstep doctor`: a line for each fault, and exit 1; or all is well."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiohttp import web
from click.testing import CliRunner, Result
from sqlalchemy import text

from config.settings import Settings
from safety_service import cli
from safety_service.actions import canary
from safety_service.actions.figures import COPIED
from safety_service.commands import doctor as doctor_module
from safety_service.store import events, keyfile, policy_offers, presence, sealing, stamps
from safety_service.store.clock import DatabaseClock
from safety_service.store.database import Database
from safety_service.store.sealing import KeyRing
from tests.http import serving
from tests.services.postgres import PostgresServer
from tests.services.process import free_port
from tests.services.template import TEST_KEY, execute
from tests.telegram import DEFAULT_TOKEN, BotApiProcess, RemoteTelegram
from tests.unit.rows import agency, person


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


async def doctor(*, fails: bool = True) -> list[str]:
    """What it says, from a thread of its own: it has an event loop of its own."""

    def run() -> Result:
        return CliRunner().invoke(cli.doorstep, ["doctor"])

    result = await asyncio.to_thread(run)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == (1 if fails else 0), result.output
    return result.output.splitlines()


@pytest.fixture
def settings(database_url: str, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", database_url)
    monkeypatch.setenv("DOORSTEP_SECRET_KEYS", TEST_KEY)
    return monkeypatch


@pytest.fixture
async def telegram() -> AsyncIterator[RemoteTelegram]:
    async with BotApiProcess() as server:
        yield server


async def test_where_nothing_is_wrong_all_is_well(
    settings: pytest.MonkeyPatch, redis_url: str, telegram: RemoteTelegram
) -> None:
    settings.setenv("DOORSTEP_REDIS_URL", redis_url)
    settings.setenv("DOORSTEP_TELEGRAM_API_URL", telegram.base_url)
    settings.setenv("DOORSTEP_TELEGRAM_TOKEN", DEFAULT_TOKEN)
    assert await doctor(fails=False) == ["All is well."]


async def test_a_new_machine_is_told_what_to_do_and_nothing_is_made(tmp_path: Path) -> None:
    said = await doctor()
    assert [line.partition(":")[0] for line in said] == ["keys", "database"]
    assert all("doorstep migrate" in line for line in said)
    assert list(tmp_path.iterdir()) == []


async def test_each_fault_has_a_line(settings: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('[risk.high]\ninterval = "9h"\ngrace = "9h"\n')
    settings.setenv("DOORSTEP_POLICY", str(tmp_path / "policy.toml"))
    settings.setenv("DOORSTEP_REDIS_URL", f"redis://127.0.0.1:{free_port()}")
    settings.setenv("DOORSTEP_TELEGRAM_API_URL", f"http://127.0.0.1:{free_port()}/bot")
    settings.setenv("DOORSTEP_TELEGRAM_TOKEN", "1:secret")
    settings.setenv("DOORSTEP_LISTNE", "127.0.0.1:1")
    said = await doctor()
    assert [line.partition(":")[0] for line in said] == ["setting", "policy", "policy", "redis", "telegram"]
    assert "secret" not in "".join(said)


@pytest.mark.parametrize(
    ("public_url", "fault"),
    [
        ("http://doorstep.example.org", "telegram: it posts to https:// only"),
        ("https://doorstep.example.org:9443", "telegram: it posts to the ports 443, 80, 88, 8443 only"),
        ("https://doorstep.example.org:8443", ""),
        ("https://doorstep.example.org", ""),
    ],
)
async def test_a_webhook_where_telegram_does_not_post_to_is_said(public_url: str, fault: str) -> None:
    read = Settings(_env_file=None, telegram_token="1:secret", telegram_mode="webhook", public_url=public_url)
    said = [each async for each in doctor_module._webhook(read)]
    assert [each.startswith(fault) for each in said] == [True] * bool(fault)


async def test_a_server_that_answers_something_else_is_said(settings: pytest.MonkeyPatch) -> None:
    async def anything(request: web.Request) -> web.Response:
        return web.json_response(True)

    app = web.Application()
    app.router.add_get("/bot1:secret/getMe", anything)
    async with serving(app) as base:
        settings.setenv("DOORSTEP_TELEGRAM_API_URL", f"{base}/bot")
        settings.setenv("DOORSTEP_TELEGRAM_TOKEN", "1:secret")
        (said,) = await doctor()
    assert said.startswith("telegram: the Bot API does not answer") and "secret" not in said


async def test_a_token_that_is_not_accepted_is_said(settings: pytest.MonkeyPatch, telegram: RemoteTelegram) -> None:
    settings.setenv("DOORSTEP_TELEGRAM_API_URL", telegram.base_url)
    settings.setenv("DOORSTEP_TELEGRAM_TOKEN", "1:wrong")
    (said,) = await doctor()
    assert said.startswith("telegram: the token is not accepted")


async def test_a_setting_that_cannot_be_is_said_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOORSTEP_LISTEN", "everywhere")
    (said,) = await doctor()
    assert said.startswith("setting: DOORSTEP_LISTEN")


async def test_a_sign_in_service_of_which_half_is_missing_is_said(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("DOORSTEP_OIDC_ISSUER", "https://login.example.org")
    (said,) = await doctor()
    assert said.startswith("sign-in: without DOORSTEP_OIDC_CLIENT_ID and DOORSTEP_OIDC_CLIENT_SECRET")


async def test_keys_that_do_not_open_the_database_are_said(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("DOORSTEP_SECRET_KEYS", "A" * 43 + "=")
    (said,) = await doctor()
    assert said.startswith("keys: they do not open this database, or one of them is missing")


async def test_keys_that_others_can_read_are_said(settings: pytest.MonkeyPatch) -> None:
    settings.delenv("DOORSTEP_SECRET_KEYS")
    keyfile.KEY_FILE.parent.mkdir()
    keyfile.KEY_FILE.write_text(TEST_KEY)
    keyfile.KEY_FILE.chmod(0o640)
    (said,) = await doctor()
    assert said.startswith("keys: others can read")


async def test_a_database_that_is_away_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", f"postgresql://nobody@127.0.0.1:{free_port()}/doorstep")
    monkeypatch.setenv("DOORSTEP_SECRET_KEYS", TEST_KEY)
    (said,) = await doctor()
    assert said.startswith("database: ")


async def test_a_database_that_is_newer_than_the_code_is_said(settings: pytest.MonkeyPatch, database: Database) -> None:
    async with database.transaction() as tx:
        await tx.conn.execute(text("UPDATE alembic_version SET version_num = '9999_newer'"))
    (said,) = await doctor()
    assert said.startswith("database: it was upgraded by a newer Doorstep") and said.endswith("put the newer one here")


async def test_clocks_that_are_apart_are_said(settings: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> None:
    (tmp_path / "clock").write_text("3")
    settings.setenv("DOORSTEP_CLOCK_OFFSET_FILE", str(tmp_path / "clock"))
    (said,) = await doctor()
    assert said.startswith("clock: this machine's and the database's are 3.0 s apart")


async def test_evidence_that_a_running_service_does_not_link_is_said(
    settings: pytest.MonkeyPatch, database: Database
) -> None:
    database.clock = DatabaseClock()
    async with database.transaction() as tx:
        tx.now -= timedelta(minutes=11)
        await events.log(tx, agency_id=None, actor_id=None, verb="did", subject="thing")
    assert await doctor(fails=False) == ["All is well."], "nothing runs here that could have linked it"
    async with database.transaction() as tx:
        await stamps.stamp(tx, "sweep")
    (said,) = await doctor()
    assert said.startswith("evidence: 1 entries of the log are older than ten minutes")


async def test_a_policy_that_waits_for_a_second_administrator_is_said(
    settings: pytest.MonkeyPatch, database: Database
) -> None:
    database.clock = DatabaseClock()
    async with database.transaction() as tx:
        by = await person(tx, await agency(tx))
        week = timedelta(days=7)
        await policy_offers.put(tx, "", "why", "Eve", by, after=1, loosens=("risk.high.grace: 3m → 6m",), for_=week)
    assert "policy: what Eve wants waits for a second administrator: `doorstep policy offers`" in await doctor()


async def test_a_database_that_may_only_be_read_is_said(
    postgres_url: str, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", postgres_url)
    monkeypatch.setenv("DOORSTEP_SECRET_KEYS", TEST_KEY)
    name = postgres_url.rpartition("/")[2]
    await execute(postgres_server, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    assert await doctor() == ["database: the database keeps nothing: its disk is full, or it may only be read"]


async def runs(database: Database, *roles: str, host: str = "") -> None:
    """So many processes are there, on the same machine or another one."""
    database.clock = DatabaseClock()
    async with database.transaction() as tx:
        for number, role in enumerate(roles):
            await presence.here(tx, [role], f"{host}:{number}:x")


async def test_that_nobody_keeps_the_watch_is_said(settings: pytest.MonkeyPatch, database: Database) -> None:
    await runs(database, "web", "bot")
    (said,) = await doctor()
    assert said.startswith("processes: no scheduler runs, so nobody is watched")


async def test_one_scheduler_alone_is_noted_where_there_could_be_two(
    settings: pytest.MonkeyPatch, database: Database, database_url: str
) -> None:
    await runs(database, "web", "bot", "scheduler")
    notes = (await doctor(fails=False))[:-1]
    embedded = database_url.startswith("sqlite")
    assert [note.partition(" alone")[0] for note in notes] == ([] if embedded else ["note: processes: one scheduler"])
    await runs(database, "scheduler", host="other")
    assert await doctor(fails=False) == ["All is well."]


async def test_processes_of_another_version_are_said(
    settings: pytest.MonkeyPatch, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr("safety_service.store.schema.head", lambda: "0001_older")
        await runs(database, "scheduler")
    await runs(database, "scheduler", host="new")
    (said,) = await doctor()
    assert "is of another version (step 0001_older" in said and said.endswith("upgrade it")


async def test_several_machines_without_redis_are_noted(
    settings: pytest.MonkeyPatch, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await runs(database, "scheduler", "scheduler")
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("safety_service.store.presence.socket.gethostname", lambda: "elsewhere")
        await runs(database, "web", host="elsewhere")
    said = await doctor(fails=False)
    assert said[0].startswith("note: redis: 2 machines without it") and said[-1] == "All is well."


async def test_a_row_that_no_key_opens_is_said(settings: pytest.MonkeyPatch, database: Database) -> None:
    database.clock = DatabaseClock()
    async with database.transaction() as tx:
        await events.log(tx, agency_id=None, actor_id=None, verb="did", subject="thing", details={"a": 1})
    ours = sealing.ring()
    sealing.use(KeyRing([sealing.new_key()]))
    async with database.transaction() as tx:
        await events.log(tx, agency_id=None, actor_id=None, verb="did", subject="thing", details={"a": 1})
    sealing.use(ours)
    (said,) = await doctor()
    assert said.startswith("keys: none opens the newest row of event_log")


async def test_a_copy_that_is_missing_or_old_is_noted_once_there_is_somebody_to_lose(
    settings: pytest.MonkeyPatch, database: Database
) -> None:
    database.clock = DatabaseClock()
    async with database.transaction() as tx:
        await agency(tx)
    assert (await doctor(fails=False))[0].startswith("note: copies: `doorstep backup` has made none")
    async with database.transaction() as tx:
        tx.now -= timedelta(days=3)
        await stamps.stamp(tx, COPIED)
    assert (await doctor(fails=False))[0].startswith("note: copies: the last one is 3 days old")
    async with database.transaction() as tx:
        await stamps.stamp(tx, COPIED)
    assert await doctor(fails=False) == ["All is well."]


async def test_when_the_last_canary_came_is_noted_and_two_that_did_not_are_a_fault(
    settings: pytest.MonkeyPatch, database: Database
) -> None:
    database.clock = DatabaseClock()
    async with database.transaction() as tx:
        await stamps.stamp(tx, "sweep")
        await stamps.stamp(tx, canary.ON, {"since": tx.now.isoformat(), "every": 3600.0, "takes": 360.0})
        await stamps.stamp(tx, canary.CAME, {"alert": "", "late": 0.4})
    assert "UTC, 0.4 s after it was due" in (await doctor(fails=False))[0]
    for minutes, fails in ((80, False), (140, True)):
        async with database.transaction() as tx:
            since = tx.now - timedelta(minutes=minutes)
            await stamps.stamp(tx, "sweep")
            await stamps.stamp(tx, canary.ON, {"since": since.isoformat(), "every": 3600.0, "takes": 360.0})
            await stamps.remove(tx, canary.CAME)
        said = next(each for each in await doctor(fails=fails) if "canary: " in each)
        assert "no alarm arrived (none has come yet)" in said
        assert said.startswith("note: ") is not fails


async def test_too_little_room_beside_the_database_is_said(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("DOORSTEP_SECRET_KEYS", TEST_KEY)
    monkeypatch.setattr(
        "safety_service.commands.doctor_around.shutil.disk_usage", lambda _: SimpleNamespace(total=10**12, free=10**8)
    )
    (said,) = await doctor()
    assert said.startswith("disk: 100 MB are left in ") and said.endswith("make room")


async def test_every_fault_says_why_and_what_to_do(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("DOORSTEP_REDIS_URL", f"redis://127.0.0.1:{free_port()}")
    settings.setenv("DOORSTEP_TELEGRAM_API_URL", f"http://127.0.0.1:{free_port()}/bot")
    settings.setenv("DOORSTEP_TELEGRAM_TOKEN", "1:secret")
    said = await doctor()
    assert len(said) == 2
    assert all(", so " in line and ": " in line.partition(", so ")[2] for line in said)
