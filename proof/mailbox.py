"""The mail catcher: every copy that the mail server accepted."""

from dataclasses import dataclass
from datetime import datetime

import httpx

PORTION_SECONDS_MAX = 120.0


@dataclass(frozen=True)
class Mail:
    """One copy of a mail that the mail server accepted."""

    message_id: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    at: datetime


class MailCatcher:
    """Every copy that was sent, through maildev's REST interface.

    Read in portions: an answer that holds all mails of a long run is late. maildev gives all after ``skip`` in
    one; a server of ours (proof.mail_sink) gives so many at a time.
    """

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self._url = url.rstrip("/")
        self._client = client

    async def copies(self) -> list[Mail]:
        """Return all accepted copies."""
        found: list[Mail] = []
        while portion := await self._portion(skip=len(found)):
            found += portion
        return found

    async def _portion(self, *, skip: int) -> list[Mail]:
        answer = await self._client.get(
            f"{self._url}/email", params={"skip": skip}, timeout=PORTION_SECONDS_MAX
        )
        answer.raise_for_status()
        return [
            Mail(
                message_id=_in_brackets(str(one.get("messageId") or one["headers"].get("message-id", ""))),
                recipients=tuple(str(to["address"]).lower() for to in one["envelope"]["to"]),
                subject=str(one.get("subject", "")),
                text=str(one.get("text", "")),
                at=datetime.fromisoformat(str(one["time"]).replace("Z", "+00:00")),
            )
            for one in answer.json()
        ]


def _in_brackets(message_id: str) -> str:
    return f"<{message_id.strip('<>')}>"
