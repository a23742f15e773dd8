"""The mail server, by SMTP (RFC 5321): one conversation per mail, each answer told apart.

A 4xx and a server that is away mean later; a 5xx to this mail means never; silence after the data was handed
over means that nobody knows. A 5xx to the greeting or the login is the server's set-up and no mail's fault.
"""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr

import aiosmtplib

from notifications.domain.mail import Accepted, Answer, Later, RefusedByServer, Unknown
from notifications.settings import Settings

ATTEMPT_SECONDS_MAX = 60.0


@dataclass(frozen=True)
class MailServer:
    """Where mails go. ``timeout_seconds`` is for each step of the conversation."""

    host: str
    port: int
    sender: str
    security: str = "none"
    username: str | None = None
    password: str | None = None
    timeout_seconds: float = 15

    @classmethod
    def from_settings(cls, settings: Settings) -> "MailServer":
        """The server that the environment names."""
        password = settings.smtp_password
        return cls(
            host=settings.smtp_host,
            port=settings.smtp_port,
            sender=parseaddr(settings.mail_from)[1],
            security=settings.smtp_security,
            username=settings.smtp_username,
            password=password.get_secret_value() if password else None,
            timeout_seconds=settings.smtp_timeout_seconds,
        )

    async def send(self, recipient: str, raw: bytes) -> Answer:
        """Hand ``raw`` over for ``recipient`` and return what the server made of it; never raises."""
        handed_over = False
        client = self._client()
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS_MAX):
                await client.connect()
                if self.username:
                    await client.login(self.username, self.password or "")
                await client.ehlo()
                await client.mail(self.sender)
                await client.rcpt(recipient)
                handed_over = True
                answer = await client.data(raw)
            await _say_goodbye(client)
            return Accepted(f"{answer.code} {answer.message}")
        except (
            aiosmtplib.SMTPSenderRefused,
            aiosmtplib.SMTPRecipientRefused,
            aiosmtplib.SMTPDataError,
        ) as no:
            kind = RefusedByServer if no.code >= 500 else Later
            return kind(no.message, no.code)
        except aiosmtplib.SMTPResponseException as no:
            return Later(no.message, no.code)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as trouble:
            words = f"{type(trouble).__name__}: {trouble}"
            return Unknown(words) if handed_over else Later(words)
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            timeout=self.timeout_seconds,
            use_tls=self.security == "tls",
            start_tls=self.security == "starttls",
            tls_context=ssl.create_default_context() if self.security != "none" else None,
        )


async def _say_goodbye(client: aiosmtplib.SMTP) -> None:
    """End politely; the mail is accepted, so nothing that happens here matters."""
    with suppress(aiosmtplib.SMTPException, OSError):
        await client.quit(timeout=1)
