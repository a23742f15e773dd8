"""What operators set for notifications, besides what every service has."""

from email.utils import parseaddr
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from shared.settings import ServiceSettings


def _sender(text: str) -> str:
    name, address = parseaddr(text)
    if "@" not in address or not address.isascii() or any(ord(mark) < 0x20 for mark in text):
        raise ValueError("must look like: Shop name <shop@example.jp>")
    return f"{name} <{address}>" if name else address


class Settings(ServiceSettings):
    """The mail server, and how the shop signs its mails."""

    smtp_host: str = Field(description="The mail server")
    smtp_port: int = Field(25, ge=1, le=65535)
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        "none", description="starttls: upgrade on connecting; tls: from the first byte; none: a local relay"
    )
    smtp_username: str | None = Field(None, description="Log in before sending, if set")
    smtp_password: SecretStr | None = None
    smtp_timeout_seconds: float = Field(15, gt=0, le=60, description="For each step of the conversation")
    smtp_connections_max: int = Field(8, ge=1, le=100, description="Mails on their way at once, per worker")
    mail_from: Annotated[str, AfterValidator(_sender)] = Field(description="Shop name <shop@example.jp>")
    shop_name: str = Field("のれん商店", description="As mails greet and sign")
    shop_contact: str = Field("", description="Signature line: address for questions, opening hours")
