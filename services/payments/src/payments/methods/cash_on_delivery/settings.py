"""The settings of operators for cash on delivery: environment variables with the prefix CASH_ON_DELIVERY_."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class CashOnDeliverySettings(BaseSettings):
    """The limits of the carrier, by default those of Yamato's コレクト."""

    model_config = SettingsConfigDict(
        env_prefix="CASH_ON_DELIVERY_",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
    )

    amount_max: int = Field(300_000, ge=1, description="Inclusive, in yen")
