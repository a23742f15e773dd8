"""What operators set for Amazon Pay: environment variables with the prefix AMAZON_PAY_."""

from functools import cached_property
from pathlib import Path

from pydantic import Field, HttpUrl, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from payments.methods.amazon_pay.signing import Algorithm, Signer, private_key


class AmazonPaySettings(BaseSettings):
    """One merchant account and one key pair, made in Seller Central (or by the simulator)."""

    model_config = SettingsConfigDict(
        env_prefix="AMAZON_PAY_", extra="ignore", frozen=True, env_ignore_empty=True
    )

    api_url: str = Field("https://pay-api.amazon.jp", description="No path; a port only for the simulator")
    merchant_id: str
    store_id: str
    public_key_id: str
    private_key_file: Path
    algorithm: Algorithm = Algorithm.PSS_V2
    live: bool = Field(False, description="For key ids without the prefix SANDBOX or LIVE")
    hosted_url: str | None = Field(None, description="The simulator's pages; buttons need no script then")
    script_url: str = Field(
        "https://static-fe.payments-amazon.com/checkout.js", description="Amazon's script for buttons"
    )
    topic_arns: frozenset[str] = Field(frozenset(), description="SNS topics whose notices are ours")
    certificate_origin: HttpUrl | None = Field(
        None, description="Simulator only: notices are signed by a certificate from here, not from SNS"
    )
    notices: bool = Field(True, description="通知機能: captures in Seller Central reach the order (AP-40)")
    store_name: str = Field("のれん", max_length=50)
    timeout_seconds: float = Field(10, gt=0, le=60)

    @model_validator(mode="after")
    def _no_simulator_when_live(self) -> "AmazonPaySettings":
        is_live = self.live or self.public_key_id.upper().startswith("LIVE")
        if is_live and (self.hosted_url or self.certificate_origin):
            raise ValueError("AMAZON_PAY_HOSTED_URL and AMAZON_PAY_CERTIFICATE_ORIGIN are for simulators")
        return self

    @cached_property
    def signer(self) -> Signer:
        """Signs as this merchant. Raises if the key file is missing or no RSA key."""
        key = private_key(self.private_key_file.read_bytes())
        return Signer(key, self.public_key_id, algorithm=self.algorithm)

    @property
    def version_path(self) -> str:
        """The environment is told by the key id, or else by the path."""
        if self.public_key_id.upper().startswith(("SANDBOX", "LIVE")):
            return "/v2"
        return "/live/v2" if self.live else "/sandbox/v2"
