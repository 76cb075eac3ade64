"""Settings: from the environment, or from `var/doorstep.env`. The environment wins."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

HERE = Path(__file__).parent
#: The Bot API's own address; another one is a local Bot API server.
TELEGRAM_API_URL = "https://api.telegram.org/bot"
SETTINGS_FILE = "doorstep.env"
KEYS_FILE = "secret.keys"


class SettingsError(ValueError):
    """The settings cannot be used; `faults` names every variable with what is wrong with it, never its value."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def _known_database(url: str) -> str:
    if url and not url.startswith(("sqlite:///", "postgresql://")):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    return url


def _host_and_port(listen: str) -> str:
    host, colon, port = listen.rpartition(":")
    if not (host and colon and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError("must be HOST:PORT, such as 127.0.0.1:8080")
    return listen


class Settings(BaseSettings):
    """One field for each variable `DOORSTEP_…` of the contract."""

    model_config = SettingsConfigDict(env_prefix="DOORSTEP_", env_ignore_empty=True, extra="ignore", frozen=True)

    #: Where the embedded database, the keys and the settings file are.
    var: Path = Path("var")
    #: Both may hold a password: neither is ever shown.
    database_url: Annotated[str, AfterValidator(_known_database), Field(repr=False)] = ""
    redis_url: str = Field(default="", repr=False)
    listen: Annotated[str, AfterValidator(_host_and_port)] = "127.0.0.1:8080"
    public_url: str = ""
    telegram_token: SecretStr = SecretStr("")
    telegram_api_url: str = TELEGRAM_API_URL
    telegram_mode: Literal["polling", "webhook"] = "polling"
    secret_keys: SecretStr = SecretStr("")
    policy: Path = HERE / "policy.toml"
    guidance: Path = HERE / "guidance.toml"
    heartbeat_url: str = ""
    geocoder: str = "none"
    geocoder_url: str = ""
    log_format: Literal["text", "json"] = "text"
    #: Connections to PostgreSQL that each process may hold.
    pool_size: int = Field(default=16, ge=2, le=200)

    @model_validator(mode="after")
    def _filled_in(self) -> Self:
        """What is left empty follows from the rest."""
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{(self.var / 'doorstep.db').absolute()}")
        if not self.public_url:
            host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104  (compared, not bound)
            named = f"[{host}]" if ":" in host else host
            object.__setattr__(self, "public_url", f"http://{named}:{self.port}")
        object.__setattr__(self, "public_url", self.public_url.rstrip("/"))
        return self

    @property
    def host(self) -> str:
        """The address to bind."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port to bind."""
        return int(self.listen.rpartition(":")[2])

    @property
    def embedded(self) -> bool:
        """Whether the database is a file of ours: one process serves everything."""
        return self.database_url.startswith("sqlite:")

    @property
    def keys(self) -> list[str]:
        """The keys that were given; empty: those in the keys' file."""
        return [each.strip() for each in self.secret_keys.get_secret_value().split(",") if each.strip()]

    @property
    def keys_file(self) -> Path:
        """Where keys are kept that were not given."""
        return self.var / KEYS_FILE


def read_settings() -> Settings:
    """Settings of this process. Raises SettingsError naming every fault."""
    try:
        where = Settings(_env_file=None).var
        return Settings(_env_file=where / SETTINGS_FILE)
    except ValidationError as error:
        faults = [f"{_variable(each['loc'])}: {each['msg']}" for each in error.errors(include_input=False)]
        raise SettingsError(faults) from None


def _variable(place: tuple[int | str, ...]) -> str:
    return f"DOORSTEP_{str(place[0]).upper()}" if place else "settings"
