"""Settings of a process: from the environment, then `var/doorstep.env`, then the defaults; checked whole."""

import base64
import binascii
import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, DotEnvSettingsSource, NoDecode, SettingsConfigDict

from config import database_url as addresses
from config.duration import BadDuration, parse_duration
from config.providers import provider_url
from config.proxies import UnusableProxy, proxy_for
from config.secret_files import SUFFIX, from_files

HERE = Path(__file__).parent
#: Where the embedded database, the keys and the settings file are kept, below the folder that the service runs in.
VAR = Path("var")
ENV_FILE = VAR / "doorstep.env"
PREFIX = "DOORSTEP_"
#: Read by processes under test where time is taken, not a setting.
_NOT_SETTINGS = {"DOORSTEP_CLOCK_OFFSET_FILE", "DOORSTEP_CRASH_AT"}
_SECRET = re.compile(r"[A-Za-z0-9_-]{24,}")
#: What would end a source in a content-security policy, or an attribute.
_UNSAFE = re.compile(r"[\s;,'\"<>*]")
_LISTEN = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:\[\]]+):(?P<port>\d{1,5})")


class SettingsError(ValueError):
    """The service cannot start with these settings; `faults` names each variable and what is wrong with it."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def _http_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address such as https://doorstep.example.org")
    return url.rstrip("/")


def _tiles_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not all(f"{{{each}}}" in url for each in "zxy"):
        raise ValueError("must be an address such as https://tiles.example.org/{z}/{x}/{y}.png")
    if {"{", "}"} & set(parts.netloc) or _UNSAFE.search(url):
        raise ValueError("must name one host, and have no spaces, quotes, commas or semicolons")
    return url


def _redis_url(url: str) -> str:
    if urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("must begin with redis://, rediss:// or unix://")
    return url


def _listen(text: str) -> str:
    found = _LISTEN.fullmatch(text)
    if not found or int(found["port"]) > 65535:
        raise ValueError("must be a host and a port such as 127.0.0.1:8080 or [::]:8080")
    return text


def _split(given: object) -> object:
    """By commas; in a file, by lines too."""
    return tuple(given.replace(",", " ").split()) if isinstance(given, str) else given


def _keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    for place, key in enumerate(keys, start=1):
        try:
            length = len(base64.b64decode(key, altchars=b"-_", validate=True))
        except (binascii.Error, ValueError):
            length = 0
        if length != 32:
            raise ValueError(f"key {place} is not 32 bytes in URL-safe base64 (44 characters)")
    return keys


def _file(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return path


def _hidden(secret: str) -> str:
    if not _SECRET.fullmatch(secret):
        raise ValueError("must be at least 24 letters, digits, - or _: it is what keeps strangers out")
    return secret


def _issuer(url: str) -> str:
    """As the provider itself writes it: a slash at its end is part of it."""
    parts = urlsplit(url)
    if not (is_https(url) or is_near(url)) or parts.query or parts.fragment:
        raise ValueError("must be an address such as https://login.example.org")
    return url


def is_https(url: str) -> bool:
    """Whether nobody on the way reads along. What is no address is not."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)


def is_near(url: str) -> bool:
    """Whether it is plain http that never leaves this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}


def _canary(given: object) -> timedelta | None:
    """How often: `every 1h`; or `off`."""
    said = given.strip().lower() if isinstance(given, str) else given
    if said in {None, "off"}:
        return None
    try:
        often = parse_duration(said.removeprefix("every ") if isinstance(said, str) else said)
    except BadDuration:
        often = timedelta()
    if not timedelta() < often <= timedelta(days=7):
        raise ValueError("must be off, or how often a canary visit falls silent, such as every 1h (7 days at most)")
    return often


HttpUrl = Annotated[str, AfterValidator(_http_url)]
File = Annotated[Path, AfterValidator(_file)]
ProviderUrl = Annotated[str, AfterValidator(provider_url)]


class Settings(BaseSettings):
    """One field for each variable; what is empty is as if it were not set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    database_url: Annotated[str, AfterValidator(addresses.checked)] = Field(f"sqlite:///{VAR}/doorstep.db", repr=False)
    redis_url: Annotated[str, AfterValidator(_redis_url)] | None = Field(None, repr=False)
    listen: Annotated[str, AfterValidator(_listen)] = "127.0.0.1:8080"
    #: Without it, links lead to where HTTP is served: see `base_url`.
    public_url: HttpUrl | None = None
    telegram_token: str | None = Field(None, repr=False)
    telegram_api_url: HttpUrl = "https://api.telegram.org/bot"
    telegram_mode: Literal["polling", "webhook"] = "polling"
    #: Messages that Telegram takes from one bot in a second; more where that was agreed with it.
    telegram_per_second: Annotated[int, Field(ge=1, le=100_000)] = 30
    #: Empty: made and kept under `var/` by `safety_service.store.keyfile`.
    secret_keys: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_keys)] = Field(
        (), repr=False
    )
    policy: File = HERE / "policy.toml"
    guidance: File = HERE / "guidance.toml"
    heartbeat_url: HttpUrl | None = Field(None, repr=False)
    #: How often a visit of nobody's falls silent, to see that an alarm goes out; and the chat that hears once a day.
    canary: Annotated[timedelta | None, BeforeValidator(_canary)] = timedelta(hours=1)
    canary_telegram: Annotated[str, Field(pattern=r"^-?\d{1,20}$")] | None = None
    geocoder: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = "none"
    geocoder_url: HttpUrl | None = None
    #: The ground of an alert's map, and whom it is from; without it the map is drawn on plain ground.
    tiles_url: Annotated[str, AfterValidator(_tiles_url)] | None = None
    tiles_credit: Annotated[str, Field(max_length=200)] = ""
    log_format: Literal["text", "json"] = "text"
    #: Beside Telegram: an Apprise address for each kind of channel, `{address}` standing for the person's own.
    voice_url: ProviderUrl | None = Field(None, repr=False)
    sms_url: ProviderUrl | None = Field(None, repr=False)
    email_url: ProviderUrl | None = Field(None, repr=False)
    hook_url: ProviderUrl | None = Field(None, repr=False)
    #: The hidden part of the address at which the provider for messages and calls brings what people answer.
    replies_secret: Annotated[str, AfterValidator(_hidden)] | None = Field(None, repr=False)

    @property
    def tiles_host(self) -> str:
        """The scheme, host and port that the map's ground comes from; empty: from nowhere."""
        parts = urlsplit(self.tiles_url or "")
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if self.tiles_url else ""

    #: The agency's own sign-in service (OpenID Connect): all three, or none.
    oidc_issuer: Annotated[str, AfterValidator(_issuer)] | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = Field(None, repr=False)

    @property
    def oidc(self) -> tuple[str, str, str] | None:
        """Issuer, client and secret of the sign-in service, where there is one."""
        issuer, client, secret = self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret
        return (issuer, client, secret) if issuer and client and secret else None

    @property
    def host(self) -> str:
        """The host of `listen`, without an IPv6 address's brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port of `listen`; 0 lets the system choose one."""
        return int(self.listen.rpartition(":")[2])

    @property
    def near_url(self) -> str:
        """Where this machine itself reaches what is served."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  (asked, not bound)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def providers(self) -> dict[str, str]:
        """The address of each provider that is set, by kind of channel."""
        given = {"voice": self.voice_url, "sms": self.sms_url, "email": self.email_url, "hook": self.hook_url}
        return {kind: url for kind, url in given.items() if url is not None}

    @property
    def base_url(self) -> str:
        """What links begin with, without a slash at the end; who listens on every address is reached on this one."""
        every = self.host in {"0.0.0.0", "::"}  # noqa: S104  (compared, not bound)
        return self.public_url or f"http://{f'127.0.0.1:{self.port}' if every else self.listen}"


def read_settings(env_file: Path = ENV_FILE) -> Settings:
    """The settings of this process. Raises SettingsError naming every variable at fault, never its value."""
    try:
        given, faults = from_files(SECRET, _given(os.environ, env_file))
        if faults:
            raise SettingsError(faults)
        fields: dict[str, Any] = {name.removeprefix(PREFIX).lower(): text for name, text in given.items()}
        return _reachable(Settings(_env_file=env_file, **fields))
    except ValidationError as error:
        raise SettingsError([f"{_named(each['loc'][0], given)}: {_said(each)}" for each in error.errors()]) from None
    except UnicodeDecodeError:
        raise SettingsError([f"{env_file} is not UTF-8 text"]) from None


def _reachable(read: Settings) -> Settings:
    """Raises SettingsError where Telegram is behind a proxy that we cannot use: going around it is not for us to do."""
    if read.telegram_token:
        try:
            proxy_for(read.telegram_api_url)
        except UnusableProxy as error:
            raise SettingsError([str(error)]) from None
    return read


#: What is not to be printed may be in a file of its own.
SECRET = tuple(f"{PREFIX}{name.upper()}" for name, field in Settings.model_fields.items() if not field.repr)


def known_variables() -> set[str]:
    """Every variable that means something."""
    return {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {f"{name}{SUFFIX}" for name in SECRET}


def unknown_settings(environment: Mapping[str, str] = os.environ, env_file: Path = ENV_FILE) -> list[str]:
    """Variables that look like ours and mean nothing: most likely misspelt, and so without effect."""
    known = known_variables() | _NOT_SETTINGS
    return sorted(name for name in _given(environment, env_file) if name.startswith(PREFIX) and name not in known)


def _given(environment: Mapping[str, str], env_file: Path) -> dict[str, str]:
    """What is set, by its name in capitals; the environment goes before the file."""
    in_file = DotEnvSettingsSource(Settings, env_file=env_file).env_vars if env_file.exists() else {}
    both = [*in_file.items(), *environment.items()]
    return {name.upper(): value for name, value in both if value is not None}


def _named(field: object, given: Mapping[str, str]) -> str:
    name = f"{PREFIX}{field!s}".upper()
    return f"{name}{SUFFIX}" if name in given else name


def _said(error: object) -> str:
    return str(error["msg"]).removeprefix("Value error, ")  # type: ignore[index]
