"""The settings of operators for notifications, besides those of every service."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from notifications.mailing.pacing import Pace
from notifications.mails.sender import Sender, sender
from shared.process.settings import ServiceSettings
from shared.text.mail_address import mail_address


def _sender(given: object) -> object:
    return sender(given) if isinstance(given, str) else given


def _address(given: object) -> object:
    if not isinstance(given, str):
        return given
    return mail_address(given) if given.strip() else ""


class Settings(ServiceSettings):
    """The mail server, and the sender and signature of mails."""

    smtp_host: str = Field(description="The mail server")
    smtp_port: int = Field(25, ge=1, le=65535)
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        "none", description="starttls: upgrade on connecting; tls: from the first byte; none: a local relay"
    )
    smtp_username: str | None = Field(None, description="Log in before sending, if set")
    smtp_password: SecretStr | None = None
    smtp_timeout_seconds: float = Field(15, gt=0, le=60, description="For each step of the conversation")
    smtp_connections_max: int = Field(8, ge=1, le=100, description="Mails on their way at once, per worker")
    mail_from: Annotated[Sender, NoDecode, BeforeValidator(_sender)] = Field(
        description="shop@example.jp, or: Name that mails show <shop@example.jp>; without a name that of the shop"
    )
    shop_contact: str = Field(
        "",
        description="Where questions are answered, as mails say it; empty if answers to MAIL_FROM are read",
    )
    desk_mail: Annotated[str, BeforeValidator(_address)] = Field(
        "",
        description="Where mails to the shop itself go: what its staff read; empty: the address of MAIL_FROM",
    )
    mails_per_address_hour: int = Field(
        20,
        ge=0,
        description="Mails about orders that one address gets in an hour, the others wait; 0: any number",
    )
    account_mails_per_address_hour: int = Field(
        10,
        ge=0,
        description="The same for links that let a member in, and apart from them for mails of sign-ups",
    )

    @property
    def pace(self) -> Pace:
        """Return the limits of mails to one address."""
        return Pace(order=self.mails_per_address_hour, account=self.account_mails_per_address_hour)
