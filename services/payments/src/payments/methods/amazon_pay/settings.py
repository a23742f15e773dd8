"""The settings of operators for Amazon Pay: environment variables with the prefix AMAZON_PAY_."""

import re
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from payments.methods.amazon_pay import demo
from payments.methods.amazon_pay.signing import Algorithm, Signer, private_key
from payments.providers.sandbox import check_side

AMAZON_HOST = re.compile(r"pay-api\.amazon\.(jp|com|eu)")


class AmazonPaySettings(BaseSettings):
    """One merchant account and one key pair, made in Seller Central.

    With a `url` that is not Amazon's, a simulator answers. Then the account is that of the demo unless it is set,
    buttons lead to the simulator's pages, and the simulator's certificate signs notices.
    """

    model_config = SettingsConfigDict(
        env_prefix="AMAZON_PAY_",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    url: str = Field("https://pay-api.amazon.jp", description="Scheme and host, no path")
    hosted_url: str = Field("", description="Simulator only: how browsers reach it; `url` if empty")
    merchant_id: str = demo.MERCHANT_ID
    store_id: str = demo.STORE_ID
    public_key_id: str = demo.PUBLIC_KEY_ID
    private_key_file: Path
    algorithm: Algorithm = Algorithm.PSS_V2
    topic_arns: frozenset[str] = Field(
        frozenset({demo.TOPIC_ARN}), description="SNS topics whose notices are ours (a JSON list)"
    )
    notices: bool = Field(
        True, description="通知機能: what is done in Seller Central reaches the order (AP-40)"
    )
    script_url: str = Field(
        "https://static-fe.payments-amazon.com/checkout.js", description="Amazon's script for buttons"
    )
    store_name: str = Field(
        "", max_length=50, description="What Amazon's pages call the shop; empty: the name of the shop"
    )
    buyer_minutes: int = Field(
        45,
        ge=5,
        le=1440,
        description="An order whose buyer does not come back from Amazon's page ends after this",
    )
    timeout_seconds: float = Field(10, gt=0, le=60)
    sandbox: bool = Field(False, validation_alias="SANDBOX")

    @model_validator(mode="after")
    def _live_is_live_and_sandbox_is_not(self) -> "AmazonPaySettings":
        if self.simulated and not self.sandbox:
            raise ValueError("AMAZON_PAY_URL is no host of Amazon's; simulators need SANDBOX=true")
        if self.simulated:
            check_side("AMAZON_PAY_URL", self.url, sandbox=self.sandbox)
        if self.sandbox and self.public_key_id.upper().startswith("LIVE"):
            raise ValueError("AMAZON_PAY_PUBLIC_KEY_ID is a live key, but SANDBOX is true (OPS-09)")
        if not self.sandbox and self.public_key_id.upper().startswith("SANDBOX"):
            raise ValueError("AMAZON_PAY_PUBLIC_KEY_ID is a sandbox key, but SANDBOX is not true")
        own = {"merchant_id", "store_id", "public_key_id", "topic_arns"}
        if not self.simulated and not own <= self.model_fields_set:
            names = ", ".join(sorted(f"AMAZON_PAY_{name.upper()}" for name in own - self.model_fields_set))
            raise ValueError(f"{names} must be set")
        return self

    @property
    def simulated(self) -> bool:
        """Return whether a simulator answers in Amazon's place."""
        return not AMAZON_HOST.fullmatch(urlsplit(self.url).netloc)

    @property
    def pages_url(self) -> str:
        """Return the origin of the simulator's pages, as browsers see it."""
        return self.hosted_url or self.url

    @cached_property
    def signer(self) -> Signer:
        """Return the signer of this merchant. Raises if the key file is missing or no RSA key."""
        key = private_key(self.private_key_file.read_bytes())
        return Signer(key, self.public_key_id, algorithm=self.algorithm)

    @property
    def version_path(self) -> str:
        """Return the version path. The key id names the environment, or else the path does."""
        if self.public_key_id.upper().startswith(("SANDBOX", "LIVE")):
            return "/v2"
        return "/sandbox/v2" if self.sandbox else "/live/v2"
