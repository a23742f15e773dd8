"""The settings of operators for payments, without those that each method reads itself."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from shared.process.settings import ServiceSettings


class Settings(ServiceSettings):
    """The environment of the payments service."""

    payments_methods: Annotated[tuple[str, ...], NoDecode] = Field(
        ("amazon_pay", "konbini", "bank_transfer", "cash_on_delivery"),
        description="Folders of payments/methods that are switched on, comma-separated, in the menu's order",
    )
    payments_requests_at_once: int = Field(20, ge=1, le=200, description="Questions to providers in flight")

    @field_validator("payments_methods", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value
