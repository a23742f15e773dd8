"""Mails say what is so: no thanks before the yes, no asking for money of a cancelled order, no dead link."""

from datetime import timedelta
from typing import Any

import pytest

from harness.keys import Keys
from harness.mail_sink import MailSink
from harness.post import Post
from notifications.mail_settings.rules import MailSetting, subject_of
from notifications.previews.examples import example_of, example_order
from shared.clock import clock, now
from shared.events import (
    CancellationMoneyChanged,
    Event,
    MailSuppressed,
    OrderCancelled,
    OrderPlaced,
    PaymentAuthorized,
    PaymentFailed,
    PaymentNumberIssued,
    PaymentRefunded,
    PaymentStandingChanged,
)
from shared.ids import new_id
from shared.shop.settings.change_settings import change


async def placed(post: Post, flow: str, **changes: Any) -> OrderPlaced:
    """An order that was just placed, heard by all."""
    order = example_order(order_code=f"N-{new_id().hex[-10:]}", payment_flow=flow, **changes)
    await post.hears(order)
    return order


def of(order: OrderPlaced, kind: type[Event], **changes: Any) -> Event:
    """Something that happened to the order."""
    return example_of(kind, order_code=order.order_code, event_id=new_id(), **changes).model_copy(
        update={"event_id": new_id()}
    )


async def subjects(post: Post) -> list[str]:
    """Send what is due; return the subjects of all that left so far."""
    await post.sends()
    return [str(copy.message["Subject"]) for copy in post.journal]


@pytest.mark.parametrize("flow", ["prepaid", "unmanaged", ""])
async def test_an_order_whose_money_comes_later_is_thanked_for_at_once(post: Post, flow: str) -> None:
    order = await placed(post, flow)
    assert ["ご注文ありがとうございます" in one for one in await subjects(post)] == [True]

    await post.hears(of(order, PaymentAuthorized))
    assert len(await subjects(post)) == 1


@pytest.mark.feature("NTF-15")
async def test_thanks_wait_for_the_yes_and_come_once(post: Post) -> None:
    order = await placed(post, "authorized")
    assert await subjects(post) == []

    await post.hears(of(order, PaymentAuthorized), times=2)
    assert ["ご注文ありがとうございます" in one for one in await subjects(post)] == [True]

    await post.hears(of(order, PaymentAuthorized))
    assert len(await subjects(post)) == 1
    assert [row.state for row in await post.rows()] == ["sent"]


@pytest.mark.feature("NTF-01")
async def test_where_the_software_thanks_we_do_not_even_after_the_yes(post: Post) -> None:
    async with post.db.transaction() as tx:
        setting = MailSetting(sender="software")
        await change(tx, setting, by="店長", at=now(), about=subject_of(post.mails["order_placed.customer"]))
    order = await placed(post, "authorized")
    await post.hears(of(order, PaymentAuthorized), of(order, PaymentAuthorized))

    assert await subjects(post) == []
    assert [event.reason for event in await post.said() if isinstance(event, MailSuppressed)] == [
        "sent_by_software"
    ]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("expired_card", "カードの有効期限が切れていました"),
        ("insufficient_balance", "残高が不足していました"),
        ("wrong_card_data", "カードの情報に誤りがありました"),
        ("limit_exceeded", "ご利用限度額を超えていました"),
        ("declined", "承認が得られませんでした"),
    ],
)
async def test_a_declined_card_brings_one_mail_with_why_and_what_to_do(
    post: Post, reason: str, words: str
) -> None:
    order = await placed(post, "authorized")
    await post.hears(of(order, PaymentFailed, reason=reason), times=2)
    await post.hears(of(order, OrderCancelled, reason="payment_failed", send_mail=True))
    await post.sends()

    [copy] = post.journal
    assert "お支払いが完了しませんでした" in copy.message["Subject"]
    assert words in copy.text
    assert "あらためて注文する" in copy.text
    assert order.page_url in copy.text
    assert "承りました" not in copy.text


async def test_an_order_that_ends_unpaid_brings_the_same_mail(post: Post) -> None:
    order = await placed(post, "authorized")
    await post.hears(of(order, OrderCancelled, reason="payment_failed", send_mail=False))
    await post.hears(of(order, PaymentFailed, reason="declined"))

    assert ["お支払いが完了しませんでした" in one for one in await subjects(post)] == [True]


async def test_a_cancellation_by_the_shop_tells_reason_and_money(post: Post) -> None:
    order = await placed(post, "prepaid")
    await post.sends()
    await post.hears(
        of(order, OrderCancelled, reason="staff", note="在庫切れのため", refund_amount=6700, send_mail=True)
    )
    await post.sends()

    text = post.journal[-1].text
    assert "誠に勝手ながら、下記のご注文をキャンセルいたしました" in text
    assert "キャンセル理由：在庫切れのため" in text
    assert "ご返金額：【¥6,700】" in text
    assert "行き違い" not in text


async def test_a_cancellation_beside_a_chargeback_promises_no_refund(post: Post) -> None:
    order = await placed(post, "authorized")
    await post.hears(
        of(order, OrderCancelled, reason="staff", refund_amount=6700, refund_waits_for="chargeback")
    )
    await post.sends()

    text = post.journal[-1].text
    assert "その結果により、カード会社などから、または当店から" in text
    assert "ご返金額" not in text


@pytest.mark.parametrize("waits_for", ["chargeback", "check"])
async def test_a_refund_that_waits_hides_none_that_was_made(post: Post, waits_for: str) -> None:
    order = await placed(post, "authorized")
    told = {"received_amount": 2_170, "refunded_amount": 700, "refund_amount": 1_470}
    await post.hears(
        of(order, OrderCancelled, reason="staff", staff_reason="return", refund_waits_for=waits_for, **told)
    )
    await post.sends()

    text = post.journal[-1].text
    assert (
        "ご入金額：¥2,170\nご返金済みの金額：¥700\nお預かりしている金額：¥1,470\n\nお支払いについて" in text
    )
    assert "これからのご返金額" not in text


async def test_an_end_at_the_deadline_says_what_had_come(post: Post) -> None:
    for came, words in ((1_000, "ご注文金額の全額のご入金を"), (0, "お支払い期限までにご入金を")):
        order = await placed(post, "prepaid")
        told = {"received_amount": came, "refund_amount": came}
        await post.hears(of(order, OrderCancelled, reason="unpaid", **told))
        clock.move(timedelta(minutes=11))
        await post.sends()
        assert words in post.journal[-1].text


@pytest.mark.parametrize("flow", ["authorized", "prepaid"])
async def test_a_cancellation_after_all_was_given_back_says_so(post: Post, flow: str) -> None:
    order = await placed(post, flow, payment_deposit="by_hand")
    told = {"received_amount": 6_700, "refunded_amount": 6_700, "refund_amount": 0}
    await post.hears(of(order, OrderCancelled, reason="staff", **told))
    await post.sends()

    text = post.journal[-1].text
    assert "ご返金済みの金額：【¥6,700】" in text
    assert "すべてご返金済みです" in text
    assert "ご請求はございません" not in text
    assert "お振込みなさらないよう" not in text


async def test_a_cancellation_after_a_part_refund_tells_three_amounts(post: Post) -> None:
    order = await placed(post, "prepaid")
    told = {"received_amount": 2_570, "refunded_amount": 520, "refund_amount": 2_050}
    await post.hears(of(order, OrderCancelled, reason="staff", **told))
    await post.sends()

    text = post.journal[-1].text
    assert "ご入金額：¥2,570\nご返金済みの金額：¥520\nこれからのご返金額：【¥2,050】" in text


async def test_a_cancellation_with_money_to_give_back_does_not_wait(post: Post) -> None:
    order = await placed(post, "prepaid", payment_deposit="by_hand")
    await post.sends()
    await post.hears(of(order, OrderCancelled, reason="unpaid", received_amount=1_000, refund_amount=1_000))
    await post.sends()
    await post.hears(of(order, PaymentRefunded, amount=1_000, route="bank_transfer"))
    clock.move(timedelta(minutes=11))
    await post.sends()

    subjects = [str(copy.message["Subject"]) for copy in post.journal[1:]]
    assert ["キャンセル" in one for one in subjects] == [True, False]


async def test_the_mail_of_a_refund_follows_that_of_the_cancellation(post: Post) -> None:
    order = await placed(post, "prepaid")
    await post.sends()
    async with post.db.transaction() as tx:
        kind = post.mails["order_cancelled.customer"]
        await change(tx, MailSetting(delay_minutes=30), by="店長", at=now(), about=subject_of(kind))
    await post.hears(of(order, OrderCancelled, reason="unpaid", refund_amount=0))
    await post.hears(of(order, PaymentRefunded, amount=1_370, order_ended=True))
    await post.sends()
    assert len(post.journal) == 1, "the refund waits for the cancellation"
    assert ("ご返金のお知らせ", "behind") in [(row.title, row.reason) for row in await post.rows()]

    clock.move(timedelta(minutes=31))
    await post.sends()
    clock.move(timedelta(seconds=3))
    await post.sends()
    subjects = [str(copy.message["Subject"]) for copy in post.journal[1:]]
    assert ["キャンセル" in one for one in subjects] == [True, False]


async def test_a_refund_of_an_order_that_goes_on_waits_for_nothing(post: Post) -> None:
    order = await placed(post, "prepaid")
    await post.hears(of(order, PaymentRefunded, amount=500, remaining_amount=5_500))
    await post.sends()
    assert "ご返金のお知らせ" in post.journal[-1].message["Subject"]


async def test_a_number_paid_short_brings_one_mail_with_the_rest(post: Post) -> None:
    short = {"calls": ("short_money",), "expected_amount": 6_000, "suspense_amount": 1_000}
    order = await placed(post, "prepaid", payment_kind="konbini")
    await post.hears(of(order, PaymentStandingChanged, revision=1, **short))
    await post.hears(of(order, PaymentStandingChanged, revision=2, **{**short, "suspense_amount": 1_500}))
    await post.sends()

    [text] = [one.text for one in post.journal if "不足" in one.message["Subject"]]
    assert "お預かりしている金額：¥1,000\n不足している金額：【¥5,000】" in text
    assert "当店からご連絡いたします" in text


@pytest.mark.parametrize(
    ("deposit", "calls"),
    [
        ("by_hand", ("short_money",)),
        ("automatic", ("receipt_reversed", "short_money")),
        ("automatic", ("excess_money",)),
    ],
)
async def test_who_may_still_pay_or_owes_none_hears_of_no_short_money(
    post: Post, deposit: str, calls: tuple[str, ...]
) -> None:
    order = await placed(post, "prepaid", payment_deposit=deposit)
    await post.hears(of(order, PaymentStandingChanged, calls=calls))
    await post.sends()

    assert [one for one in post.journal if "不足" in one.message["Subject"]] == []


async def test_a_late_cancellation_mail_is_true_beside_a_refund(post: Post) -> None:
    order = await placed(post, "prepaid", payment_kind="konbini")
    await post.hears(of(order, OrderCancelled, reason="unpaid", refund_amount=0))
    await post.hears(of(order, PaymentRefunded, amount=1370, route="gift_card"))
    clock.move(timedelta(minutes=11))
    await post.sends()

    [text] = [one.text for one in post.journal if "キャンセル" in one.message["Subject"]]
    assert "行き違いでお支払いいただいた場合は、ご返金いたします" in text
    assert "お手数ですが下記までご連絡ください" not in text


async def test_a_cancellation_of_an_unpaid_order_asks_not_to_pay(post: Post) -> None:
    for deposit, words in (("by_hand", "お振込みなさらないよう"), ("automatic", "お支払いなさらないよう")):
        order = await placed(post, "prepaid", payment_kind="any", payment_deposit=deposit)
        await post.hears(of(order, OrderCancelled, reason="staff", refund_amount=0))
        await post.sends()
        assert words in post.journal[-1].text
        assert "ご返金額" not in post.journal[-1].text


async def test_a_cancellation_of_cash_on_delivery_asks_for_nothing(post: Post) -> None:
    order = await placed(post, "unmanaged", payment_kind="any", payment_deposit="never")
    await post.hears(of(order, OrderCancelled, reason="staff", refund_amount=0))
    await post.sends()

    assert "なさらないよう" not in post.journal[-1].text
    assert "お支払いの必要はございません" in post.journal[-1].text
    assert "ご返金" not in post.journal[-1].text


async def test_a_return_of_cash_at_the_door_says_who_gives_it_back(post: Post) -> None:
    order = await placed(post, "unmanaged", payment_kind="any", payment_deposit="never")
    told = {"reason": "staff", "staff_reason": "return", "refund_amount": 0, "door_amount": 6_000}
    await post.hears(of(order, OrderCancelled, **told))
    await post.sends()

    assert "お支払いいただいた代金（¥6,000）は、当店からご返金いたします" in post.journal[-1].text


@pytest.mark.parametrize(
    ("flow", "deposit", "words"),
    [
        ("prepaid", "by_hand", "お振込先は、"),
        ("prepaid", "automatic", "お支払い番号は、"),
        ("unmanaged", "never", ""),
    ],
)
async def test_thanks_tell_what_the_payment_waits_for(
    post: Post, flow: str, deposit: str, words: str
) -> None:
    await placed(post, flow, payment_kind="any", payment_deposit=deposit)
    await post.sends()

    told = [
        line for line in post.journal[-1].text.splitlines() if "メールでご案内" in line or "メールと" in line
    ]
    assert [line[: len(words)] for line in told] == [words] * bool(words)


async def test_a_hold_that_is_let_go_is_told_as_no_charge(post: Post) -> None:
    order = await placed(post, "authorized")
    await post.hears(of(order, OrderCancelled, reason="staff", refund_amount=0))
    await post.sends()

    assert "代金のご請求はございません" in post.journal[-1].text


@pytest.mark.parametrize(
    ("route", "words"),
    [("provider", "コンビニ払い"), ("gift_card", "ギフトカード"), ("bank_transfer", "銀行振込")],
)
async def test_money_that_went_back_is_told_with_amount_and_way(post: Post, route: str, words: str) -> None:
    order = await placed(post, "prepaid")
    await post.hears(of(order, PaymentRefunded, amount=1370, route=route))
    await post.sends()

    copy = post.journal[-1]
    assert "ご返金のお知らせ" in copy.message["Subject"]
    assert "ご返金額：【¥1,370】" in copy.text
    [line] = [line for line in copy.text.splitlines() if line.startswith("ご返金方法：")]
    assert words in line


async def test_a_waiting_number_is_not_mailed_after_a_cancellation(post: Post) -> None:
    order = await placed(post, "prepaid")
    await post.sends()
    await post.hears(of(order, PaymentNumberIssued))
    await post.hears(of(order, OrderCancelled, reason="staff"))

    assert not [one for one in await subjects(post) if "お支払い番号" in one]
    [row] = [row for row in await post.rows() if row.mail == "payment_number_issued.customer"]
    assert (row.state, row.reason, row.due_at) == ("suppressed", "order_cancelled", None)
    assert ("お支払い番号お知らせメール", "order_cancelled") in [
        (event.title, event.reason) for event in await post.said() if isinstance(event, MailSuppressed)
    ]


async def test_a_mail_put_off_is_not_sent_after_a_cancellation(post: Post) -> None:
    order = await placed(post, "prepaid")
    await post.sends()
    post.sink.at_recipient = "451 later"
    await post.hears(of(order, PaymentNumberIssued))
    await post.sends()
    post.sink.at_recipient = ""

    await post.hears(of(order, OrderCancelled, reason="staff"))
    await post.sends()

    assert not [copy for copy in post.journal if "お支払い番号" in copy.message["Subject"]]
    assert "キャンセル" in post.journal[-1].message["Subject"]


async def test_a_yes_after_a_cancellation_is_no_reason_for_thanks(post: Post) -> None:
    order = await placed(post, "authorized")
    await post.hears(of(order, OrderCancelled, reason="staff"))
    await post.hears(of(order, PaymentAuthorized))

    assert not [one for one in await subjects(post) if "ありがとうございます" in one]


async def test_a_transfer_is_called_by_its_name_and_tells_the_fee(post: Post, keys: Keys) -> None:
    order = await placed(post, "prepaid", payment_kind="bank_transfer", payment_name="銀行振込")
    account = of(
        order,
        PaymentNumberIssued,
        chain="",
        chain_name="",
        confirmation_number="",
        number="普通 1234567",
        number_label="お振込先",
    )
    await post.hears(account)
    await post.sends()

    [row] = [row for row in await post.rows() if row.mail == "payment_number_issued.customer"]
    assert row.title == "お支払い先のご案内メール"
    assert "振込手数料はお客様のご負担" in row.text
    assert "メールでお知らせし" not in row.text


async def test_a_coupon_is_named_even_where_it_takes_off_no_yen(post: Post) -> None:
    await placed(post, "prepaid", coupon_name="送料無料クーポン")
    await post.sends()

    assert "ご利用クーポン：送料無料クーポン" in post.journal[-1].text


async def test_the_mail_of_a_delayed_cancellation_is_not_hurried(post: Post) -> None:
    order = await placed(post, "prepaid")
    await post.sends()
    await post.hears(of(order, OrderCancelled, reason="unpaid", refund_amount=0))

    assert await post.sends() == 0
    assert await post.sends_after(timedelta(minutes=10, seconds=1)) == 1


async def test_a_waiting_cancel_mail_tells_the_money_as_it_leaves(post: Post) -> None:
    order = await post.knows_an_order()
    nothing: dict[str, Any] = {"received_amount": 0, "refunded_amount": 0, "refund_amount": 0}
    came = {**nothing, "received_amount": 6_000, "refund_amount": 6_000}
    went = {**nothing, "received_amount": 6_000, "refunded_amount": 6_000}
    await post.hears(of(order, OrderCancelled, reason="unpaid", **nothing))
    earlier = of(order, CancellationMoneyChanged, **came)
    await post.hears(of(order, CancellationMoneyChanged, **went))
    await post.hears(earlier)
    assert await subjects(post) == []

    await post.sends_after(timedelta(minutes=11))
    [copy] = post.journal
    assert "ご返金済みの金額：【¥6,000】" in copy.text
    assert "お支払いなさらないよう" not in copy.text
    [row] = await post.rows()
    assert "すべてご返金済みです" in row.text


async def test_a_cancel_mail_that_was_tried_is_the_same_in_every_copy(post: Post, sink: MailSink) -> None:
    order = await post.knows_an_order()
    sink.cut_after_data = True
    nothing: dict[str, Any] = {"received_amount": 0, "refunded_amount": 0, "refund_amount": 0}
    await post.hears(of(order, OrderCancelled, reason="unpaid", **nothing))
    await post.sends_after(timedelta(minutes=11))
    sink.cut_after_data = False
    await post.hears(of(order, CancellationMoneyChanged, **{**nothing, "received_amount": 1}))
    await post.sends_after(timedelta(minutes=1))

    first, second = post.journal
    assert first.raw == second.raw
