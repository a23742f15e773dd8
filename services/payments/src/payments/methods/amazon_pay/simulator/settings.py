"""The settings of the simulator at its start, from environment variables. It shares names with the shop's settings."""

from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from payments.methods.amazon_pay import demo
from payments.methods.amazon_pay.signing import public_key


class AmazonSimulatorSettings(BaseSettings):
    """One merchant, one key, one place for notices."""

    model_config = SettingsConfigDict(
        env_prefix="AMAZON_PAY_SIMULATOR_",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        populate_by_name=True,
    )

    host: str = Field("127.0.0.1", validation_alias="HTTP_HOST")
    port: int = Field(8201, validation_alias="HTTP_PORT")
    tls: bool = Field(False, description="https by the certificate of the notices; some SDKs need it")
    directory: Path = Field(
        Path(".noren/simulators"),
        validation_alias="SIMULATOR_DIRECTORY",
        description="Ledger and certificate are kept in its folder amazon_pay",
    )
    url: str = Field(
        "http://127.0.0.1:8201",
        validation_alias="AMAZON_PAY_URL",
        description="How the shop's servers reach us",
    )
    hosted_url: str = Field(
        "", validation_alias="AMAZON_PAY_HOSTED_URL", description="How browsers reach us; `url` if empty"
    )
    public_key_file: Path = Field(
        validation_alias="AMAZON_PAY_PUBLIC_KEY_FILE", description="The merchant's public key (PEM)"
    )
    public_key_id: str = Field(demo.PUBLIC_KEY_ID, validation_alias="AMAZON_PAY_PUBLIC_KEY_ID")
    merchant_id: str = Field(demo.MERCHANT_ID, validation_alias="AMAZON_PAY_MERCHANT_ID")
    shop_url: str = Field("http://127.0.0.1:8080", validation_alias="ORIGIN_URL")
    notice_url: str = Field("", description="Where notices go; the shop's usual endpoint if empty")
    topic_arn: str = demo.TOPIC_ARN
    signature_version: str = "1"
    notice_retry_seconds: float = 20
    pending_seconds: float = Field(
        30, description="Until a pending authorization or a slow capture is decided"
    )
    refund_seconds: float = 3
    hang_seconds: float = 40
    clock_skew_max_seconds: float = 900

    @cached_property
    def merchant_key(self) -> RSAPublicKey:
        """Return the key that verifies requests and button payloads."""
        return public_key(self.public_key_file.read_bytes())

    @property
    def folder(self) -> Path:
        """Return the folder of this simulator's files."""
        return self.directory / "amazon_pay"

    @property
    def pages_url(self) -> str:
        """Return the origin of the addresses that buyers are sent to."""
        return self.hosted_url or self.url

    @property
    def notices_to(self) -> str:
        """Return the endpoint that the merchant stored in Seller Central."""
        return self.notice_url or f"{self.shop_url}/payments/amazon_pay/notices"
