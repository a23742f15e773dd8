"""A mail server in memory: it accepts mails, and sometimes its answer is lost."""

import asyncio
from email import message_from_bytes
from email.header import decode_header, make_header

from notifications.mailing.delivery import Accepted, Later, RefusedByServer, ServerAnswer, Unknown
from proof.observers import Mail
from proof.simulation.chance import Chance
from proof.simulation.trace import Trace
from shared.clock import now


class SimulatedMailServer:
    """Takes mails; ``copies`` is every one that it accepted."""

    def __init__(self, chance: Chance, trace: Trace) -> None:
        self.copies: list[Mail] = []
        self._chance = chance
        self._trace = trace

    async def send(self, recipient: str, raw: bytes) -> ServerAnswer:
        """Accept a mail, or not, or accept it and be silent about it."""
        await asyncio.sleep(self._chance.moment())
        fate = "accepted"
        if self._chance.happens(self._chance.dangers.mail):
            fate = self._chance.one_of(("later", "later", "answer lost", "refused"))
            self._chance.sometimes(f"mail server: {fate}")
        mail = _read(recipient, raw)
        self._trace.add("mail server", f"{fate}: {mail.message_id}")
        if fate == "later":
            return Later("busy", 451)
        if fate == "refused":
            return RefusedByServer("no such mailbox", 550)
        self.copies.append(mail)
        await asyncio.sleep(self._chance.moment())
        return Unknown("connection lost") if fate == "answer lost" else Accepted("250 ok")


def _read(recipient: str, raw: bytes) -> Mail:
    read = message_from_bytes(raw)
    part = next((one for one in read.walk() if one.get_content_type() == "text/plain"), read)
    body = part.get_payload(decode=True)
    text = body.decode("utf-8") if isinstance(body, bytes) else ""
    subject = str(make_header(decode_header(read["Subject"])))
    return Mail(str(read["Message-ID"]), (recipient.lower(),), subject, text, now())
