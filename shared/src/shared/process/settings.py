"""Settings of operators: environment variables, read once and checked at the start."""

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.files.location import Location
from shared.shop.identity.facts import NAMELESS, ShopIdentity
from shared.web.client_address import Proxies

S = TypeVar("S", bound=BaseSettings)
FROM_ENVIRONMENT = SettingsConfigDict(
    extra="ignore",
    frozen=True,
    env_ignore_empty=True,
    hide_input_in_errors=True,  # an invalid address may contain a password
)


class ServiceSettings(BaseSettings):
    """The settings that every service has. A service adds its own in a subclass."""

    model_config = FROM_ENVIRONMENT

    database_url: SecretStr = Field(description="The run role: postgresql+asyncpg://user:password@host/db")
    migrate_database_url: SecretStr | None = Field(None, description="The owner role; `migrate` needs it")
    database_connections_max: int = Field(10, ge=2, le=200)
    amqp_url: SecretStr = Field(description="This service's own RabbitMQ user")
    amqp_admin_url: SecretStr | None = Field(None, description="May declare; `topology` needs it")
    declare_topology: bool = Field(False, description="Declare exchanges and queues at start (development)")
    prefetch: int = Field(200, ge=1, le=2000, description="Messages in flight per consuming function")
    origin_url: str = Field("http://127.0.0.1:8080", description="The address that browsers see")
    shop_name: str = Field(
        NAMELESS.name,
        min_length=1,
        max_length=50,
        description="What the shop is called until staff have named it at the desk",
    )
    shop: str = Field("noren", description="Travels with every event; several shops may share a broker")
    clock_file: Path | None = Field(None, description="Offset of the clock in seconds (demo and tests only)")
    signing_key_file: Path | None = Field(None, description="Ed25519 private key (PEM) for statements")
    trusted_keys_file: Path | None = Field(None, description="JWKS with the public keys of all services")
    cookie_secure: bool = Field(True, description="False only where browsers come over plain HTTP")
    sandbox: bool = Field(False, description="Talk to simulators; no live provider is called (OPS-09)")
    live_templates: bool = Field(False, description="Read templates anew when they change (development)")
    http_host: str = "127.0.0.1"
    trusted_proxies: str = Field(
        "127.0.0.1", description="Where Caddy asks from: addresses, networks, or * if only it can reach us"
    )
    edge_trusted_proxies: str = Field(
        "", description="Proxies in front of Caddy, whose X-Forwarded-For is believed: addresses, networks"
    )
    http_port: int = Field(8000, ge=0, le=65535)
    files_url: str | None = Field(
        None,
        description="Where files are kept: file:///folder, or s3://bucket?endpoint=https://host&region=name",
    )
    files_access_key: SecretStr | None = Field(None, description="Of the S3-compatible store")
    files_secret_key: SecretStr | None = Field(None, description="Of the S3-compatible store")
    uploads_folder: Path | None = Field(
        None, description="On a disk, where uploads arrive before they are kept; else the system's folder"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"
    shutdown_grace_seconds: float = Field(25, ge=0, le=300)
    niceness: int = Field(
        0, ge=0, le=19, description="How far this process gives way to others of its machine"
    )

    @field_validator("trusted_proxies", "edge_trusted_proxies")
    @classmethod
    def _are_addresses(cls, value: str) -> str:
        Proxies.read(value)
        return value

    @field_validator("files_url")
    @classmethod
    def _is_a_location(cls, value: str | None) -> str | None:
        if value is not None:
            Location.read(value)
        return value

    @property
    def fallback_shop(self) -> ShopIdentity:
        """Return the identity that pages and mails show until staff have named the shop."""
        return ShopIdentity(self.shop_name)

    @property
    def files_location(self) -> Location | None:
        """Return the location of files; None if the service keeps none."""
        return None if self.files_url is None else Location.read(self.files_url)


def read_settings(kind: type[S], program: str) -> S:
    """Return the settings of the environment. Raises SystemExit with one line that names what is wrong."""
    try:
        return kind()
    except ValidationError as error:
        raise SystemExit(f"{program}: {in_one_line(error)}") from None


def in_one_line(error: ValidationError) -> str:
    """Return the problems of the environment in one line, without values, because some are secrets."""
    said = []
    for one in error.errors(include_input=False, include_url=False):
        name = ".".join(str(part) for part in one["loc"]).upper()
        text = one["msg"].removeprefix("Value error, ")
        missing = one["type"] == "missing"
        said.append(f"{name} is not set" if missing else f"{name}: {text}" if name else text)
    return "; ".join(said)
