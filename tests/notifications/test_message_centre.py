"""The message centre: what a buyer was told by mail can be read on the site, by that buyer alone."""

from datetime import timedelta

import pytest
from fastapi import FastAPI

from harness.keys import Keys
from harness.mail_sink import MailSink
from harness.post import Post, browser, session
from notifications.previews.examples import example_of
from shared.events import OrderCancelled, PaymentNumberIssued
from shared.ids import new_id
from shared.shop.orders_in_browser import OrdersInBrowser

PAGE_URL = "http://shop.test/orders/N-20261122-0001?key=the-key"
BUYER = new_id()


@pytest.mark.feature("KON-12", clause="number shown though the mail failed")
@pytest.mark.feature("NTF-16")
async def test_a_member_reads_the_number_on_the_site_without_its_mail(
    app: FastAPI, keys: Keys, post: Post, sink: MailSink
) -> None:
    order = await post.knows_an_order(member_id=BUYER)
    sink.at_recipient = "550 no such user"
    await post.hears(example_of(PaymentNumberIssued, order_code=order.order_code))
    await post.sends()
    assert post.journal == []

    async with browser(app, noren_session=session(keys, sub=str(BUYER), staff=None)) as member:
        page = await member.get(f"/notifications/orders/{order.order_code}")

    assert "<strong>12345678901</strong>" in page.text
    assert "お支払い番号のお知らせ" in page.text


@pytest.mark.parametrize("how", ["codes", "opened"])
@pytest.mark.feature("KON-12", clause="number shown to a guest")
async def test_a_guest_reads_it_in_the_browser_of_the_order(
    app: FastAPI, keys: Keys, post: Post, how: str
) -> None:
    order = await post.knows_an_order(page_url=PAGE_URL)
    await post.hears(example_of(PaymentNumberIssued, order_code=order.order_code))
    seen = OrdersInBrowser()
    seen = (
        seen.with_placed(order.order_code)
        if how == "codes"
        else seen.with_opened(order.order_code, "the-key")
    )
    placed = keys.issuers["checkout"].issue("order", seen.claims(), valid_for=timedelta(days=1))

    async with browser(app, noren_order=placed) as guest:
        page = await guest.get(f"/notifications/orders/{order.order_code}")

    assert "<strong>12345678901</strong>" in page.text


async def test_who_opened_it_under_a_former_key_reads_nothing(app: FastAPI, keys: Keys, post: Post) -> None:
    order = await post.knows_an_order(page_url=PAGE_URL)
    former = OrdersInBrowser().with_opened(order.order_code, "a-former-key").claims()
    for claims in (former, {"codes": [], "opened": [order.order_code]}):
        opened = keys.issuers["checkout"].issue("order", claims, valid_for=timedelta(days=1))
        async with browser(app, noren_order=opened) as guest:
            answer = await guest.get(f"/notifications/orders/{order.order_code}")
        assert answer.headers["location"].startswith("/members/login")


async def test_strangers_read_nothing(app: FastAPI, keys: Keys, post: Post) -> None:
    order = await post.knows_an_order(member_id=BUYER)
    path = f"/notifications/orders/{order.order_code}"
    other = keys.issuers["checkout"].issue("order", {"codes": ["N-OTHER"]}, valid_for=timedelta(days=1))

    async with browser(app, noren_session=session(keys, sub=str(new_id()), staff=None)) as member:
        assert (await member.get(path)).status_code == 404
    for cookies in ({}, {"noren_order": other}, {"noren_order": "forged"}):
        async with browser(app, **cookies) as guest:
            assert (await guest.get(path)).headers["location"].startswith("/members/login")


async def test_a_mail_that_still_waits_is_not_shown_before_its_time(
    app: FastAPI, keys: Keys, post: Post
) -> None:
    order = await post.knows_an_order(member_id=BUYER)
    unpaid = example_of(
        OrderCancelled, order_code=order.order_code, reason="unpaid", received_amount=0, refund_amount=0
    )
    await post.hears(unpaid)

    async with browser(app, noren_session=session(keys, sub=str(BUYER), staff=None)) as member:
        path = f"/notifications/orders/{order.order_code}"
        assert "ご注文キャンセルのお知らせ" not in (await member.get(path)).text
        await post.sends_after(timedelta(minutes=11))
        assert "ご注文キャンセルのお知らせ" in (await member.get(path)).text
