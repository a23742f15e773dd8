"""People buy at the shop and work at the desk in a real browser, at phone and desk width, without a complaint.

A complaint is anything on the console (a breach of the content policy among it), a page wider than the screen,
a field without a name, text too pale for its background. Pictures of all pages are kept in .noren/screenshots.
"""

import re
from collections.abc import Iterator

import httpx
import pytest
from selenium.webdriver.common.by import By

from deploy.native.site import REPOSITORY
from harness.chromium import DESK, PHONE, Chromium, Keys, Screen, missing
from proof.observers import Outside
from tests.journeys.in_the_browser import (
    arrive_from_amazon,
    log_in_at_desk,
    mails_about,
    order_code,
    order_on_form,
    put_in_cart,
    ship,
    wait_for_badge,
)
from tests.journeys.stack import Stack

SHOTS = REPOSITORY / ".noren/screenshots"
REFUSED = "申し訳ございません、Amazon PayではAmazon.co.jpアカウントのみご利用可能です。"
# The word of the deposit with its day, which stands there only once the money is booked.
PAID_ON = r"入金済み\s+\d{4}/\d{2}/\d{2}"
THANKS, NUMBER, PAID, SHIPPED = "ありがとうございます", "お支払い番号", "ご入金", "発送いたしました"

pytestmark = [
    pytest.mark.broker,
    pytest.mark.browser,
    pytest.mark.skipif(bool(missing()), reason=f"not on this machine: {missing()}; make setup installs it"),
]


@pytest.fixture
def phone(stack: Stack) -> Iterator[Chromium]:
    with Chromium(stack.origin_url, PHONE, SHOTS) as visitor:
        yield visitor
        assert not visitor.complaints


@pytest.fixture(scope="module")
def staff(stack: Stack) -> Iterator[Chromium]:
    with Chromium(stack.origin_url, DESK, SHOTS) as visitor:
        log_in_at_desk(visitor)
        yield visitor


@pytest.fixture
def desk(staff: Chromium) -> Iterator[Chromium]:
    staff.complaints.clear()
    yield staff
    assert not staff.complaints


@pytest.mark.feature("AP-13", "AP-27", "ORD-10")
@pytest.mark.parametrize("screen", [PHONE, DESK], ids=lambda screen: screen.name)
def test_an_amazon_pay_order_is_bought_shipped_and_captured(
    stack: Stack, desk: Chromium, screen: Screen
) -> None:
    with Chromium(stack.origin_url, screen, SHOTS) as buyer:
        put_in_cart(buyer)
        buyer.shot("cart")
        arrive_from_amazon(buyer, "hanako.sato@example.jp")
        buyer.shot("amazon-3-order").press("注文を確定する").wait_for("ご注文ありがとうございます")
        code = order_code(buyer)
        buyer.wait_for("発送準備中", again=True).shot("amazon-4-thanks")
        assert not buyer.complaints

    desk.open("/desk/orders?tab=all").shot("orders").press(code)
    desk.wait_for("受注詳細").shot("order")
    for block in ("お届け先", "入金状況", "ポイント", "履歴", "Amazon Pay"):
        assert block in desk.text
    ship(desk, code)
    desk.shot("bulk-results")
    assert mails_about(stack.mail_url, code, SHIPPED)
    desk.open(f"/desk/orders/{code}").wait_for("売上確定済", again=True).shot("order-captured")
    desk.open(f"/desk/payments/{code}").wait_for("売上請求処理").shot("payment")
    desk.open(f"{stack.simulator_urls['amazon_pay']}/console").shot("amazon-console")
    charge = next(one.text for one in desk.driver.find_elements(By.CLASS_NAME, "charge") if code in one.text)
    assert re.search(r"Captured.*売上 ¥1,870", charge, re.DOTALL)


def test_the_two_buttons_of_the_cart_are_side_by_side_and_equal(phone: Chromium) -> None:
    put_in_cart(phone)
    own, amazon = phone.driver.find_elements(By.CSS_SELECTOR, ".pay-buttons a")
    assert (own.text.replace("\n", ""), amazon.text) == ("このサイトでお支払い", "amazon pay")
    assert own.location["y"] == amazon.location["y"]
    assert own.size == amazon.size


@pytest.mark.feature("KON-01", "KON-05", "KON-41", "PAY-19")
def test_a_konbini_order_waits_for_its_money_and_is_then_shipped(
    stack: Stack, phone: Chromium, desk: Chromium
) -> None:
    put_in_cart(phone)
    code = order_on_form(
        phone, "コンビニ・ATM・ネットバンキング・電子マネー払い", shots=True, **{"konbini-chain": "lawson"}
    )
    phone.wait_for("お支払い期限", again=True).shot("order-konbini")
    number = phone.one(".number-big").text
    phone.shot("order-konbini-printed", printed=True)
    mail = mails_about(stack.mail_url, code, NUMBER)[0]
    link = re.search(r'href="([^"]+)"[^>]*>\s*お支払い方法別の手順', mail["html"])
    assert link, mail["html"]
    phone.open(link.group(1).replace("&amp;", "&")).shot("konbini-steps")
    assert phone.one("h1").text == "お支払い方法について"
    assert number in phone.text
    wait_for_badge(desk, code, "未入金")

    desk.open(stack.simulator_urls["konbini"]).shot("konbini-console")
    till = next(one for one in desk.driver.find_elements(By.TAG_NAME, "section") if number in one.text)
    till.find_element(By.CSS_SELECTOR, '[value="pay"]').click()
    desk.wait_for("支払い済み")
    wait_for_badge(desk, code, "入金済み")
    assert mails_about(stack.mail_url, code, PAID)
    ship(desk, code)
    phone.open(f"/orders/{code}").wait_for("発送済み", again=True)
    phone.press("お店からのメッセージ").wait_for(SHIPPED, again=True).shot("messages")


def test_a_bank_transfer_is_booked_at_the_desk(stack: Stack, phone: Chromium, desk: Chromium) -> None:
    put_in_cart(phone)
    code = order_on_form(phone, "銀行振込")
    phone.shot("order-bank-transfer")
    mails_about(stack.mail_url, code, THANKS)
    desk.open(stack.simulator_urls["bank_transfer"]).fill(name="サトウ ハナコ", amount="1870")
    desk.press("入金する").wait_for("¥1,870").shot("bank-console")
    # The bank tells nobody: the order waits until staff book what they saw.
    wait_for_badge(desk, code, "未入金")
    assert not re.search(PAID_ON, desk.text)
    desk.open("/desk/orders?tab=unpaid&size=100").one(f'[data-select][value="{code}"]').click()
    desk.press("注文を入金済みにする", within=".selection-bar").wait_for("1件、合計 ¥1,870 の入金処理")
    desk.press("注文を入金済みにする", within=".form-actions")
    wait_for_badge(desk, code, "入金済み")
    assert re.search(PAID_ON, desk.text), "with the day of the deposit"
    assert mails_about(stack.mail_url, code, PAID)
    desk.open("/desk/orders?tab=unpaid&size=100")
    assert code not in desk.text
    assert "発送済み" not in phone.text
    ship(desk, code)
    wait_for_badge(desk, code, "処理済み")
    phone.driver.refresh()
    phone.wait_for("発送済み", again=True)


@pytest.mark.feature("AP-12")
def test_the_own_form_has_four_screens_in_this_order(phone: Chromium, desk: Chromium) -> None:
    put_in_cart(phone)
    phone.press("このサイトでお支払い").press("お届け先の入力へ")
    assert phone.focused() == "error-summary"
    phone.shot("order-1-errors").open("/cart")
    code = order_on_form(phone, "代金引換", shots=True)
    phone.open("/")
    steps = ["お客様情報入力", "お届け先入力", "お支払い方法選択", "注文確認"]
    assert phone.headings[1:] == ["カート", steps[0], "カート", *steps, "ご注文ありがとうございます"]
    ship(desk, code)
    desk.open(f"/desk/orders/{code}")
    assert "管理対象外" in desk.text


@pytest.mark.feature("AP-17")
def test_an_amazon_com_account_is_refused_in_these_words(phone: Chromium) -> None:
    put_in_cart(phone)
    phone.press("amazon pay").press("amazon.com").wait_for(REFUSED).shot("amazon-com")
    assert "注文を確定する" not in phone.text
    phone.open("/cart")
    assert phone.one(".cart-lines")
    phone.open("/orders").wait_for("この端末で表示できるご注文はありません")


@pytest.mark.feature("AP-19")
def test_a_guest_from_amazon_finds_the_registration_box_ticked(phone: Chromium) -> None:
    put_in_cart(phone)
    arrive_from_amazon(phone, "kenta.takahashi@example.jp")  # no test lets him order, so he stays a guest
    assert phone.one("[name=register_member]").is_selected()


@pytest.mark.feature("AP-29")
def test_an_address_added_at_amazon_can_be_chosen_now_and_later(phone: Chromium) -> None:
    put_in_cart(phone)
    arrive_from_amazon(phone, "ichiro.suzuki@example.jp")
    section = '[aria-labelledby="delivery-head"]'
    phone.press("変更", within=section).press("新しい住所を追加").fill(
        name="鈴木 京子",
        postalCode="600-8216",
        stateOrRegion="京都府",
        addressLine1="京都市下京区東塩小路町",
        addressLine2="721-1",
        phoneNumber="0751234567",
    )
    phone.press("この住所を追加").shot("amazon-5-address-added").press("続行")
    assert "鈴木 京子" in phone.one(section).text
    phone.open("/cart").press("amazon pay")
    if "/review" not in phone.path:
        phone.press("ichiro.suzuki@example.jp")
    phone.wait_for("鈴木 京子")


@pytest.mark.feature("MEM-07")
def test_the_login_page_offers_the_amazon_account(phone: Chromium) -> None:
    phone.open("/members/login").shot("login")
    phone.press("Amazonアカウントでログインする")
    assert phone.path != "/members/login"


@pytest.mark.feature("SHP-13")
async def test_three_orders_chosen_by_keys_are_shipped_at_once(
    stack: Stack, outside: Outside, phone: Chromium, desk: Chromium
) -> None:
    codes = []
    for _ in range(3):
        put_in_cart(phone)
        codes.append(order_on_form(phone, "代金引換"))
    desk.open("/desk/orders?tab=unshipped&size=100").keys("?").wait_for("キー操作").keys(Keys.ESCAPE)
    rows = [
        row.get_attribute("data-href") or ""
        for row in desk.driver.find_elements(By.CSS_SELECTOR, "tr[data-row]")
    ]
    for row in rows[: max(rows.index(f"/desk/orders/{code}") for code in codes) + 1]:
        desk.keys("j", "x") if row.rpartition("/")[2] in codes else desk.keys("j")
    desk.shot("orders-selected").wait_for("3件を選択中")
    desk.keys("/")
    assert desk.focused() == "f-q"
    desk.press("注文を発送済みにする", within=".selection-bar").shot("bulk-confirm")
    desk.wait_for("3件を発送済みにし、3通のメールを送ります。")
    desk.press("注文を発送済みにする", within=".form-actions").wait_for("3件の処理が完了しました")
    for code in codes:
        assert code in desk.text
        assert len(mails_about(stack.mail_url, code, SHIPPED)) == 1
    said = [one.correlation for one in await outside.said("shipped.v1")]
    assert sorted(code for code in said if code in codes) == sorted(codes)


def test_a_member_signs_up_and_sees_points(phone: Chromium) -> None:
    phone.open("/members/signup").press("会員登録する").shot("sign-up-errors")
    assert phone.focused() == "error-summary"
    email = f"shot{hash(phone)}@example.jp"
    phone.fill(name="椿 花子", kana="ツバキ ハナコ", email=email, password="tsubaki 1985 hanabi")
    phone.press("会員登録する").open("/members/mypage").wait_for("500").shot("my-page")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("screen", [PHONE, DESK], ids=lambda screen: screen.name)
def test_every_main_page_shows_itself_without_complaint(stack: Stack, screen: Screen, dark: bool) -> None:
    tone = "-dark" if dark else ""
    shop = (
        "/",
        "/items/tenugui-asanoha",
        "/items/fukin-sashiko-ai",
        "/cart",
        "/orders",
        "/legal",
        "/members/signup",
    )
    desk = [
        "/desk/orders",
        "/desk/orders?tab=processed",
        "/desk/products",
        "/desk/products/new",
        "/desk/products/categories",
        "/desk/stock",
        "/desk/stock/tenugui-asanoha",
        "/desk/orders/settings",
        "/desk/operations",
        "/desk/payments",
        "/desk/payments/settings",
        "/desk/members",
        "/desk/members/rules",
        "/desk/mails",
        "/desk/mails/settings",
        "/desk/mails/preview",
    ]
    with Chromium(stack.origin_url, screen, SHOTS, dark=dark) as visitor:
        for path in shop:
            visitor.open(path).shot(f"page{path.replace('/', '-')}{tone}")
            assert httpx.get(visitor.driver.current_url).status_code == 200
        log_in_at_desk(visitor)
        for path in desk:
            visitor.open(path).shot(f"page{re.sub('[/?=]', '-', path)}{tone}")
            assert "見つかりません" not in visitor.text, path
        # Filters stay open on the next list, where nothing may be wider than the screen.
        visitor.open("/desk/orders?tab=all").press("さらに絞込み", within=".drawer")
        visitor.open("/desk/orders?tab=unpaid").shot(f"page-desk-orders-filters{tone}").one("#f-placed_from")
        for path in (
            "/desk/products",
            "/desk/members",
            "/desk/mails",
            "/desk/mails/preview",
            "/desk/mails/settings",
        ):
            address = visitor.open(path).one("tbody a").get_attribute("href") or ""
            visitor.open(address).shot(f"page{path.replace('/', '-')}-one{tone}")
        for address in [visitor.origin + one for one in _rail(visitor)]:
            visitor.open(address)
            assert "見つかりません" not in visitor.text, address
        assert not visitor.complaints


def _rail(visitor: Chromium) -> list[str]:
    links = visitor.driver.find_elements(By.CSS_SELECTOR, ".rail a")
    return [(one.get_attribute("href") or "").removeprefix(visitor.origin) for one in links]


def test_an_unknown_address_says_so_and_leads_back(stack: Stack) -> None:
    with Chromium(stack.origin_url, PHONE, SHOTS) as visitor:
        visitor.open("/nothing-here").shot("not-found")
        visitor.wait_for("ページが見つかりません").press("お店のトップへ")
        assert visitor.path == "/"
