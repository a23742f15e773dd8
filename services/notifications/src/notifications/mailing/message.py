"""Builds the bytes of a mail. Text that a buyer typed cannot become a header or end the data early.

The subject always consists of encoded words, bodies are always base64, and lines end in CRLF. Before a mail may be
sent, its headers are parsed again and compared. Sources: CVE-2024-6923 and CVE-2026-1299 (header injection),
CVE-2023-51764 (line ends).

All mails have one structure, so this module assembles them itself. The standard library encodes each part. Its general
message generator would cost more time than the rest of the work on a mail.
"""

import re
from binascii import b2a_base64
from dataclasses import dataclass
from datetime import datetime
from email.header import decode_header, make_header
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache

from notifications.mails.audience import JAPANESE
from notifications.mails.one_line import in_one_line
from notifications.mails.sender import Sender
from shared.clock import in_japan
from shared.text.mail_address import MailAddressRefused, mail_address

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
# No line of base64 contains an underscore, so it cannot be confused with the boundary.
_BOUNDARY = "=_the_same_in_two_forms_="
_LINE_BYTES_MAX = 998
# The bytes of an encoded word. A line such as "Subject: =?utf-8?b?...?=" then stays below 76 characters.
_WORD_BYTES_MAX = 39


class MailMalformed(Exception):
    """The built mail differs from its input when it is parsed again. It must not be sent."""


@dataclass(frozen=True, slots=True)
class Letter:
    """The content, language, sender, recipient and date of a mail."""

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
    """Return the address for the envelope by the rule of all services. Return None if ``text`` is not deliverable."""
    try:
        return mail_address(text)
    except MailAddressRefused:
        return None


def build(letter: Letter) -> bytes:
    """Return the bytes of the mail for SMTP. Raises MailMalformed if they parse differently."""
    subject = in_one_line(letter.subject)
    head = [
        f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"',
        "MIME-Version: 1.0",
        f"From: {_from(letter.sender)}",
        f"To: {letter.recipient}",
        f"Subject: {_encoded(subject)}",
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
    return f"{_encoded(sender.name)} <{sender.address}>"


def _encoded(text: str) -> str:
    """Return ``text`` as encoded words (RFC 2047), one per line. No character is split."""
    words, word = [], b""
    for letter in text:
        encoded = letter.encode()
        if len(word) + len(encoded) > _WORD_BYTES_MAX:
            words.append(word)
            word = b""
        word += encoded
    return "\r\n ".join(f"=?utf-8?b?{b2a_base64(one, newline=False).decode()}?=" for one in [*words, word])


def _part(text: str, kind: str) -> list[str]:
    lines = text.replace("\x00", "").splitlines()
    body = _CRLF.join([*lines, ""]).encode()
    return [
        f"--{_BOUNDARY}",
        f'Content-Type: text/{kind}; charset="utf-8"',
        "MIME-Version: 1.0",
        "Content-Transfer-Encoding: base64",
        "",
        _in_base64(body),
    ]


def _in_base64(body: bytes) -> str:
    """Return ``body`` in lines of 76 characters, each with its line end (RFC 2045 §6.8)."""
    text = b2a_base64(body, newline=False).decode("ascii")
    return _CRLF.join([*[text[at : at + 76] for at in range(0, len(text), 76)], ""])


def _read_back(raw: bytes, letter: Letter, subject: str) -> None:
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = _fields(head.decode("ascii"))
    read = dict(fields)
    if [name for name, _ in fields] != _HEADERS:
        raise MailMalformed(f"headers are {[name for name, _ in fields]}")
    if _decoded(read["Subject"]) != subject:
        raise MailMalformed("the subject reads back differently")
    if _sender(read["From"]) != letter.sender:
        raise MailMalformed("the sender reads back differently")
    if read["To"] != letter.recipient or read["Message-ID"] != letter.message_id:
        raise MailMalformed("recipient or Message-ID reads back differently")
    if len(letter.recipient.split()) != 1 or len(letter.message_id.split()) != 1:
        raise MailMalformed("recipient or Message-ID is not one word")
    if body.count(f"--{_BOUNDARY}".encode()) != 3:
        raise MailMalformed("the parts read back differently")
    lines = raw.split(b"\r\n")
    without_ends = b"".join(lines)
    if b"\n" in without_ends or b"\r" in without_ends:
        raise MailMalformed("a line does not end in CRLF")
    if max(map(len, lines)) > _LINE_BYTES_MAX:
        raise MailMalformed("a line is too long")


def _fields(head: str) -> list[tuple[str, str]]:
    """Return names and values of the head as a mail program parses it.

    A line that begins with a blank continues the last.

    A line that is not a field has an empty name.
    """
    fields: list[tuple[str, str]] = []
    for line in re.split(r"\r\n|\r|\n", head):
        if line[:1] in (" ", "\t") and fields:
            name, value = fields[-1]
            fields[-1] = name, f"{value}\r\n{line}"
        else:
            name, colon, value = line.partition(":")
            fields.append((name if colon else "", value.lstrip(" \t")))
    return fields


def _decoded(value: str) -> str:
    return str(make_header(decode_header(value)))


@lru_cache(maxsize=8)
def _sender(value: str) -> Sender:
    name, address = parseaddr(value)
    return Sender(_decoded(name), address)
