"""A mail goes to whom it is for, in the language that they read."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from harness.hearing import Hearing
from harness.keys import Keys
from harness.mail_sink import MailSink
from harness.post import SHOP, Post, browser, pages_of, session
from notifications.consumers import hear_mails, remember_order
from notifications.mailing.pacing import Pace
from notifications.mails.rendering import Mails
from notifications.previews.examples import example_of, example_order
from shared.database.transactions import Database
from shared.events import OrderPlaced, PasswordResetRequested
from shared.ids import new_id
from shared.messaging.consumers import Consumers

DESK = "desk@noren.example"
BUYER = new_id()
FILES = {
    "order_placed.customer.ja.txt": "Subject: ご注文 {{ order.order_code }}\n\n{# サンクスメール。 #}\n控えです。\n",
    "order_placed.customer.en.txt": (
        "Subject: Your order {{ order.order_code }}\n\nDear {{ order.orderer.name }},\n"
        'Total: {{ order.amounts.total|yen }}\n\n{% include "_signature.en.txt" %}'
    ),
    "_signature.en.txt": "----\n{{ shop.name }}\n",
    "order_placed.shop.ja.txt": (
        "Subject: 新しいご注文 {{ order.order_code }}\n\n{# 注文のお知らせ。 #}\n{{ order.orderer.name }} 様のご注文です。\n"
    ),
    "password_reset_requested.shop.ja.txt": (
        "Subject: パスワード再設定\n\n{# 再設定のお知らせ。 #}\n{{ event.name }} 様\n{{ one_time_link }}\n"
    ),
}


@pytest.fixture
def mails(tmp_path: Path) -> Mails:
    """A mail to buyers in two languages, and mails to the shop."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    return Mails(replace(SHOP, desk_mail=DESK), tmp_path)


@pytest.fixture
async def post(db: Database, sink: MailSink, mails: Mails) -> Post:
    """Notifications with these mails alone, and few of them for one address."""
    post = Post(db, sink, mails=mails, pace=Pace(order=2, account=2))
    own = Consumers("notifications")
    own.on(OrderPlaced)(remember_order)
    hear_mails(own, mails.kinds.values())
    post.hearing = Hearing(own, db, {Mails: mails})
    return post


def placed(**changes: Any) -> OrderPlaced:
    """An order of its own."""
    return example_order(order_code=f"N-{new_id().hex[-10:]}", **changes)


def to(post: Post, address: str) -> Sequence[Any]:
    return [copy for copy in post.journal if copy.recipient == address]


async def test_a_mail_to_the_shop_never_goes_to_the_buyer(post: Post, keys: Keys) -> None:
    order = placed(member_id=BUYER)
    await post.hears(order, times=2)
    await post.sends()

    [for_shop], [for_buyer] = to(post, DESK), to(post, "hanako@example.jp")
    assert for_shop.message["Subject"].startswith("新しいご注文")
    assert for_buyer.message["Subject"].startswith("ご注文")
    async with browser(
        pages_of(post, keys), noren_session=session(keys, sub=str(BUYER), staff=None)
    ) as buyer:
        page = (await buyer.get(f"/notifications/orders/{order.order_code}")).text
    assert "控えです。" in page
    assert "新しいご注文" not in page


async def test_a_shop_without_a_desk_address_reads_at_the_senders(post: Post) -> None:
    mails = post.mails
    mails.sender = SHOP
    await post.hears(placed())
    await post.sends()

    assert len(to(post, SHOP.mail)) == 1


async def test_a_link_that_opens_an_account_never_goes_to_the_shop(post: Post) -> None:
    await post.hears(example_of(PasswordResetRequested))

    [row] = await post.rows()
    assert (row.recipient, row.link) == (DESK, None)


async def test_the_shop_gets_as_many_of_its_own_mails_as_there_are(post: Post) -> None:
    for _ in range(4):
        await post.hears(placed())
    await post.sends()

    assert len(to(post, DESK)) == 4
    assert len(to(post, "hanako@example.jp")) == 2


@pytest.mark.parametrize(
    ("asked", "subject", "language"),
    [
        ("en", "Your order", "en"),
        ("en-US", "Your order", "en"),
        ("", "ご注文", "ja"),
        ("ja", "ご注文", "ja"),
        ("fr", "ご注文", "ja"),
    ],
)
async def test_the_language_of_the_order_decides(post: Post, asked: str, subject: str, language: str) -> None:
    await post.hears(placed(language=asked), times=2)
    await post.sends()

    [copy] = to(post, "hanako@example.jp")
    assert copy.message["Subject"].startswith(subject)
    assert copy.message["Content-Language"] == language
    assert f'<html lang="{language}">' in copy.html
    [for_shop] = to(post, DESK)
    assert for_shop.message["Content-Language"] == "ja"


async def test_a_second_language_is_exact_with_the_golden_order(mails: Mails) -> None:
    words = mails.render(
        mails["order_placed.customer"], example_order(language="en"), example_order(language="en")
    )

    assert words.subject == "Your order N-20261122-0001"
    assert words.text == "Dear 山田 花子,\nTotal: ¥6,000\n\n----\nのれん商店\n"
    assert words.title == "サンクスメール"


def test_two_languages_are_one_mail_with_one_queue(mails: Mails) -> None:
    own = Consumers("notifications")
    hear_mails(own, mails.kinds.values())

    assert [consumer.queue for consumer in own.all] == [
        "notifications.order_placed_customer",
        "notifications.order_placed_shop",
        "notifications.password_reset_requested_shop",
    ]


async def test_the_desk_shows_whom_a_mail_is_for_and_its_languages(post: Post, keys: Keys) -> None:
    app: FastAPI = pages_of(post, keys)
    async with browser(app, noren_session=session(keys)) as staff:
        listed = (await staff.get("/desk/mails/settings")).text
        assert listed.count("サンクスメール") == 1
        assert f'お店<span class="hint">{DESK}</span>' in listed
        assert "お客様" in listed
        english = (await staff.get("/desk/mails/preview/order_placed.customer?language=en")).text
        assert "Your order N-20261122-0001" in english
        assert ">日本語</a>" in english
        frame = (await staff.get("/desk/mails/preview/order_placed.customer/html?language=en")).text
        assert '<html lang="en">' in frame
