"""Nothing that a buyer typed becomes a header, a second recipient, or the end of the data."""

import re
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.post import SENDER, SHOP, Post
from notifications.mailing.message import Letter, MailMalformed, build
from notifications.mails.rendering import Mails
from notifications.previews.examples import example_of, example_order
from shared.events import MemberRegistered

LETTER = Letter(
    sender=SENDER,
    recipient="hanako@example.jp",
    subject="件名",
    text="本文\n",
    html="<p>本文</p>",
    message_id="<1@noren.example>",
    at=datetime.fromisoformat("2026-11-22T14:05:00+09:00"),
)
NASTY = [
    "Aya\r\nBcc: spy@example.com",
    "=?UTF-8?Q?=0ABcc:_spy@example.com?=",
    "x\u2028Bcc: y",
    "==??",
    "\x00\x1b",
]


@pytest.mark.parametrize("name", NASTY)
async def test_a_name_cannot_add_headers_or_lines(post: Post, name: str) -> None:
    order = example_order()
    await post.hears(order.model_copy(update={"orderer": order.orderer.model_copy(update={"name": name})}))
    await post.sends()

    [copy] = post.journal
    assert copy.recipient == "hanako@example.jp"
    assert copy.message["Bcc"] is None
    assert not re.search(r"^Bcc:", copy.text, re.MULTILINE)


@given(st.text(max_size=300))
def test_any_subject_reads_back_on_one_line_of_its_own(subject: str) -> None:
    raw = build(replace(LETTER, subject=subject.encode("utf-8", "ignore").decode()))

    head = raw.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    assert [line for line in head.split(b"\r\n") if not line.startswith(b" ")][4].startswith(b"Subject:")


@given(st.text(max_size=300))
def test_any_text_travels_as_base64_in_lines_of_crlf(text: str) -> None:
    raw = build(replace(LETTER, text=text.encode("utf-8", "ignore").decode() + "\n.\n"))

    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r\n.\r\n" not in raw


@given(st.text(max_size=300))
def test_any_text_reads_back_by_line_in_a_mail_without_defects(text: str) -> None:
    plain = "\n".join(text.encode("utf-8", "ignore").decode().replace("\0", "").splitlines())

    mail = message_from_bytes(build(replace(LETTER, text=plain)), policy=policy.default)

    assert [part.defects for part in mail.walk()] == [[], [], []]
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().split("\r\n") == [*plain.splitlines(), ""]


@pytest.mark.parametrize(
    "message_id", ["<1@noren.example>\r\nBcc: spy@example.com", "<1@x>\nX: y", "<1@x>\r\n y"]
)
def test_a_header_that_reads_back_differently_stops_the_mail(message_id: str) -> None:
    with pytest.raises(MailMalformed):
        build(replace(LETTER, message_id=message_id))


def test_markup_in_a_name_is_shown_as_text() -> None:
    mails = Mails(SHOP)
    event = example_of(MemberRegistered, name='<img src=x onerror="alert(1)">')
    words = mails.render(mails["member_registered.customer"], event)

    assert "<img" not in mails.html(words.subject, words.shielded)
    assert "&lt;img" in mails.html(words.subject, words.shielded)
