"""The mail desk: staff see every mail and what became of it, send undelivered ones again, and set who sends."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from harness.as_seen import as_seen
from harness.keys import Keys
from harness.mail_sink import MailSink
from harness.post import SESSION_ID, STAFF_ID, Post, browser, session
from notifications.mails.files import find_mails
from notifications.previews.examples import example_of, example_order
from shared.clock import now
from shared.events import (
    MailAddressCorrected,
    MailSent,
    MailSettingsChanged,
    MailsResent,
    MailSuppressed,
    MemberRegistered,
    PaymentCaptured,
    PaymentNumberIssued,
    SessionsRevoked,
)
from shared.ids import new_id


@pytest.fixture
async def staff(app: FastAPI, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    """A member of staff."""
    async with browser(app, noren_session=session(keys)) as client:
        yield client


async def test_the_log_says_what_will_appear_before_the_first_mail(staff: httpx.AsyncClient) -> None:
    page = await staff.get("/desk/mails")

    assert page.status_code == 200
    assert "まだメールはありません" in page.text


async def test_a_mail_to_a_wrong_address_is_set_right_with_later_ones(
    staff: httpx.AsyncClient, post: Post, sink: MailSink
) -> None:
    order = await post.knows_an_order()
    sink.at_recipient = "550 no such user"
    await post.hears(example_of(PaymentNumberIssued, order_code=order.order_code))
    await post.sends()
    [mail] = await post.rows()
    page = f"/desk/mails/{mail.mail_id}"
    assert (await staff.post(f"{page}/address", data={"email": "not an address"})).status_code == 422

    sink.at_recipient = ""
    wish = {"email": "right@example.jp"}
    assert (await staff.post(f"{page}/address", data=wish)).headers["location"] == page
    await post.sends()
    await post.hears(example_of(PaymentCaptured, order_code=order.order_code, event_id=new_id()))
    await post.sends()
    assert [copy.recipient for copy in post.journal] == ["right@example.jp", "right@example.jp"]
    lost, corrected, arrived, _ = await post.said()
    assert isinstance(lost, MailSuppressed) and lost.needed_to_pay
    assert isinstance(arrived, MailSent) and arrived.needed_to_pay
    assert isinstance(corrected, MailAddressCorrected)
    assert (corrected.order_code, corrected.email) == (order.order_code, "right@example.jp")
    assert corrected.subject == f"{order.order_code}：{mail.recipient} → right@example.jp"
    assert (await staff.post(f"{page}/address", data=wish)).status_code == 409


async def test_a_corrected_address_holds_for_all_waiting_mails(
    staff: httpx.AsyncClient, post: Post, sink: MailSink
) -> None:
    order = await post.knows_an_order()
    sink.at_recipient = "550 no such user"
    await post.hears(example_of(PaymentNumberIssued, order_code=order.order_code))
    await post.sends()
    [lost] = await post.rows()
    await post.hears(example_of(PaymentCaptured, order_code=order.order_code, event_id=new_id()))

    await staff.post(f"/desk/mails/{lost.mail_id}/address", data={"email": "right@example.jp"})

    assert [mail.recipient for mail in await post.rows()] == ["right@example.jp"] * 2
    sink.at_recipient = ""
    await post.sends()
    assert [copy.recipient for copy in post.journal] == ["right@example.jp"] * 2


async def test_mails_to_a_corrected_address_carry_another_key(
    staff: httpx.AsyncClient, post: Post, sink: MailSink
) -> None:
    order = await post.knows_an_order(
        order_code="N-1", page_url="http://127.0.0.1:8080/orders/N-1?key=abcdefghijklmnopqrstuv"
    )
    sink.at_recipient = "550 no such user"
    await post.hears(example_of(PaymentCaptured, order_code=order.order_code))
    await post.sends()
    [lost] = await post.rows()
    assert "key=abcdefghijklmnopqrstuv" in lost.text

    sink.at_recipient = ""
    await staff.post(f"/desk/mails/{lost.mail_id}/address", data={"email": "right@example.jp"})
    await post.hears(example_of(PaymentCaptured, order_code=order.order_code, event_id=new_id()))
    await post.sends()

    [corrected] = [event for event in await post.said() if isinstance(event, MailAddressCorrected)]
    assert corrected.page_key and len(corrected.page_key) == 22
    assert len(post.journal) == 2
    for copy in post.journal:
        assert f"/orders/N-1?key={corrected.page_key}\n" in copy.text
        assert "abcdefghijklmnopqrstuv" not in copy.text + copy.html


@pytest.mark.parametrize("number_key", ["abcdefghijklmnopqrstuv", "payments-had-its-own-22"[:22]])
async def test_the_link_of_a_number_carries_the_other_key_too(
    staff: httpx.AsyncClient, post: Post, sink: MailSink, number_key: str
) -> None:
    order = await post.knows_an_order(
        order_code="N-1", page_url="http://127.0.0.1:8080/orders/N-1?key=abcdefghijklmnopqrstuv"
    )
    code = order.order_code
    number_page = f"http://127.0.0.1:8080/payments/konbini/{code}?key="
    sink.at_recipient = "550 no such user"
    await post.hears(example_of(PaymentNumberIssued, order_code=code, page_url=number_page + number_key))
    await post.sends()
    [lost] = await post.rows()
    assert number_key in lost.text

    sink.at_recipient = ""
    await staff.post(f"/desk/mails/{lost.mail_id}/address", data={"email": "right@example.jp"})
    await post.sends()

    [corrected] = [event for event in await post.said() if isinstance(event, MailAddressCorrected)]
    [copy] = post.journal
    assert f"{number_page}{corrected.page_key}\n" in copy.text
    assert number_key not in copy.text + copy.html


async def test_the_address_of_an_account_stays_when_its_orders_changes(
    staff: httpx.AsyncClient, post: Post, sink: MailSink
) -> None:
    order = await post.knows_an_order()
    sink.at_recipient = "550 no such user"
    await post.hears(example_of(MemberRegistered, order_code=order.order_code))
    await post.hears(example_of(PaymentNumberIssued, order_code=order.order_code))
    await post.sends()
    mails = {mail.mail: mail for mail in await post.rows()}
    account, number = mails["member_registered.customer"], mails["payment_number_issued.customer"]
    page = (await staff.get(f"/desk/mails/{account.mail_id}")).text
    assert "ここでは宛先を訂正できません" in page
    assert "宛先を訂正して再送する" not in page
    wish = {"email": "right@example.jp"}
    assert (await staff.post(f"/desk/mails/{account.mail_id}/address", data=wish)).status_code == 409

    assert (await staff.post(f"/desk/mails/{number.mail_id}/address", data=wish)).status_code == 303
    recipients = {mail.mail: mail.recipient for mail in await post.rows()}
    assert recipients[account.mail] == account.recipient
    assert recipients[number.mail] == "right@example.jp"


async def test_shoppers_and_strangers_do_not_see_the_desk(app: FastAPI, keys: Keys) -> None:
    async with browser(app, noren_session=session(keys, staff=None)) as shopper:
        assert (await shopper.get("/desk/mails")).status_code == 403
        shopper.cookies.clear()
        assert (await shopper.get("/desk/mails")).headers["location"].startswith("/desk/login")


async def test_a_sent_mail_is_listed_with_its_text_headers_and_tries(
    staff: httpx.AsyncClient, post: Post
) -> None:
    await post.hears(example_order())
    await post.sends()

    page = await staff.get("/desk/mails", params={"q": "N-20261122-0001", "state": "sent"})
    assert "サンクスメール" in page.text
    assert "送信済み" in page.text
    [row] = await post.rows()
    detail = (await staff.get(f"/desk/mails/{row.mail_id}")).text
    assert "受け付けられました" in detail
    assert row.message_id.strip("<>") in detail
    assert "白磁の湯呑" in detail


async def test_the_html_of_a_mail_may_be_framed_by_us_and_run_nothing(
    staff: httpx.AsyncClient, post: Post
) -> None:
    await post.hears(example_order())
    [row] = await post.rows()

    answer = await staff.get(f"/desk/mails/{row.mail_id}/html")

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


@pytest.mark.feature("NTF-14", clause="staff resend what was not delivered")
async def test_staff_resend_refused_mails_with_the_same_message_id(
    staff: httpx.AsyncClient, post: Post, sink: MailSink
) -> None:
    sink.at_recipient = "550 no such user"
    await post.hears(example_order())
    await post.sends()
    [row] = await post.rows()
    listed = await staff.get("/desk/mails", params={"state": "undelivered"})
    assert listed.text.count("未達") >= 2, "the tab and the row"

    sink.at_recipient = ""
    answer = await staff.post("/desk/mails/resend", data={"id": [str(row.mail_id)]})
    assert answer.status_code == 303
    await post.sends()

    [copy] = post.journal
    assert copy.message["Message-ID"] == row.message_id
    [deed] = [event for event in await post.said() if isinstance(event, MailsResent)]
    assert deed.subject == "1通"


async def test_only_a_log_with_mails_to_resend_has_boxes_and_button(
    staff: httpx.AsyncClient, post: Post, sink: MailSink
) -> None:
    await post.hears(example_order())
    await post.sends()
    sent = (await staff.get("/desk/mails")).text
    assert "送信済み" in sent
    assert "data-select" not in sent
    assert "再送する" not in sent

    sink.at_recipient = "550 no such user"
    await post.hears(example_order(order_code="N-2"))
    await post.sends()
    both = (await staff.get("/desk/mails")).text
    assert both.count("data-select-all") == 1
    assert len(re.findall(r"data-select[ >]", both)) == 1
    assert "再送する" in both


@pytest.mark.feature("SHP-16", clause="bulk refused after shipping")
@pytest.mark.feature("NTF-03", clause="bulk refused after the deposit")
async def test_mails_that_were_sent_are_not_sent_again_in_bulk(staff: httpx.AsyncClient, post: Post) -> None:
    order = await post.knows_an_order()
    await post.hears(example_of(PaymentCaptured, order_code=order.order_code))
    await post.sends()
    [row] = await post.rows()

    answer = await staff.post("/desk/mails/resend", data={"id": [str(row.mail_id)]})

    assert answer.status_code == 409
    await post.sends_after(timedelta(days=1))
    assert len(post.journal) == 1


@pytest.mark.feature("NTF-09")
async def test_the_settings_list_every_kind_of_mail_with_on_or_off(staff: httpx.AsyncClient) -> None:
    page = (await staff.get("/desk/mails/settings")).text

    for kind in find_mails():
        assert kind.title in page
        assert kind.title != kind.name
    assert page.count("badge-done") >= len(find_mails())


@pytest.mark.feature("NTF-01")
@pytest.mark.feature("NTF-10", clause="thanks mail")
async def test_a_mail_of_the_software_is_not_sent_and_the_change_kept(
    staff: httpx.AsyncClient, post: Post
) -> None:
    path = "/desk/mails/settings/order_placed.customer"
    form = {"enabled": "true", "sender": "software"}
    unseen = await staff.post(path, data=form)
    assert (unseen.status_code, "もう一度保存してください" in unseen.text) == (409, True)
    saved = await staff.post(path, data=await as_seen(staff, path, form))
    assert saved.status_code == 303

    await post.hears(example_order())
    await post.sends()

    assert post.journal == []
    page = (await staff.get("/desk/mails/settings")).text
    assert "送信元：このお店 → 受注管理ソフト" in page
    assert "店長" in page


async def test_a_changed_setting_of_a_mail_is_taken_back(staff: httpx.AsyncClient, post: Post) -> None:
    path = "/desk/mails/settings/order_cancelled.customer"
    form = {"enabled": "true", "sender": "shop", "delay_minutes": "30"}
    await staff.post(path, data=await as_seen(staff, path, form))
    page = (await staff.get("/desk/mails/settings")).text
    assert "送信までの時間：10分 → 30分" in page
    [change] = re.findall(r'name="change" value="(\d+)"', page)

    back = await staff.post("/desk/mails/settings/take-back", data={"change": change})

    assert back.status_code == 303
    assert "送信までの時間：30分 → 10分" in (await staff.get("/desk/mails/settings")).text
    deeds = [event for event in await post.said() if isinstance(event, MailSettingsChanged)]
    assert [deed.subject.rpartition(" 送信までの時間：")[2] for deed in deeds] == [
        "10分 → 30分",
        "30分 → 10分",
    ]


async def test_an_older_page_of_a_setting_does_not_win(staff: httpx.AsyncClient) -> None:
    path = "/desk/mails/settings/order_placed.customer"
    [seen] = re.findall(r'name="version" value="(\w+)"', (await staff.get(path)).text)
    await staff.post(path, data={"enabled": "true", "sender": "software", "version": seen})

    late = await staff.post(path, data={"sender": "shop", "version": seen})

    assert late.status_code == 409
    assert "ほかのスタッフが設定を変更したため、保存していません。" in late.text
    page = (await staff.get("/desk/mails/settings")).text
    assert "受注管理ソフト" in page
    assert "利用する → 利用しない" not in page


@pytest.mark.parametrize(
    "words",
    [
        "N-20261122-0001",
        "20261122",
        "10025",
        "山田花子",
        "山田　花子",
        "花子",
        "hanako@",
        "HANAKO@example.jp",
    ],
)
async def test_mails_are_found_by_parts_of_code_name_and_address(
    staff: httpx.AsyncClient, post: Post, words: str
) -> None:
    await post.hears(example_order(order_number=10_025))
    page = (await staff.get("/desk/mails", params={"q": words})).text
    assert 'data-href="/desk/mails/' in page
    assert 'data-href="/desk/mails/' not in (await staff.get("/desk/mails", params={"q": "%"})).text


async def test_a_setting_that_makes_no_sense_is_asked_for_again(staff: httpx.AsyncClient) -> None:
    answer = await staff.post(
        "/desk/mails/settings/order_cancelled.customer", data={"sender": "nobody", "delay_minutes": "-1"}
    )

    assert answer.status_code == 422
    assert "入力内容に誤りがあります（2か所）" in answer.text


async def test_every_mail_can_be_previewed(staff: httpx.AsyncClient) -> None:
    listed = (await staff.get("/desk/mails/preview")).text
    for kind in find_mails():
        assert f'href="/desk/mails/preview/{kind.name}"' in listed
        assert (await staff.get(f"/desk/mails/preview/{kind.name}")).status_code == 200
        html = await staff.get(f"/desk/mails/preview/{kind.name}/html")
        assert "山田 花子 様" in html.text
    assert (await staff.get("/desk/mails/preview/nothing.customer")).status_code == 404


async def test_previews_are_listed_by_names_and_not_files_or_events(
    staff: httpx.AsyncClient,
) -> None:
    listed = (await staff.get("/desk/mails/preview")).text

    assert "サンクスメール" in listed
    for kind in find_mails():
        assert next(iter(kind.files.values())).path.name not in listed
        assert kind.event.__name__ not in listed


async def test_each_setting_has_a_page_of_its_own(staff: httpx.AsyncClient, post: Post) -> None:
    await post.knows_an_order(payment_kind="konbini")
    excepted = {"sender": "shop", "enabled": "true", "except_payment_kinds": ["card"]}
    path = "/desk/mails/settings/payment_captured.customer"
    await staff.post(path, data=await as_seen(staff, path, excepted))
    choices = (await staff.get("/desk/mails/settings/payment_captured.customer")).text
    assert 'value="konbini">' in choices, "of a method that an order has used"
    assert 'value="card" checked>' in choices, "of one that staff have excepted"
    for kind in find_mails():
        page = await staff.get(f"/desk/mails/settings/{kind.name}")
        assert page.status_code == 200
        assert ("送信しないお支払い方法" in page.text) == kind.head.by_method
        assert ("送信までの時間" in page.text) == kind.head.may_wait


async def test_an_ended_session_is_refused(staff: httpx.AsyncClient, post: Post) -> None:
    assert (await staff.get("/desk/mails")).status_code == 200

    await post.hears(SessionsRevoked(member_id=STAFF_ID, session_id=SESSION_ID, issued_until=now()))

    assert (await staff.get("/desk/mails")).status_code == 303


async def test_a_mail_with_markup_in_it_is_shown_as_text_at_the_desk(
    staff: httpx.AsyncClient, post: Post
) -> None:
    order = example_order()
    nasty = order.orderer.model_copy(update={"name": "<script>alert(1)</script>"})
    await post.hears(order.model_copy(update={"orderer": nasty}))
    [row] = await post.rows()

    for path in (f"/desk/mails/{row.mail_id}", f"/desk/mails/{row.mail_id}/html"):
        assert not re.search(r"<script>alert", (await staff.get(path)).text)
