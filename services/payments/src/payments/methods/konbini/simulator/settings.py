"""The settings of the simulator at its start."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class KonbiniSimulatorSettings(BaseSettings):
    """One shop, one secret, one place for notices."""

    model_config = SettingsConfigDict(
        extra="ignore", frozen=True, env_ignore_empty=True, populate_by_name=True
    )

    http_host: str = "127.0.0.1"
    http_port: int = 8202
    konbini_secret: SecretStr = SecretStr("noren-demo")
    konbini_simulator_folder: Path = Field(
        Path(".noren/data/simulators"), description="Holds the ledger; survives restarts"
    )
    origin_url: str = Field("http://127.0.0.1:8080", description="The shop's address; notices go there")
    konbini_notice_url: str = Field("", description="Where notices go instead")

    @property
    def notice_url(self) -> str:
        """Return the address of the shop's notice route."""
        return self.konbini_notice_url or f"{self.origin_url}/payments/konbini/notices"
