"""What a member did in a browser is seen by nobody who uses it afterwards; who registers is told how to log in."""

from typing import Any
from uuid import UUID

import pytest

from checkout.consumers import consumers
from harness.hearing import Hearing, said
from shared.clock import now
from shared.database.transactions import Database
from shared.events import AmazonAccountLinked, Event, MemberRegistered, OrderPlaced, SessionsRevoked
from tests.checkout.order_examples import place
from tests.checkout.shopper import ORDERER, Shopper, open_shop
from tests.checkout.wallet_order_form import form_of

SOMEBODY_ELSE = UUID("0190f5fe-7c00-7a00-8000-0000000000bb")


async def orders(shopper: Shopper) -> str:
    """Order something as whoever is signed in and return the path of the order's page."""
    await shopper.fills_cart()
    await shopper.goes_to_confirmation()
    return (await shopper.sends("/order/confirm", **shopper.confirmation)).headers["location"]


async def test_an_order_of_a_member_is_out_of_sight_with_the_session(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db)
    shopper.sign_in("会員 花子")
    path = await orders(shopper)
    assert (await shopper.opens(path)).status_code == 200
    assert "noren_order" not in shopper.browser.cookies

    shopper.browser.cookies.delete("noren_session")

    assert (await shopper.opens(path)).status_code == 404
    assert path.removeprefix("/orders/") not in (await shopper.opens("/orders")).text


async def test_a_reload_after_a_members_order_shows_it_to_nobody_else(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db)
    shopper.sign_in("会員 花子")
    path = await orders(shopper)
    shopper.browser.cookies.delete("noren_session")

    assert path.removeprefix("/orders/") not in (await shopper.opens("/order/confirm")).text
    assert (await shopper.opens(path)).status_code == 404


async def test_an_order_of_a_guest_stays_with_the_browser(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    path = await orders(shopper)
    assert (await shopper.opens(path)).status_code == 200


@pytest.mark.parametrize("afterwards", ["nobody", "another member"])
async def test_a_half_filled_form_of_a_member_is_forgotten(
    shop_db: Database, shopper: Shopper, afterwards: str
) -> None:
    await open_shop(shop_db)
    shopper.sign_in("会員 花子")
    await shopper.fills_cart()
    await shopper.goes_to_confirmation()
    assert ORDERER["phone"] in (await shopper.opens("/order/customer")).text

    shopper.browser.cookies.delete("noren_session")
    if afterwards == "another member":
        shopper.member_id = SOMEBODY_ELSE

    page = await shopper.opens("/order/customer")
    assert ORDERER["phone"] not in page.text
    assert ORDERER["email"] not in page.text
    await shopper.opens("/order/confirm")
    assert "カートは空です" in shopper.text


@pytest.mark.parametrize("way", ["/order/customer", "/cart"])
async def test_what_a_guest_typed_is_not_shown_to_who_logs_in(
    shop_db: Database, shopper: Shopper, way: str
) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    await shopper.sends("/order/customer", **ORDERER)
    shopper.sign_in("会員 花子")
    await shopper.opens(way)

    page = await shopper.opens("/order/customer")
    assert ORDERER["phone"] not in page.text
    await shopper.opens("/cart")
    assert "試験の品 cup" in shopper.text, "the goods stay"


async def test_what_a_guest_typed_joins_no_cart_of_a_member(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db, skus=("cup", "bowl"))
    shopper.sign_in("会員 花子")
    await shopper.fills_cart("bowl")
    shopper.browser.cookies.clear()
    await shopper.fills_cart()
    await shopper.sends("/order/customer", **ORDERER)
    shopper.sign_in("会員 花子")
    await shopper.opens("/cart")
    assert ("試験の品 cup" in shopper.text, "試験の品 bowl" in shopper.text) == (True, True)
    assert ORDERER["phone"] not in (await shopper.opens("/order/customer")).text


@pytest.mark.parametrize(
    ("typed", "proved"),
    [({}, True), ({"email": "MOCHIKO@example.jp"}, True), ({"email": "x@example.jp"}, False)],
)
async def test_the_order_says_whether_the_wallet_vouches_for_addresses(
    shop_db: Database, shopper: Shopper, typed: dict[str, str], proved: bool
) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    shopper.carry_wallet()
    await shopper.opens("/order/amazon")
    await shopper.sends("/order/amazon", **form_of(shopper, **typed))
    [placed] = await said(shop_db)
    assert isinstance(placed, OrderPlaced)
    assert placed.registration is not None
    assert placed.registration.email_proved is proved


async def test_who_registers_with_an_order_is_told_how_to_log_in(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db)
    await shopper.fills_cart()
    shopper.carry_wallet()
    await shopper.opens("/order/amazon")
    await shopper.sends("/order/amazon", **form_of(shopper))
    [placed] = await said(shop_db)
    path = f"/orders/{placed.correlation}"
    waiting = (await shopper.opens(path)).text
    assert "会員登録を受け付けました" in waiting
    assert "/payments/amazon_pay/signin" not in waiting

    async def page_after(event: Event) -> str:
        await Hearing(consumers, shop_db).hears(event)
        return (await shopper.opens(path)).text

    who: dict[str, Any] = {"member_id": SOMEBODY_ELSE, "order_code": placed.correlation}
    registered = await page_after(
        MemberRegistered(
            **who, name="餅田 餅子", email="mochiko@example.jp", via="order", registered_at=now()
        )
    )
    assert "メールのリンクからパスワードを設定すると" in registered
    assert "/payments/amazon_pay/signin" not in registered
    done = await page_after(AmazonAccountLinked(**who, linked_at=now(), path="order"))
    assert "会員登録が完了しました" in done
    assert 'href="/payments/amazon_pay/signin?next=/members/mypage"' in done


async def test_an_order_of_a_member_never_tells_of_a_registration(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db)
    shopper.sign_in("試験 花子")
    order = await place(shop_db, "cash_on_delivery", "N261128-1D29-3ZYG6SFW", member_id=shopper.member_id)
    async with shop_db.transaction() as tx:
        await tx.execute("UPDATE orders SET page_key = 'k' WHERE code = :code", code=order.order_code)
    shopper.browser.cookies.clear()
    page = (await shopper.opens(f"/orders/{order.order_code}?key=k")).text
    assert order.order_code in page
    assert "会員登録を受け付けました" not in page


async def test_who_logged_out_elsewhere_is_told_why_the_cart_is_gone(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db)
    shopper.sign_in("会員 花子")
    await shopper.fills_cart()
    for cookie in ("noren_session", "noren_cart"):
        shopper.browser.cookies.delete(cookie)

    answer = await shopper.sends("/order/customer", **ORDERER)
    assert answer.headers["location"] == "/cart"
    assert "ログアウトしたため、または時間がたったため" in (await shopper.opens("/cart")).text


@pytest.mark.parametrize("viewer", ["nobody", "an ended session", "another member"])
async def test_a_members_wallet_shows_nothing_without_the_member(
    shop_db: Database, shopper: Shopper, viewer: str
) -> None:
    await open_shop(shop_db, price=5_000)
    await shopper.fills_cart()
    shopper.sign_in("会員 花子")
    shopper.carry_wallet(member_id=str(shopper.member_id))
    assert "財布 持子" in (await shopper.opens("/order/amazon")).text

    if viewer == "nobody":
        shopper.browser.cookies.delete("noren_session")
    elif viewer == "an ended session":
        ended = SessionsRevoked(member_id=shopper.member_id, session_id=UUID(int=7), issued_until=now())
        await Hearing(consumers, shop_db).hears(ended)
    else:
        shopper.member_id = SOMEBODY_ELSE
        shopper.sign_in("別の 会員")

    await shopper.opens("/order/amazon")
    assert "財布 持子" not in shopper.page.text
    assert "mochiko@example.jp" not in shopper.page.text


async def test_a_guests_wallet_is_out_of_sight_once_the_login_ended(
    shop_db: Database, shopper: Shopper
) -> None:
    await open_shop(shop_db, price=5_000)
    await shopper.fills_cart()
    shopper.carry_wallet()
    shopper.sign_in("会員 花子")
    assert "財布 持子" in (await shopper.opens("/order/amazon")).text

    ended = SessionsRevoked(member_id=shopper.member_id, session_id=UUID(int=7), issued_until=now())
    await Hearing(consumers, shop_db).hears(ended)

    assert "財布 持子" not in (await shopper.opens("/order/amazon")).text
