"""Every mail file, found and not listed: it renders with the golden event and reads as a mail should."""

import re

import pytest

from harness.post import SHOP
from notifications.examples import example_of, example_order
from notifications.message import Letter, build
from notifications.templates import MailFile, Mails, find_mails
from shared.clock import now

MAILS = {file.name: file for file in find_mails()}


@pytest.fixture(params=sorted(MAILS))
def file(request: pytest.FixtureRequest) -> MailFile:
    """Each mail in turn."""
    return MAILS[request.param]


@pytest.mark.feature("NTF-08", clause="no placeholder left")
def test_it_renders_with_the_golden_event_and_leaves_no_gap(file: MailFile) -> None:
    words = Mails(SHOP).render(file, example_of(file.event), example_order())

    assert words.subject
    assert "\n" not in words.subject
    for part in (words.subject, words.text):
        assert not re.search(r"[{}]|\bNone\b|Undefined|\bTrue\b|\bFalse\b", part)
    assert words.text.startswith("山田 花子 様\n")
    assert SHOP.mail in words.text.partition("\n----\n")[2]


def test_every_line_of_the_text_is_in_the_html(file: MailFile) -> None:
    mails = Mails(SHOP)
    words = mails.render(file, example_of(file.event), example_order())
    html = mails.html(words.subject, words.text)

    seen = re.sub(r"<[^>]+>|[【】]", "", html)
    for line in words.text.replace("----", "").splitlines():
        for piece in re.sub(r"[■▼・【】]", "", line).split("："):
            assert piece.strip() in seen or piece.strip() in html


def test_it_survives_the_wire(file: MailFile) -> None:
    mails = Mails(SHOP)
    words = mails.render(file, example_of(file.event), example_order())
    raw = build(
        Letter(
            sender="のれん商店 <shop@noren.example>",
            recipient="hanako@example.jp",
            subject=words.subject,
            text=words.text,
            html=mails.html(words.subject, words.text),
            message_id="<1@noren.example>",
            at=now(),
        )
    )

    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert raw.isascii()


def test_a_number_that_is_an_account_is_called_by_its_own_name() -> None:
    file = MAILS["payment_number_issued.customer"]
    event = example_of(
        file.event,
        chain="",
        chain_name="",
        confirmation_number="",
        number="普通 1234567",
        number_label="お振込先",
    )
    words = Mails(SHOP).render(file, event, example_order())

    assert "お振込先のお知らせ" in words.subject
    assert "お振込先：【普通 1234567】" in words.text
    assert "お支払い番号" not in words.subject + words.text
    assert "手順" not in words.text
