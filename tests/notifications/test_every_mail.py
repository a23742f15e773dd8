"""Every mail file, found and not listed: it renders with the golden event and reads as a mail should."""

import re
from dataclasses import replace

import pytest

from harness.post import SENDER, SHOP
from notifications.mailing.message import Letter, build
from notifications.mails.files import MailKind, find_mails
from notifications.mails.rendering import Mails
from notifications.previews.examples import example_of, example_order
from shared.clock import now

MAILS = {kind.name: kind for kind in find_mails()}


@pytest.fixture(params=sorted(MAILS))
def kind(request: pytest.FixtureRequest) -> MailKind:
    """Each mail in turn."""
    return MAILS[request.param]


def test_it_renders_with_the_golden_event_and_leaves_no_gap(kind: MailKind) -> None:
    words = Mails(SHOP).render(kind, example_of(kind.event), example_order())

    assert words.subject
    assert "\n" not in words.subject
    for part in (words.subject, words.text):
        assert not re.search(r"[{}]|\bNone\b|Undefined|\bTrue\b|\bFalse\b", part)
    if kind.audience.told_by_events:
        assert words.text.startswith("山田 花子 様\n")
    assert SHOP.mail in words.text.partition("\n----\n")[2]


def test_every_line_of_the_text_is_in_the_html(kind: MailKind) -> None:
    mails = Mails(SHOP)
    words = mails.render(kind, example_of(kind.event), example_order())
    html = mails.html(words.subject, words.shielded)

    seen = re.sub(r"<[^>]+>|[【】]", "", html)
    for line in words.text.replace("----", "").splitlines():
        for piece in re.sub(r"[■▼・【】]", "", line).split("："):
            assert piece.strip() in seen or piece.strip() in html


def test_it_survives_the_wire(kind: MailKind) -> None:
    mails = Mails(SHOP)
    words = mails.render(kind, example_of(kind.event), example_order())
    raw = build(
        Letter(
            sender=SENDER,
            recipient="hanako@example.jp",
            subject=words.subject,
            text=words.text,
            html=mails.html(words.subject, words.shielded),
            message_id="<1@noren.example>",
            at=now(),
        )
    )

    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert raw.isascii()


def test_a_number_that_is_an_account_is_called_by_its_own_name() -> None:
    kind = MAILS["payment_number_issued.customer"]
    event = example_of(
        kind.event,
        chain="",
        chain_name="",
        confirmation_number="",
        number="普通 1234567",
        number_label="お振込先",
    )
    words = Mails(SHOP).render(kind, event, example_order())

    assert "お振込先のお知らせ" in words.subject
    assert "お振込先：【普通 1234567】" in words.text
    assert "お支払い番号" not in words.subject + words.text
    assert "手順" not in words.text


# What each mail says of the golden events, to the character.
EXACT = {
    "order_placed": [
        "注文番号：N-20261122-0001",
        "白磁の湯呑",
        "¥2,800 × 2点　小計 ¥5,600",
        "お支払い合計：【¥6,000】",
        "10％対象：¥6,000（うち消費税 ¥545）",
    ],
    "payment_number_issued": [
        "支払い番号：【12345678901】",
        "確認番号：【8888】",
        "お支払い期限：【2026/11/28 14:05】",
    ],
    "payment_captured": ["ご入金額：【¥6,000】", "お支払い方法：コンビニ払い", "ポイント利用：−¥150"],
    "payment_failed": ["注文日時：2026/11/22 14:05", "カードの有効期限が切れていました"],
    "payment_refunded": [
        "ご返金額：【¥6,000】",
        "ご返金方法：ご利用のお支払い方法（コンビニ払い）へのご返金",
    ],
    "payment_short": [
        "ご注文金額：¥6,000",
        "お預かりしている金額：¥1,000",
        "不足している金額：【¥5,000】",
    ],
    "refund_taken_back": ["ご返金額：【¥6,000】", "実際には行われておりませんでした"],
    "order_cancelled": ["キャンセル理由：商品に不具合が見つかったため", "ご返金額：【¥6,000】", "送料：¥550"],
    "shipped": [
        "発送日：2026/11/23",
        "配送会社：ヤマト運輸",
        "お問い合わせ番号：【123456789013】",
        "〒150-0001",
        "東京都渋谷区神宮前1-2-3",
    ],
    "member_registered": ["お名前：山田 花子", "メールアドレス：hanako@example.jp"],
    "password_reset_requested": ["リンクの有効期限：2026/11/22 14:50"],
    "staff_invited": ["例さんが", "リンクの有効期限：2026/11/22 14:50"],
    "email_verification_requested": ["リンクの有効期限：2026/11/22 14:50"],
    "amazon_account_linked": ["連携日時：2026/11/22 14:05", "連携方法：Amazon Payでのご注文のお手続き"],
    "password_changed": ["変更日時：2026/11/22 14:05", "変更方法：会員ページでの変更"],
}


@pytest.mark.feature("NTF-08")
def test_it_fills_in_exact_values_and_leaves_no_placeholder(kind: MailKind) -> None:
    words = Mails(SHOP).render(kind, example_of(kind.event), example_order())

    for value in EXACT[kind.name.partition(".")[0]]:
        assert value in words.text
    assert not re.search(r"[{}%]|\bNone\b|\bnull\b", words.subject + words.text)


def test_the_signature_says_truly_whether_answers_are_read() -> None:
    kind, event = MAILS["password_changed.customer"], example_of(MAILS["password_changed.customer"].event)

    read = Mails(SHOP).render(kind, event).text
    assert "本メールへの返信でも承ります" in read
    assert "お答えできません" not in read

    elsewhere = replace(SHOP, contact="support@noren.example（平日10時から17時）")
    unread = Mails(elsewhere).render(kind, event).text
    assert "お問い合わせ：support@noren.example（平日10時から17時）" in unread
    assert "本メールに返信いただいてもお答えできません。お問い合わせは、上記まで" in unread
    assert "返信でも" not in unread
