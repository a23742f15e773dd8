"""The bytes of a mail: built so that nothing a buyer typed can become a header or end the data early.

The subject is always one encoded word after another, bodies are always base64, lines end in CRLF, and the
headers are parsed again and compared before the mail may leave (reliability.md §4 "Mail out"; CVE-2024-6923,
CVE-2026-1299 for headers, CVE-2023-51764 for line ends).

All our mails have one shape, so they are put together here: the standard library encodes each part, but its
generator of messages of any shape costs more than everything else that is done for a mail.
"""

from dataclasses import dataclass
from datetime import datetime
from email.base64mime import body_encode
from email.header import Header, decode_header, make_header
from email.parser import BytesHeaderParser
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache

from notifications.mails.audience import JAPANESE
from notifications.mails.one_line import in_one_line
from notifications.mails.sender import Sender
from shared.clock import in_japan
from shared.mail_address import MailAddressRefused, mail_address

_HEADERS = [
    "Content-Type",
    "MIME-Version",
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "Content-Language",
]
_CRLF = "\r\n"
# No line of base64 holds an underscore, so none can be taken for it.
_BOUNDARY = "=_the_same_in_two_forms_="
_LINE_BYTES_MAX = 998


class MailMalformed(Exception):
    """The built mail does not read back as what it was built from. It must not leave."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says, in which language, from whom, to whom, and when it says it is from."""

    sender: Sender
    recipient: str
    subject: str
    text: str
    html: str
    message_id: str
    at: datetime
    language: str = JAPANESE


@lru_cache(maxsize=4096)
def envelope_address(text: str) -> str | None:
    """Return the address for the envelope by the rule of all services, or None if nobody delivers to ``text``."""
    try:
        return mail_address(text)
    except MailAddressRefused:
        return None


def build(letter: Letter) -> bytes:
    """Return the mail as it goes over the wire. Raises MailMalformed if it does not read back the same."""
    subject = in_one_line(letter.subject)
    head = [
        f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"',
        "MIME-Version: 1.0",
        f"From: {_from(letter.sender)}",
        f"To: {letter.recipient}",
        f"Subject: {Header(subject, 'utf-8', header_name='Subject').encode(linesep=_CRLF)}",
        f"Date: {format_datetime(in_japan(letter.at))}",
        f"Message-ID: {letter.message_id}",
        # Holiday notices and other robots do not answer to it (RFC 3834 §5).
        "Auto-Submitted: auto-generated",
        f"Content-Language: {letter.language}",
        "",
    ]
    parts = [*_part(letter.text, "plain"), *_part(letter.html, "html"), f"--{_BOUNDARY}--", ""]
    try:
        raw = _CRLF.join([*head, *parts]).encode("ascii")
    except UnicodeEncodeError as error:
        raise MailMalformed(str(error)) from error
    _read_back(raw, letter, subject)
    return raw


@lru_cache(maxsize=8)
def _from(sender: Sender) -> str:
    if sender.name.isascii():
        return formataddr((sender.name, sender.address))
    return f"{Header(sender.name, 'utf-8', header_name='From').encode(linesep=_CRLF)} <{sender.address}>"


def _part(text: str, kind: str) -> list[str]:
    lines = text.replace("\x00", "").splitlines()
    body = "".join(f"{line}\r\n" for line in lines).encode()
    return [
        f"--{_BOUNDARY}",
        f'Content-Type: text/{kind}; charset="utf-8"',
        "MIME-Version: 1.0",
        "Content-Transfer-Encoding: base64",
        "",
        body_encode(body, eol=_CRLF),
    ]


def _read_back(raw: bytes, letter: Letter, subject: str) -> None:
    head, _, body = raw.partition(b"\r\n\r\n")
    read = BytesHeaderParser().parsebytes(head)
    if read.keys() != _HEADERS:
        raise MailMalformed(f"headers are {read.keys()}")
    if str(make_header(decode_header(read["Subject"]))) != subject:
        raise MailMalformed("the subject reads back differently")
    name, address = parseaddr(read["From"])
    if Sender(str(make_header(decode_header(name))), address) != letter.sender:
        raise MailMalformed("the sender reads back differently")
    if read["To"] != letter.recipient or read["Message-ID"] != letter.message_id:
        raise MailMalformed("recipient or Message-ID reads back differently")
    if len(letter.recipient.split()) != 1 or len(letter.message_id.split()) != 1:
        raise MailMalformed("recipient or Message-ID is not one word")
    if body.count(f"--{_BOUNDARY}".encode()) != 3:
        raise MailMalformed("the parts read back differently")
    without_ends = raw.replace(b"\r\n", b"")
    if b"\n" in without_ends or b"\r" in without_ends:
        raise MailMalformed("a line does not end in CRLF")
    if max(map(len, raw.split(b"\r\n"))) > _LINE_BYTES_MAX:
        raise MailMalformed("a line is too long")
