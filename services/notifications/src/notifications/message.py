"""The bytes of a mail: built so that nothing a buyer typed can become a header or end the data early.

The subject is always one encoded word after another, bodies are always base64, lines end in CRLF, and the
result is parsed again and compared before it may leave (reliability.md §4 "Mail out"; CVE-2024-6923,
CVE-2026-1299 for headers, CVE-2023-51764 for line ends).
"""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import Header, decode_header, make_header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr

from email_validator import EmailNotValidError, validate_email

from notifications.templates import in_one_line
from shared.clock import in_japan

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


class MailMalformed(Exception):
    """The built mail does not read back as what it was built from. It must not leave."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says, to whom, and when it says it is from. ``sender`` may carry a display name."""

    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    message_id: str
    at: datetime


def envelope_address(text: str) -> str | None:
    """Return the ASCII address that an SMTP server understands, or None if ``text`` is not an address."""
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).ascii_email
    except EmailNotValidError:
        return None


def build(letter: Letter) -> bytes:
    """Return the mail as it goes over the wire. Raises MailMalformed if it does not read back the same."""
    subject = in_one_line(letter.subject)
    mail = MIMEMultipart("alternative")
    name, address = parseaddr(letter.sender)
    mail["From"] = formataddr((name, address), "utf-8") if name else address
    mail["To"] = letter.recipient
    mail["Subject"] = Header(subject, "utf-8", header_name="Subject").encode(linesep="\r\n")
    mail["Date"] = format_datetime(in_japan(letter.at))
    mail["Message-ID"] = letter.message_id
    # Holiday notices and other robots do not answer to it (RFC 3834 §5).
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = "ja"
    mail.attach(_part(letter.text, "plain"))
    mail.attach(_part(letter.html, "html"))
    try:
        raw = mail.as_bytes(policy=compat32.clone(linesep="\r\n"))
    except HeaderParseError as error:
        raise MailMalformed(str(error)) from error
    _read_back(raw, letter, subject)
    return raw


def _part(text: str, kind: str) -> MIMEText:
    lines = text.replace("\x00", "").splitlines()
    return MIMEText("".join(f"{line}\r\n" for line in lines), kind, "utf-8")


def _read_back(raw: bytes, letter: Letter, subject: str) -> None:
    read = message_from_bytes(raw)
    if read.keys() != _HEADERS:
        raise MailMalformed(f"headers are {read.keys()}")
    if str(make_header(decode_header(read["Subject"]))) != subject:
        raise MailMalformed("the subject reads back differently")
    if parseaddr(read["To"])[1] != letter.recipient or read["Message-ID"] != letter.message_id:
        raise MailMalformed("recipient or Message-ID reads back differently")
    if b"\n" in raw.replace(b"\r\n", b"") or b"\r" in raw.replace(b"\r\n", b""):
        raise MailMalformed("a line does not end in CRLF")
