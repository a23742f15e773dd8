"""The settings of operators for konbini payments: environment variables with the prefix KONBINI_.

The default limits and deadlines are those of the marketplace's prepayment (KON-40, X-18). A contract with a
collecting company has its own. It also has its own line in the terminal's menu; the marketplace's is 「Amazon.co.jp,
Javari.jp」.
"""

from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from payments.providers.sandbox import check_side

DEMO = "noren-demo"
"""The secret of the simulator, which is public."""
DEMO_MENU = "のれん商店"
"""The line of the menu in a sandbox."""


class KonbiniSettings(BaseSettings):
    """The collecting company's interface, and the rules of the contract with it."""

    model_config = SettingsConfigDict(
        env_prefix="KONBINI_",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    url: str = Field("http://127.0.0.1:8202", description="The collecting company's interface")
    secret: SecretStr = Field(
        SecretStr(DEMO), description="Shared with the company: signs its notices, and signs us in"
    )
    amount_min: int = Field(120, ge=1, description="Inclusive, in yen; companies take no less")
    amount_max: int | None = Field(300_000, description="Inclusive, in yen (KON-02)")
    due_days: int = Field(6, ge=1, le=60, description="Times 24 hours from the issue (KON-16, X-17)")
    grace_hours: int = Field(12, ge=0, description="A little late is still in time (KON-18, X-17)")
    poll_seconds: float = Field(600, gt=0, description="How often unpaid numbers are asked about unasked")
    maintenance: bool = Field(True, description="The third Thursday of odd months, 03:00 to 05:00 (KON-14)")
    terminal_menu: str = Field(
        "",
        description="The line in Loppi's menu that the contract with the company names (KON-24); a live shop sets it",
    )
    timeout_seconds: float = Field(10, gt=0, le=11)
    sandbox: bool = Field(False, validation_alias="SANDBOX")

    @model_validator(mode="after")
    def _live_is_live_and_sandbox_is_not(self) -> Self:
        if not self.sandbox and self.secret.get_secret_value() == DEMO:
            raise ValueError("KONBINI_SECRET must be set; the simulator's is for SANDBOX=true only")
        check_side("KONBINI_URL", self.url, sandbox=self.sandbox)
        if not self.sandbox and not self.terminal_menu:
            raise ValueError(
                "KONBINI_TERMINAL_MENU must be set: the line of the menu that the contract names"
            )
        return self

    @property
    def menu_line(self) -> str:
        """Return the line of the terminal's menu that buyers choose."""
        return self.terminal_menu or DEMO_MENU
