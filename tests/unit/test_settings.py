"""Settings: the contract's variables, the environment before the file, and errors that name the variable."""

import base64
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from config.database_url import each_server
from config.settings import Settings, SettingsError, known_variables, read_settings, unknown_settings
from safety_service.store import keyfile
from safety_service.store.sealing import KeyRing, new_key

#: As the contract has them, and the providers beside Telegram.
VARIABLES = """
DATABASE_URL REDIS_URL LISTEN PUBLIC_URL TELEGRAM_TOKEN TELEGRAM_API_URL TELEGRAM_MODE SECRET_KEYS POLICY GUIDANCE
HEARTBEAT_URL GEOCODER GEOCODER_URL TILES_URL TILES_CREDIT LOG_FORMAT VOICE_URL SMS_URL EMAIL_URL HOOK_URL
REPLIES_SECRET OIDC_ISSUER OIDC_CLIENT_ID OIDC_CLIENT_SECRET
TELEGRAM_PER_SECOND CANARY CANARY_TELEGRAM
"""


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("DOORSTEP_"):
            monkeypatch.delenv(name)


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / "doorstep.env"


def faults(env_file: Path) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        read_settings(env_file)
    return raised.value.faults


def test_the_variables_are_the_contracts() -> None:
    assert {name.upper() for name in Settings.model_fields} == set(VARIABLES.split())


def test_nothing_needs_to_be_set(env_file: Path) -> None:
    settings = read_settings(env_file)
    assert settings.database_url == "sqlite:///var/doorstep.db"
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.base_url == "http://127.0.0.1:8080"
    assert settings.telegram_api_url == "https://api.telegram.org/bot"
    assert (settings.redis_url, settings.telegram_token, settings.secret_keys) == (None, None, ())
    assert settings.policy.name == "policy.toml"


def test_the_environment_goes_before_the_file(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env_file.write_text("DOORSTEP_LISTEN=0.0.0.0:80\nDOORSTEP_LOG_FORMAT=json\n")
    monkeypatch.setenv("DOORSTEP_LISTEN", "[::1]:9000")
    settings = read_settings(env_file)
    assert (settings.host, settings.port, settings.log_format) == ("::1", 9000, "json")


@pytest.mark.parametrize("listen", ["0.0.0.0:80", "[::]:80"])
def test_links_lead_to_an_address_that_can_be_followed(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, listen: str
) -> None:
    monkeypatch.setenv("DOORSTEP_LISTEN", listen)
    assert read_settings(env_file).base_url == "http://127.0.0.1:80"
    monkeypatch.setenv("DOORSTEP_PUBLIC_URL", "https://doorstep.example.org/")
    assert read_settings(env_file).base_url == "https://doorstep.example.org"


def test_what_is_empty_is_not_set(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env_file.write_text("DOORSTEP_REDIS_URL=\nDOORSTEP_TELEGRAM_TOKEN=\n")
    monkeypatch.setenv("DOORSTEP_SECRET_KEYS", "")
    settings = read_settings(env_file)
    assert (settings.redis_url, settings.telegram_token, settings.secret_keys) == (None, None, ())


@pytest.mark.parametrize(
    ("given", "every"),
    [(None, timedelta(hours=1)), ("every 20m", timedelta(minutes=20)), ("90s", timedelta(seconds=90)), ("OFF", None)],
)
def test_a_canary_comes_every_hour_or_as_often_as_is_said(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, given: str | None, every: timedelta | None
) -> None:
    if given is not None:
        monkeypatch.setenv("DOORSTEP_CANARY", given)
    assert read_settings(env_file).canary == every


def test_keys_are_several_divided_by_commas(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new, old = new_key(), new_key()
    monkeypatch.setenv("DOORSTEP_SECRET_KEYS", f"{new}, {old},")
    assert read_settings(env_file).secret_keys == (new, old)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOORSTEP_DATABASE_URL", "mysql://user:hidden@host/db"),
        ("DOORSTEP_DATABASE_URL", "postgresql://user:hidden@db1:5432,/db"),
        ("DOORSTEP_DATABASE_URL", "postgresql://user:hidden@db1:5432,db2:99999/db"),
        ("DOORSTEP_DATABASE_URL", "postgresql://user:hidden@db1,db1/db"),
        ("DOORSTEP_DATABASE_URL", "postgresql://user:hidden@db1,db2"),
        ("DOORSTEP_DATABASE_URL", "postgresql://user:hidden@/db?host=db1,db2"),
        ("DOORSTEP_DATABASE_URL", "postgresql://user:hidden@db1,db2/db?target_session_attrs=any"),
        ("DOORSTEP_REDIS_URL", "hidden:6379"),
        ("DOORSTEP_LISTEN", "8080"),
        ("DOORSTEP_LISTEN", "127.0.0.1:99999"),
        ("DOORSTEP_PUBLIC_URL", "hidden.example.org"),
        ("DOORSTEP_TELEGRAM_MODE", "hidden"),
        ("DOORSTEP_TELEGRAM_API_URL", "hidden"),
        ("DOORSTEP_SECRET_KEYS", "hidden"),
        ("DOORSTEP_SECRET_KEYS", base64.urlsafe_b64encode(b"hidden").decode()),
        ("DOORSTEP_POLICY", "no/such/file.toml"),
        ("DOORSTEP_GUIDANCE", "no/such/file.toml"),
        ("DOORSTEP_HEARTBEAT_URL", "ftp://hidden"),
        ("DOORSTEP_CANARY", "hidden"),
        ("DOORSTEP_CANARY", "every 0s"),
        ("DOORSTEP_CANARY", "every 8d"),
        ("DOORSTEP_CANARY_TELEGRAM", "@hidden"),
        ("DOORSTEP_GEOCODER", "No Such"),
        ("DOORSTEP_TILES_URL", "https://hidden.example.org/{z}/{x}"),
        ("DOORSTEP_TILES_URL", "https://{s}.hidden.example.org/{z}/{x}/{y}.png"),
        ("DOORSTEP_TILES_URL", "https://hidden.example.org/{z}/{x}/{y}.png; script-src *"),
        ("DOORSTEP_OIDC_ISSUER", "hidden"),
        ("DOORSTEP_OIDC_ISSUER", "http://hidden.example.org"),
        ("DOORSTEP_OIDC_ISSUER", "https://login.example.org/?hidden"),
        ("DOORSTEP_LOG_FORMAT", "hidden"),
    ],
)
def test_an_error_names_the_variable_and_the_fault_and_quotes_no_secret(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    [fault] = faults(env_file)
    assert fault.startswith(f"{name}: ") and len(fault) > len(name) + 10
    assert "hidden" not in fault


@pytest.mark.parametrize(
    ("url", "each"),
    [
        ("sqlite:///var/doorstep.db", ["sqlite:///var/doorstep.db"]),
        ("postgresql:///doorstep?host=/run/postgresql", ["postgresql:///doorstep?host=/run/postgresql"]),
        ("postgresql://u:p/,#?w@db1/d", ["postgresql://u:p/,#?w@db1/d"]),
        (
            "postgresql://u:p,w@db1,db2:5433,[::1]:5434/d?target_session_attrs=read-write&ssl=require",
            [f"postgresql://u:p,w@{server}/d?ssl=require" for server in ("db1", "db2:5433", "[::1]:5434")],
        ),
    ],
)
def test_a_database_may_be_on_several_servers(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, url: str, each: list[str]
) -> None:
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", url)
    assert each_server(read_settings(env_file).database_url) == each


def test_every_fault_is_named_at_once(env_file: Path) -> None:
    env_file.write_text("DOORSTEP_LISTEN=x\nDOORSTEP_LOG_FORMAT=xml\n")
    assert [fault.partition(":")[0] for fault in faults(env_file)] == ["DOORSTEP_LISTEN", "DOORSTEP_LOG_FORMAT"]


def test_a_file_that_is_no_text_is_named(env_file: Path) -> None:
    env_file.write_bytes(b"DOORSTEP_LISTEN=\xff\n")
    assert str(env_file) in faults(env_file)[0]


def test_secrets_are_not_printed_with_the_settings(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = new_key()
    monkeypatch.setenv("DOORSTEP_SECRET_KEYS", key)
    monkeypatch.setenv("DOORSTEP_TELEGRAM_TOKEN", "1:hidden")
    monkeypatch.setenv("DOORSTEP_OIDC_CLIENT_SECRET", "hidden")
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", "postgresql://doorstep:hidden@host/db")
    printed = repr(read_settings(env_file))
    assert "hidden" not in printed and key not in printed


def test_a_misspelt_variable_is_found(env_file: Path) -> None:
    env_file.write_text("DOORSTEP_SECRET_KEY=x\nDOORSTEP_LISTEN=127.0.0.1:1\n")
    environment = {"DOORSTEP_REDIS": "x", "PATH": "/bin", "DOORSTEP_CLOCK_OFFSET_FILE": "x", "DOORSTEP_POLICY": "x"}
    assert unknown_settings(environment, env_file) == ["DOORSTEP_REDIS", "DOORSTEP_SECRET_KEY"]


@pytest.fixture
def secret(tmp_path: Path) -> Callable[..., Path]:
    """Makes a file with a secret."""

    def make(text: str | bytes, mode: int = 0o400) -> Path:
        path = tmp_path / "secret"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        return path

    return make


def test_a_secret_may_be_in_a_file_of_its_own(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, secret: Callable[..., Path]
) -> None:
    new, old = new_key(), new_key()
    monkeypatch.setenv("DOORSTEP_SECRET_KEYS_FILE", str(secret(f"{new}\n{old}\n", 0o440)))
    settings = read_settings(env_file)
    assert settings.secret_keys == (new, old)
    assert new not in repr(settings)


def test_a_secrets_file_may_be_named_in_the_settings_file(env_file: Path, secret: Callable[..., Path]) -> None:
    env_file.write_text(f"DOORSTEP_TELEGRAM_TOKEN_FILE={secret('1:hidden')}\n")
    assert read_settings(env_file).telegram_token == "1:hidden"
    assert unknown_settings({}, env_file) == []


def test_every_setting_that_is_not_printed_may_be_a_file_and_no_other(env_file: Path) -> None:
    assert {f"DOORSTEP_{name}_FILE" for name in ("DATABASE_URL", "SMS_URL", "OIDC_CLIENT_SECRET")} <= known_variables()
    assert unknown_settings({"DOORSTEP_LISTEN_FILE": "x"}, env_file) == ["DOORSTEP_LISTEN_FILE"]


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ("", 0o400, "is empty"),
        (" \n", 0o400, "is empty"),
        (b"\xff", 0o400, "is not UTF-8 text"),
        ("1:hidden", 0o644, "everybody here can read"),
        ("1:hidden", 0o404, "everybody here can read"),
    ],
)
def test_a_secrets_file_that_will_not_do_is_named_and_not_quoted(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, secret: Callable[..., Path], text: str, mode: int, said: str
) -> None:
    monkeypatch.setenv("DOORSTEP_TELEGRAM_TOKEN_FILE", str(secret(text, mode)))
    [fault] = faults(env_file)
    assert fault.startswith("DOORSTEP_TELEGRAM_TOKEN_FILE: ") and said in fault
    assert "hidden" not in fault


def test_a_secrets_file_that_is_not_there_stops_the_start(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOORSTEP_SECRET_KEYS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("DOORSTEP_DATABASE_URL_FILE", str(tmp_path))
    assert [fault.partition(":")[0] for fault in faults(env_file)] == [
        "DOORSTEP_DATABASE_URL_FILE",
        "DOORSTEP_SECRET_KEYS_FILE",
    ]


def test_a_secret_that_is_given_twice_is_refused(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, secret: Callable[..., Path]
) -> None:
    env_file.write_text("DOORSTEP_TELEGRAM_TOKEN=1:hidden\n")
    monkeypatch.setenv("DOORSTEP_TELEGRAM_TOKEN_FILE", str(secret("1:hidden")))
    [fault] = faults(env_file)
    assert fault.startswith("DOORSTEP_TELEGRAM_TOKEN_FILE: DOORSTEP_TELEGRAM_TOKEN is set as well")


def test_what_a_file_holds_is_checked_and_the_file_is_named(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, secret: Callable[..., Path]
) -> None:
    monkeypatch.setenv("DOORSTEP_DATABASE_URL_FILE", str(secret("mysql://user:hidden@host/db")))
    [fault] = faults(env_file)
    assert fault.startswith("DOORSTEP_DATABASE_URL_FILE: must begin with")
    assert "hidden" not in fault


def test_keys_are_made_once_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "var/secret.keys"
    with ThreadPoolExecutor(8) as many:
        found = set(many.map(lambda _: keyfile.read_or_make(path), range(8)))
    assert len(found) == 1
    KeyRing(found.pop())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_keys_that_are_there_are_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "secret.keys"
    path.write_text("new,\nold\n")
    assert keyfile.read_or_make(path) == ("new", "old")
    assert path.read_text() == "new,\nold\n"


def test_a_way_of_hearing_telegram_that_is_not_there_is_refused_at_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for mode in ("polling", "webhook"):
        monkeypatch.setenv("DOORSTEP_TELEGRAM_MODE", mode)
        assert read_settings(tmp_path / "none.env").telegram_mode == mode
    monkeypatch.setenv("DOORSTEP_TELEGRAM_MODE", "telepathy")
    with pytest.raises(SettingsError, match="DOORSTEP_TELEGRAM_MODE"):
        read_settings(tmp_path / "none.env")
