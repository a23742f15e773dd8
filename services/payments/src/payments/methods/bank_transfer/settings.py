"""The settings of operators for bank transfers: environment variables with the prefix BANK_TRANSFER_."""

from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from payments.providers.sandbox import check_side

DEMO = "noren-demo"
"""The secret of the simulator, which is public."""


class BankTransferSettings(BaseSettings):
    """The shop's account, and the bank's interface for refunds."""

    model_config = SettingsConfigDict(
        env_prefix="BANK_TRANSFER_",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    url: str = Field("http://127.0.0.1:8203", description="The bank's interface for outgoing transfers")
    token: SecretStr = Field(SecretStr(DEMO), description="What the bank gave us to sign in with")
    account: str = "のれん銀行 本店営業部 普通 1234567 カ）ノレンショウテン"
    amount_max: int | None = Field(1_000_000, ge=1, description="Inclusive, in yen")
    due_days: int = Field(14, ge=1, le=90, description="From the order being ready to be paid; of a member")
    guest_due_days: int = Field(
        7, ge=1, le=90, description="The same of a guest: the goods wait for nobody known"
    )
    grace_hours: int = Field(72, ge=0, description="Transfers of a weekend are seen on Monday")
    timeout_seconds: float = Field(10, gt=0, le=11)
    sandbox: bool = Field(False, validation_alias="SANDBOX")

    @model_validator(mode="after")
    def _live_is_live_and_sandbox_is_not(self) -> Self:
        if not self.sandbox and self.token.get_secret_value() == DEMO:
            raise ValueError("BANK_TRANSFER_TOKEN must be set; the simulator's is for SANDBOX=true only")
        check_side("BANK_TRANSFER_URL", self.url, sandbox=self.sandbox)
        return self
