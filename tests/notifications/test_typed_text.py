"""What a buyer typed is text in a mail: never a heading, an emphasis, a signature or a link of the shop."""

import html
import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.keys import Keys
from harness.post import SHOP, Post, browser, pages_of, session
from notifications.mails.rendering import Mails
from notifications.mails.typed import fenced, in_plain_text, shield, without_fences
from notifications.previews.examples import example_of, example_order
from shared.events import EmailVerificationRequested, OrderPlaced

MAILS = Mails(SHOP)
BAIT = [
    "■ 【至急】お手続きのお願い",
    "----",
    "▼ご注文内容の確認",
    "・白磁の湯呑",
    "　小計 ¥0",
    "　",
    "お支払い合計：【¥0】",
    "evil.example",
    "https://evil.example/login",
    "（リンクは表示されません）",
    "\ufdd0■\ufdd1",
]


def order_to(address2: str) -> OrderPlaced:
    """An order whose second address line was typed like that."""
    order = example_order()
    [one] = order.destinations
    address = one.address.model_copy(update={"address2": address2})
    return order.model_copy(update={"destinations": (one.model_copy(update={"address": address}),)})


def html_of(order: OrderPlaced) -> str:
    """The HTML of the thanks for an order."""
    words = MAILS.render(MAILS["order_placed.customer"], order, order)
    return MAILS.html(words.subject, words.shielded)


def frame_of(page: str) -> list[str]:
    """The tags of a mail, without those that only part an address."""
    return [tag for tag in re.findall(r"<[^>]+>", page) if tag not in ("<span>", "</span>")]


@pytest.mark.parametrize("typed", BAIT)
def test_typed_text_changes_no_tag_of_a_mail(typed: str) -> None:
    assert frame_of(html_of(order_to(typed))) == frame_of(html_of(order_to("暖簾ビル 401")))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Co", "Zl", "Zp"]), min_size=1, max_size=40))
def test_any_typed_text_changes_no_tag_and_is_shown(typed: str) -> None:
    page = html_of(order_to(typed))

    assert frame_of(page) == frame_of(html_of(order_to("暖簾ビル 401")))
    told = re.sub("[\ufdd0\ufdd1]", " ", typed)
    assert told.strip() in html.unescape(re.sub("</?span>", "", page)).replace("＝？", "=?") or "=?" in told


def test_a_host_in_an_address_line_becomes_no_link() -> None:
    order = order_to("https://evil.example/login")
    words = MAILS.render(MAILS["order_placed.customer"], order, order)

    assert "https://evil.example/login" in words.text
    for seen in (html_of(order), in_plain_text(words.shielded)):
        assert "evil.example" not in seen
        assert "https://evil" not in seen
        assert order.page_url in html.unescape(seen)


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("x@y login.evil.com", "x@y login．evil．com"),
        ("a@b.example https://evil.example", "a@b．example https：／／evil．example"),
        ("evil\u200b.com", "evil．com"),
        ("evil.\u2060com", "evil．com"),
        ("evil\ufe0f.com", "evil\ufe0f．com"),
        ("192.0.2.1:8080", "192．0．2．1：8080"),
        ("localhost:8080", "localhost：8080"),
        ("\\\\evil\\share", "＼＼evil\\share"),
        ("evil.com/x@example.jp", "evil．com/x@example．jp"),
    ],
)
def test_beside_a_mail_address_nothing_typed_becomes_a_link(typed: str, seen: str) -> None:
    assert in_plain_text(shield(typed, [(0, len(typed))])) == seen


@pytest.mark.parametrize(
    "typed", ["hanako.sato@example.jp", "10:30に、1.5L を2本", "千代田1-1 Bldg.3F", "J. Sato"]
)
def test_a_mail_address_and_plain_words_stay_as_they_are(typed: str) -> None:
    assert in_plain_text(shield(typed, [(0, len(typed))])) == typed


@given(st.text(max_size=60))
def test_fences_leave_the_text_and_tell_where_it_was(text: str) -> None:
    typed = re.sub("[\ufdd0\ufdd1]", "", text)
    finished, spans = without_fences(f"■ {fenced(text)} 様")

    assert finished == f"■ {typed} 様"
    assert spans in ((), ((2, 2 + len(typed)),))


async def test_the_line_of_a_signature_in_an_address_cuts_nothing_off(post: Post, keys: Keys) -> None:
    order = order_to("----")
    await post.hears(order)
    await post.sends()

    [copy] = post.journal
    assert f'href="{order.page_url}"' in copy.html
    ours = keys.issuers["checkout"].issue("order", {"codes": [order.order_code]}, valid_for=timedelta(days=1))
    async with browser(pages_of(post, keys), noren_order=ours) as buyer:
        page = await buyer.get(f"/notifications/orders/{order.order_code}")
    assert f'href="{order.page_url}"' in page.text
    async with browser(pages_of(post, keys), noren_session=session(keys)) as staff:
        [row] = await post.rows()
        shown = await staff.get(f"/desk/mails/{row.mail_id}/html")
    assert f'href="{order.page_url}"' in shown.text


def test_a_name_of_our_signs_gets_a_stranger_no_heading() -> None:
    event = example_of(EmailVerificationRequested, name="■ 【当選】おめでとうございます")
    words = MAILS.render(MAILS["email_verification_requested.customer"], event)

    assert "■ 【当選】" in words.text
    assert "<h2" not in MAILS.html(words.subject, words.shielded)
    assert "<strong" not in MAILS.html(words.subject, words.shielded)
    assert "■" not in in_plain_text(words.shielded)


def test_private_signs_that_shield_are_not_shown_as_others() -> None:
    assert in_plain_text(shield("\U000f25a0", [(0, 1)])) == "〓"


def test_words_alone_need_no_fence() -> None:
    assert fenced("山田　花子 1-2-3") == "山田　花子 1-2-3"
    assert shield("山田 花子 様", None) == "山田 花子 様"
