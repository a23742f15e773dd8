"""Which events bring a mail, which bring none, and when."""

from datetime import date, timedelta
from typing import Any

import pytest

from harness.post import Post
from notifications.mail_settings.rows import setting_of
from notifications.mail_settings.rules import MailSetting, subject_of
from notifications.previews.examples import example_of
from shared.clock import now
from shared.errors import TryAgain
from shared.events import (
    Event,
    MailSuppressed,
    MemberRegistered,
    OrderCancelled,
    PaymentCaptured,
    PaymentFailed,
    PaymentNumberIssued,
    PaymentRefunded,
    RefundTakenBack,
    Shipped,
    ShippedDestination,
)
from shared.shop.settings.change_settings import change


async def about(post: Post, kind: type[Event], **changes: Any) -> Event:
    """An event of an order that notifications knows."""
    order = await post.knows_an_order()
    return example_of(kind, order_code=order.order_code, **changes)


async def set_to(post: Post, mail: str, setting: MailSetting) -> None:
    """Set a kind of mail as staff would."""
    async with post.db.transaction() as tx:
        await change(tx, setting, by="店長", at=now(), about=subject_of(post.mails[mail]))


async def test_a_setting_keeps_nothing_that_its_mail_does_not_have(post: Post) -> None:
    wanted = MailSetting(delay_minutes=30, except_payment_kinds=frozenset({"card"}))
    await set_to(post, "shipped.customer", wanted)

    async with post.db.transaction() as tx:
        assert await setting_of(tx, post.mails["shipped.customer"]) == MailSetting()


async def test_an_event_before_its_order_comes_back_later(post: Post) -> None:
    with pytest.raises(TryAgain):
        await post.hears(example_of(PaymentNumberIssued))
    assert await post.rows() == []


@pytest.mark.feature("KON-11")
@pytest.mark.feature("KON-28", clause="mail")
@pytest.mark.feature("KON-41", clause="link text in the mail")
async def test_the_number_mail_follows_the_number_and_not_the_order(post: Post) -> None:
    order = await post.knows_an_order()
    await post.sends()
    assert post.journal == []

    label = "オンライン決済番号"
    await post.hears(example_of(PaymentNumberIssued, order_code=order.order_code, number_label=label))
    await post.sends()

    [copy] = post.journal
    assert "お支払い番号のお知らせ" in copy.message["Subject"]
    assert "オンライン決済番号：【12345678901】" in copy.text
    assert "確認番号：【8888】" in copy.text
    assert "お支払い期限：【2026/11/28 14:05】" in copy.text
    assert "8888</strong>" in copy.html
    assert ">お支払い方法別の手順</a>" in copy.html


async def test_another_chain_brings_a_mail_where_the_digits_differ(post: Post) -> None:
    await post.hears(await about(post, PaymentNumberIssued, chosen_anew=True, send_mail=False))
    await post.hears(await about(post, PaymentNumberIssued, chosen_anew=True, send_mail=True))
    await post.sends()

    [copy] = post.journal
    assert "お支払い先の変更を承りましたので、お支払い番号をお知らせいたします" in copy.text


async def test_a_chain_without_confirmation_number_gets_no_word_of_one(post: Post) -> None:
    event = await about(
        post,
        PaymentNumberIssued,
        chain="seven_eleven",
        chain_name="セブンイレブン",
        number="1234567890123",
        number_label="払込票番号",
        confirmation_number=None,
    )
    await post.hears(event)
    await post.sends()

    [copy] = post.journal
    assert "払込票番号：【1234567890123】" in copy.text
    assert "セブンイレブン" in copy.text
    assert "8888" not in copy.text


@pytest.mark.feature("KON-19")
@pytest.mark.feature("NTF-05", clause="on: one mail")
async def test_konbini_money_brings_its_mail_by_itself(post: Post) -> None:
    event = await about(post, PaymentCaptured, source="provider_notice", send_mail=True)
    await post.hears(event, times=2)
    await post.sends()

    [copy] = post.journal
    assert "ご入金を確認いたしました" in copy.message["Subject"]
    assert "ご入金額：【¥6,000】" in copy.text


@pytest.mark.feature("NTF-05", clause="off: none")
async def test_switched_off_the_deposit_mail_does_not_go(post: Post) -> None:
    await set_to(post, "payment_captured.customer", MailSetting(enabled=False))
    await post.hears(await about(post, PaymentCaptured, source="provider_notice"))
    await post.sends()

    assert post.journal == []
    [event] = await post.said()
    assert isinstance(event, MailSuppressed)
    assert event.reason == "switched_off"


@pytest.mark.feature("NTF-02")
@pytest.mark.parametrize("send_mail", [True, False])
async def test_the_deposit_mail_goes_only_if_its_box_was_ticked(post: Post, send_mail: bool) -> None:
    event = await about(
        post, PaymentCaptured, payment_kind="bank_transfer", source="manual_deposit", send_mail=send_mail
    )
    await post.hears(event)
    await post.sends()

    assert len(post.journal) == int(send_mail)
    assert len(await post.said()) == int(send_mail)


@pytest.mark.feature("NTF-04")
@pytest.mark.parametrize("told_by", ["payments", "staff"])
async def test_a_method_without_deposit_mail_suppresses_it_and_says_so(post: Post, told_by: str) -> None:
    if told_by == "staff":
        excepted = frozenset({"rakuten_pay"})
        await set_to(post, "payment_captured.customer", MailSetting(except_payment_kinds=excepted))
    event = await about(
        post,
        PaymentCaptured,
        payment_kind="rakuten_pay",
        source="manual_deposit",
        send_mail=True,
        deposit_mail=told_by == "staff",
    )
    await post.hears(event)
    await post.sends()

    assert post.journal == []
    [event] = await post.said()
    assert isinstance(event, MailSuppressed)
    assert (event.reason, event.mail) == ("method_without_deposit_mail", "payment_captured.customer")
    [row] = await post.rows()
    assert row.state == "suppressed"


@pytest.mark.feature("SHP-15", clause="with the box: one mail per order")
@pytest.mark.feature("NTF-07", "KON-21")
async def test_shipping_with_the_box_sends_the_tracking_number_once(post: Post) -> None:
    event = await about(post, Shipped, send_mail=True)
    await post.hears(event, times=2)
    await post.sends()

    [copy] = post.journal
    assert "商品を発送いたしました" in copy.message["Subject"]
    assert "配送会社：ヤマト運輸" in copy.text
    assert "お問い合わせ番号：【123456789013】" in copy.text
    assert "https://jizen.kuronekoyamato.co.jp/jizen/servlet/crjz.b.NQ0010?id=123456789013" in copy.html


@pytest.mark.feature("SHP-15", clause="without: none")
async def test_shipping_without_the_box_sends_nothing_even_redelivered(post: Post) -> None:
    await post.hears(await about(post, Shipped, send_mail=False), times=3)
    await post.sends()

    assert post.journal == []
    assert await post.rows() == []


@pytest.mark.parametrize("flow", ["unmanaged", "prepaid"])
async def test_the_mail_of_the_parcel_tells_what_is_paid_at_the_door(post: Post, flow: str) -> None:
    order = await post.knows_an_order(payment_flow=flow)
    await post.hears(example_of(Shipped, order_code=order.order_code, send_mail=True))
    await post.sends()

    [copy] = post.journal
    told = "お支払い金額：【¥6,000】（税込）\n商品のお受け取り時にお支払いください。" in copy.text
    assert told is (flow == "unmanaged")


async def test_a_parcel_without_tracking_number_leads_nowhere(post: Post) -> None:
    order = await post.knows_an_order()
    destination = ShippedDestination(
        destination_id=order.destinations[0].destination_id, ship_date=now().date(), carrier="近所の配達"
    )
    await post.hears(
        example_of(Shipped, order_code=order.order_code, destinations=(destination,), fully_shipped=False)
    )
    await post.sends()

    [copy] = post.journal
    assert "配送会社：近所の配達" in copy.text
    assert "お問い合わせ番号" not in copy.text
    assert "残りの商品は" in copy.text


@pytest.mark.feature("NTF-12")
@pytest.mark.feature("KON-31", clause="cancel mail after the delay")
async def test_the_cancel_mail_of_an_unpaid_order_follows_later(post: Post) -> None:
    await post.hears(await about(post, OrderCancelled, reason="unpaid", refund_amount=0), times=2)
    assert await post.sends() == 0
    assert await post.sends_after(timedelta(minutes=9)) == 0

    assert await post.sends_after(timedelta(minutes=1, seconds=1)) == 1
    [copy] = post.journal
    assert "ご注文キャンセルのお知らせ" in copy.message["Subject"]
    assert "お支払い期限までに" in copy.text


async def test_the_delay_of_the_cancel_mail_is_a_setting(post: Post) -> None:
    await set_to(post, "order_cancelled.customer", MailSetting(delay_minutes=60))
    await post.hears(await about(post, OrderCancelled, reason="unpaid", refund_amount=0))

    assert await post.sends_after(timedelta(minutes=30)) == 0
    assert await post.sends_after(timedelta(minutes=31)) == 1


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("staff", "誠に勝手ながら、下記のご注文をキャンセルいたしました"),
        ("payment_failed", "お支払いが完了しませんでした"),
    ],
)
async def test_who_awaits_an_answer_hears_of_a_cancellation_at_once(
    post: Post, reason: str, words: str
) -> None:
    await post.hears(await about(post, OrderCancelled, reason=reason))
    await post.sends()

    [copy] = post.journal
    assert words in copy.text


@pytest.mark.parametrize("reason", ["staff", "payment_failed"])
async def test_a_cancellation_that_wants_no_mail_sends_none(post: Post, reason: str) -> None:
    await post.hears(await about(post, OrderCancelled, reason=reason, send_mail=False))
    await post.sends()

    assert post.journal == []


async def test_a_new_member_is_greeted_at_the_address_of_the_event(post: Post) -> None:
    await post.hears(example_of(MemberRegistered, email="aya@example.jp", name="綾"), times=2)
    await post.sends()

    [copy] = post.journal
    assert copy.recipient == "aya@example.jp"
    assert copy.text.startswith("綾 様")


@pytest.mark.parametrize("address", ["", "nobody", "花子@example.jp", "a@b\r\nRCPT TO:<spy@example.com>"])
async def test_an_address_that_no_server_can_take_is_suppressed(post: Post, address: str) -> None:
    await post.hears(example_of(MemberRegistered, email=address))
    await post.sends()

    assert post.journal == []
    [event] = await post.said()
    assert isinstance(event, MailSuppressed)
    assert event.reason == "no_address"


@pytest.mark.parametrize(
    ("staff_reason", "words"),
    [
        ("buyer", "ご依頼により、下記のご注文を"),
        ("return", "商品のご返品にともない、下記のご注文を"),
        ("shop", "誠に勝手ながら、下記のご注文を"),
        ("some day", "誠に勝手ながら、下記のご注文を"),
    ],
)
async def test_the_cancel_mail_says_on_whose_wish(post: Post, staff_reason: str, words: str) -> None:
    await post.hears(await about(post, OrderCancelled, staff_reason=staff_reason))
    await post.sends()

    [copy] = post.journal
    assert words in copy.text
    assert copy.text.count("誠に勝手ながら") == int("勝手" in words)


@pytest.mark.parametrize("kind", [OrderCancelled, PaymentFailed])
async def test_points_and_coupon_that_come_back_are_told(post: Post, kind: type[Event]) -> None:
    order = await post.knows_an_order(points_used=300, coupon_name="春の500円引き")
    await post.hears(example_of(kind, order_code=order.order_code))
    await post.sends()

    [copy] = post.journal
    assert "ポイントは、ご注文のキャンセルとともにお戻しいたします" in copy.text
    assert "クーポン（春の500円引き）は、ご注文のキャンセルとともにお戻しいたします" in copy.text


@pytest.mark.parametrize("kind", [PaymentNumberIssued, PaymentCaptured, PaymentRefunded, OrderCancelled])
async def test_the_short_number_stands_in_mails_about_an_order(post: Post, kind: type[Event]) -> None:
    order = await post.knows_an_order(order_number=10_025)
    await post.hears(example_of(kind, order_code=order.order_code))
    await post.sends()

    [copy] = post.journal
    assert f"受付番号：10025\n注文番号：{order.order_code}\n" in copy.text


async def test_a_deposit_known_by_its_day_names_no_time(post: Post) -> None:
    deposit = {"source": "manual_deposit", "payment_kind": "bank_transfer", "captured_on": date(2026, 11, 30)}
    await post.hears(await about(post, PaymentCaptured, **deposit))
    await post.sends()

    [copy] = post.journal
    assert "ご入金日：2026/11/30\n" in copy.text
    assert "ご入金日時" not in copy.text


async def test_a_deposit_of_too_much_says_so(post: Post) -> None:
    await post.hears(await about(post, PaymentCaptured, amount=6_000, excess_amount=2_510))
    await post.sends()

    [copy] = post.journal
    assert "ご入金額：【¥8,510】" in copy.text
    assert "お支払いの超過分：¥2,510" in copy.text
    assert "超過分は、ご返金いたします" in copy.text


async def test_a_deposit_settled_short_says_what_is_not_asked_for(post: Post) -> None:
    await post.hears(await about(post, PaymentCaptured, amount=5_000))
    await post.sends()

    [copy] = post.journal
    assert "ご注文金額との差額（¥1,000）は、ご請求いたしません。" in copy.text
    assert "ご請求しない差額：−¥1,000\nお支払い合計：【¥5,000】" in copy.text
    assert "お支払い合計：【¥6,000】" not in copy.text, "that was not paid"


async def test_the_refund_mail_of_an_ended_order_says_why(post: Post) -> None:
    await post.hears(await about(post, PaymentRefunded, order_ended=True, remaining_amount=0))
    await post.sends()

    [copy] = post.journal
    assert "下記のご注文のキャンセルにともない、代金をご返金いたしました" in copy.text


@pytest.mark.parametrize(
    ("amounts", "words", "unsaid"),
    [
        ((2_510, 2_510, 3_490), "お支払いの超過分をご返金いたしました", "代金をご返金"),
        ((6_000, 2_510, 0), "うちお支払いの超過分：¥2,510", "超過分をご返金"),
        ((1_870, 1_870, 0), "代金をご返金いたしました", "超過分"),
        ((1_870, 0, 0), "代金をご返金いたしました", "超過分"),
    ],
    ids=["excess", "with excess", "late", "sale"],
)
async def test_the_refund_mail_names_what_was_paid_too_much(
    post: Post, amounts: tuple[int, int, int], words: str, unsaid: str
) -> None:
    told = dict(zip(("amount", "spare_amount", "remaining_amount"), amounts, strict=True))
    await post.hears(await about(post, PaymentRefunded, **told))
    await post.sends()

    [copy] = post.journal
    assert words in copy.text
    assert unsaid not in copy.text


async def test_a_chargeback_not_lost_after_all_is_no_mail(post: Post) -> None:
    await post.hears(await about(post, RefundTakenBack, amount=500, by_dispute=True))
    await post.sends()

    assert post.journal == []


async def test_a_refund_that_was_not_made_is_corrected_by_mail(post: Post) -> None:
    await post.hears(await about(post, RefundTakenBack, amount=500, route="gift_card"))
    await post.sends()

    [copy] = post.journal
    assert "ご返金のお知らせの訂正" in copy.message["Subject"]
    assert "実際には行われておりませんでした" in copy.text
    assert "ご返金額：【¥500】" in copy.text
    assert "ご返金方法：ギフトカード" in copy.text
