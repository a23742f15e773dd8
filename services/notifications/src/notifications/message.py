"""The bytes of a mail: built so that nothing a buyer typed can become a header or end the data early.

The subject is always one encoded word after another, bodies are always base64, lines end in CRLF, and the
headers are parsed again and compared before the mail may leave (reliability.md §4 "Mail out"; CVE-2024-6923,
CVE-2026-1299 for headers, CVE-2023-51764 for line ends).

All our mails have one shape, so they are put together and read back here: the email package, made for mails of
any shape, costs more than everything else that is done for a mail (docs/speed.md). The tests read with it.
"""

import re
from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache

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
_CRLF = "\r\n"
# No line of base64 holds an underscore, so none can be taken for it.
_BOUNDARY = "=_the_same_in_two_forms_="
_LINE_BYTES_MAX = 998
# RFC 2045 §6.8 and RFC 2047 §2.
_BASE64_LINE = re.compile(r".{1,76}")
_ENCODED_WORD_MARKS_MAX = 11
_ENCODED_WORD = re.compile(r"=\?utf-8\?b\?([A-Za-z0-9+/=]*)\?=")
# One address and nothing else, as it stands in a header and in a command of SMTP.
_ATOMS = r"[^\x00-\x20\x7f-\U0010ffff()<>:;@,\\\"]+"
_ADDRESS = re.compile(f"{_ATOMS}@{_ATOMS}")
_MESSAGE_ID = re.compile(f"<{_ATOMS}@{_ATOMS}>")


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


@lru_cache(maxsize=4096)
def envelope_address(text: str) -> str | None:
    """Return the ASCII address that an SMTP server understands, or None if ``text`` is not an address."""
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).ascii_email
    except EmailNotValidError:
        return None


def build(letter: Letter) -> bytes:
    """Return the mail as it goes over the wire. Raises MailMalformed if it does not read back the same."""
    subject = in_one_line(letter.subject)
    try:
        raw = _put_together(letter, subject).encode("ascii")
    except UnicodeEncodeError as error:
        raise MailMalformed(str(error)) from error
    _read_back(raw, letter, subject)
    return raw


def _put_together(letter: Letter, subject: str) -> str:
    return _CRLF.join(
        [
            f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"',
            "MIME-Version: 1.0",
            f"From: {_sender(letter.sender)}",
            f"To: {letter.recipient}",
            f"Subject: {_encoded_words(subject)}",
            f"Date: {format_datetime(in_japan(letter.at))}",
            f"Message-ID: {letter.message_id}",
            # Holiday notices and other robots do not answer to it (RFC 3834 §5).
            "Auto-Submitted: auto-generated",
            "Content-Language: ja",
            "",
            *_part(letter.text, "plain"),
            *_part(letter.html, "html"),
            f"--{_BOUNDARY}--",
            "",
        ]
    )


@lru_cache(maxsize=8)
def _sender(sender: str) -> str:
    name, address = parseaddr(sender)
    return formataddr((name, address)) if name.isascii() else f"{_encoded_words(name)} <{address}>"


def _encoded_words(text: str) -> str:
    """Return ``text`` as encoded words (RFC 2047 §2: of whole characters, 75 long at most), one on a line."""
    pieces = [text[at : at + _ENCODED_WORD_MARKS_MAX] for at in range(0, len(text), _ENCODED_WORD_MARKS_MAX)]
    return f"{_CRLF} ".join(f"=?utf-8?b?{_base64(piece.encode())}?=" for piece in pieces)


def _part(text: str, kind: str) -> list[str]:
    lines = text.replace("\x00", "").splitlines()
    encoded = _base64(_CRLF.join([*lines, ""]).encode())
    return [
        f"--{_BOUNDARY}",
        f'Content-Type: text/{kind}; charset="utf-8"',
        "MIME-Version: 1.0",
        "Content-Transfer-Encoding: base64",
        "",
        *_BASE64_LINE.findall(encoded),
        "",
    ]


def _base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode("ascii")


def _read_back(raw: bytes, letter: Letter, subject: str) -> None:
    head, _, body = raw.decode("ascii").partition("\r\n\r\n")
    # A header that is told in several lines goes on after a blank (RFC 5322 §2.2.3).
    read = [line.partition(": ") for line in head.replace("\r\n ", " ").split("\r\n")]
    if [name for name, _, _ in read] != _HEADERS:
        raise MailMalformed(f"headers are {[name for name, _, _ in read]}")
    told = {name: value for name, _, value in read}
    if _decoded(told["Subject"]) != subject:
        raise MailMalformed("the subject reads back differently")
    if told["To"] != letter.recipient or told["Message-ID"] != letter.message_id:
        raise MailMalformed("recipient or Message-ID reads back differently")
    if not _ADDRESS.fullmatch(letter.recipient) or not _MESSAGE_ID.fullmatch(letter.message_id):
        raise MailMalformed("recipient or Message-ID is not one word")
    if body.count(f"--{_BOUNDARY}") != 3:
        raise MailMalformed("the parts read back differently")
    lines = raw.splitlines()
    if len(lines) != raw.count(b"\r\n"):
        raise MailMalformed("a line does not end in CRLF")
    if max(map(len, lines)) > _LINE_BYTES_MAX:
        raise MailMalformed("a line is too long")


def _decoded(header: str) -> str | None:
    """Return what a header of encoded words says, or None if there is anything else in it."""
    words = [_ENCODED_WORD.fullmatch(word) for word in header.split()]
    return "".join(a2b_base64(word[1]).decode() for word in words if word) if all(words) else None
