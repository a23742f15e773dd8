"""The buyer's way to Amazon and back, as a browser sees it."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import HTTPConnection

import payments.methods.amazon_pay
from harness.keys import Keys
from payments.methods.amazon_pay.method import AmazonPay
from payments.methods.amazon_pay.settings import AmazonPaySettings
from payments.methods.method import Shop
from payments.payment.rules.details import Number
from payments.payment.rules.payment import Payment
from shared.clock import now
from shared.ids import new_id
from shared.shop.statements import StatementInvalid
from shared.web.cookies import Cookies
from shared.web.pages import install_web, make_templates
from shared.web.session import Sessions

ORIGIN = "http://shop.test"
TEMPLATES = (
    Path(payments.methods.amazon_pay.__file__).parent / "templates",
    Path(payments.methods.__file__).parent / "templates",
)
TEXT = "申し訳ございません、Amazon PayではAmazon.co.jpアカウントのみご利用可能です。"


@dataclass
class DeskOfOne:
    """A counter that knows one payment and notes what is asked of it."""

    shop: Shop
    pages: Any
    db: Any = None
    payment: Payment | None = None
    hastened: list[str] = field(default_factory=list)

    async def find(self, order_code: str) -> Payment | None:
        known = self.payment
        return known if known is not None and known.order_code == order_code else None

    async def remember(self, order_code: str, refs: Mapping[str, str]) -> Payment | None:
        if self.payment is not None:
            self.payment = replace(self.payment, refs={**self.payment.refs, **refs})
        return self.payment

    async def choose_chain(
        self, order_code: str, chain: str, chain_name: str, told: Callable[[Payment], Number | None]
    ) -> None:
        await self.remember(order_code, {"chain": chain})

    async def hasten(self, order_code: str) -> None:
        self.hastened.append(order_code)


@dataclass(frozen=True)
class Visit:
    """A browser on our origin, with the method's pages behind it."""

    browser: httpx.AsyncClient
    counter: DeskOfOne
    keys: Keys

    async def goes(self, url: str) -> httpx.Response:
        return await self.browser.get(url.removeprefix(ORIGIN))

    def placed(self, *order_codes: str) -> None:
        """Let this browser be the one that placed these orders."""
        claims = {"codes": list(order_codes)}
        statement = self.keys.issuers["checkout"].issue("order", claims, valid_for=timedelta(days=1))
        self.browser.cookies.set("noren_order", statement)

    def opened(self, *order_codes: str) -> None:
        """Let these orders be opened in this browser by a link."""
        claims = {"codes": [], "opened": list(order_codes)}
        statement = self.keys.issuers["checkout"].issue("order", claims, valid_for=timedelta(days=1))
        self.browser.cookies.set("noren_order", statement)

    def signed_in(self, member_id: UUID | None) -> None:
        """Let this member be logged in here; nobody for None."""
        self.browser.cookies.delete("noren_session")
        if member_id is not None:
            claims = {"sub": str(member_id), "sid": str(new_id())}
            statement = self.keys.issuers["members"].issue("session", claims, valid_for=timedelta(hours=1))
            self.browser.cookies.set("noren_session", statement, domain="shop.test")

    def wallet(self) -> dict[str, Any]:
        """The claims of the wallet statement in this browser."""
        jar = "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())
        scope = {"type": "http", "headers": [(b"cookie", jar.encode())]}
        statement = Cookies(False).read(HTTPConnection(scope), "noren_wallet") or ""
        return self.keys.verifier.verify("wallet", statement)


@pytest.fixture
async def visit(settings: AmazonPaySettings, keys: Keys) -> AsyncIterator[Visit]:
    shop = Shop(origin_url=ORIGIN, sandbox=True, issuer=keys.issuers["payments"])
    method = AmazonPay(settings, shop, httpx.AsyncClient())
    pages = make_templates(*TEMPLATES)
    counter = DeskOfOne(shop, pages)
    app = FastAPI()
    install_web(
        app, pages, Sessions(keys.verifier, AsyncMock(return_value=False)), origin=ORIGIN, secure=False
    )
    app.include_router(method.router(counter))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as browser:
        yield Visit(browser, counter, keys)
    await method.close()


async def reviewed(amazon: Any, visit: Visit, account: str = "hanako", **choices: str) -> httpx.Response:
    """From 「amazon pay」 to the return of the first leg."""
    start = await visit.goes("/payments/amazon_pay/start")
    assert start.headers["location"].startswith(amazon.url)
    session = amazon.browser.get(start.headers["location"]).headers["location"].split("/")[2]
    back = amazon.sign_in(session, account)
    if account != "john":
        back = amazon.choose(session, **choices)
    return await visit.goes(back)


def paid_with(visit: Visit, **changes: Any) -> Payment:
    """The order's payment, as its workers would have it."""
    payment = Payment(
        payment_id=new_id(),
        order_code="N-1",
        method="amazon_pay",
        amount=5480,
        placed_at=now(),
        choice={"checkout_session_id": visit.wallet()["checkout_session_id"]},
    )
    return replace(payment, **changes)


async def test_the_wallet_says_what_the_buyer_chose(amazon: Any, visit: Visit) -> None:
    response = await reviewed(amazon, visit, address="hanako-parents", instrument="gift")

    assert response.headers["location"] == "/order/amazon"
    wallet = visit.wallet()
    assert (wallet["name"], wallet["email"]) == ("佐藤 花子", "hanako.sato@example.jp")
    assert [address["prefecture"] for address in wallet["addresses"]] == ["東京都", "神奈川県"]
    assert wallet["addresses"][0] == {
        "name": "佐藤 花子",
        "postal_code": "1000005",
        "prefecture": "東京都",
        "address1": "千代田区丸の内",
        "address2": "1-9-1 みどりビル 5F",
        "phone": "0312345678",
    }
    assert wallet["address"] == wallet["addresses"][1]
    assert wallet["instrument"] == "Amazonギフトカード"
    assert "error" not in wallet


async def test_a_wallet_belongs_to_the_login_it_was_made_under(amazon: Any, visit: Visit) -> None:
    member = new_id()
    visit.signed_in(member)
    await reviewed(amazon, visit)
    assert visit.wallet()["member_id"] == str(member)
    change = "/payments/amazon_pay/change"
    assert not (await visit.goes(change)).headers["location"].startswith("/payments/amazon_pay/start")

    visit.signed_in(None)
    assert (await visit.goes(change)).headers["location"] == "/payments/amazon_pay/start"


async def test_a_guests_wallet_after_an_ended_login_begins_anew(amazon: Any, visit: Visit) -> None:
    visit.browser.cookies.set("noren_session", "ended", domain="shop.test")
    await reviewed(amazon, visit)

    assert "noren_session" not in visit.browser.cookies
    assert "member_id" not in visit.wallet()
    change = "/payments/amazon_pay/change"
    assert not (await visit.goes(change)).headers["location"].startswith("/payments/amazon_pay/start")


async def test_full_width_telephone_numbers_become_digits(amazon: Any, visit: Visit) -> None:
    await reviewed(amazon, visit, account="ichiro", address="ichiro-office")

    assert visit.wallet()["addresses"][0]["phone"] == "0612345678"


async def test_an_account_of_amazon_com_gets_the_text_and_no_session(amazon: Any, visit: Visit) -> None:
    response = await reviewed(amazon, visit, account="john")

    assert response.headers["location"] == "/order/amazon"
    assert visit.wallet()["error"] == TEXT
    assert visit.wallet()["addresses"] == []


async def test_a_change_keeps_the_session(amazon: Any, visit: Visit) -> None:
    await reviewed(amazon, visit)
    session = visit.wallet()["checkout_session_id"]
    there = (await visit.goes("/payments/amazon_pay/change")).headers["location"]
    assert amazon.browser.get(there).headers["location"] == f"/checkout/{session}/review"
    await visit.goes(amazon.choose(session, address="hanako-parents"))

    wallet = visit.wallet()
    assert wallet["checkout_session_id"] == session
    assert wallet["address"]["prefecture"] == "神奈川県"


async def begins_to_pay(amazon: Any, visit: Visit) -> str:
    """Press 「amazon pay」 and choose at Amazon; answers the return address, which nobody has followed yet."""
    start = (await visit.goes("/payments/amazon_pay/start")).headers["location"]
    session = amazon.browser.get(start).headers["location"].split("/")[2]
    amazon.sign_in(session)
    back: str = amazon.choose(session)
    return back


@pytest.mark.parametrize("began_as_member", [False, True])
async def test_only_who_left_for_amazon_comes_back_to_pay(
    amazon: Any, visit: Visit, began_as_member: bool
) -> None:
    visit.signed_in(new_id() if began_as_member else None)
    back = await begins_to_pay(amazon, visit)
    visit.signed_in(new_id())

    page = await visit.goes(back)

    assert page.status_code == 400
    assert "ログインの状態が変わった" in page.text
    assert "noren_wallet" not in visit.browser.cookies
    assert "noren_amazon_state" not in visit.browser.cookies


@pytest.mark.parametrize("began_as_member", [False, True])
async def test_only_who_left_for_amazon_comes_back_to_log_in(
    amazon: Any, visit: Visit, began_as_member: bool
) -> None:
    visit.signed_in(new_id() if began_as_member else None)
    back = await signs_in(amazon, visit, "hanako")
    visit.signed_in(new_id())

    page = await visit.goes(back)

    assert page.status_code == 400
    assert "ログインの状態が変わった" in page.text
    assert "noren_wallet" not in visit.browser.cookies
    assert "noren_amazon_sign_in" not in visit.browser.cookies


async def test_a_begun_visit_to_amazon_ends_by_itself(visit: Visit) -> None:
    for path, seconds in (("start", 45 * 60), ("signin", 15 * 60)):
        response = await visit.goes(f"/payments/amazon_pay/{path}")
        assert f"Max-Age={seconds}" in response.headers["set-cookie"]


async def test_a_guest_who_logged_in_still_changes_the_choice(amazon: Any, visit: Visit) -> None:
    await reviewed(amazon, visit)
    session = visit.wallet()["checkout_session_id"]
    visit.signed_in(new_id())
    visit.browser.cookies.delete("noren_amazon_state")  # as each login does
    await visit.goes("/payments/amazon_pay/change")

    await visit.goes(amazon.choose(session, address="hanako-parents"))

    assert visit.wallet()["address"]["prefecture"] == "神奈川県"
    assert "member_id" not in visit.wallet()


async def test_after_the_return_only_its_own_session_is_read(amazon: Any, visit: Visit) -> None:
    await reviewed(amazon, visit)
    amazon.trouble("get:error_503")

    response = await visit.goes("/payments/amazon_pay/review?amazonCheckoutSessionId=another")

    # Amazon, if asked, would have been silent.
    assert response.status_code == 400


async def test_one_client_asks_amazon_at_most_thirty_times(amazon: Any, visit: Visit) -> None:
    await visit.goes("/payments/amazon_pay/start")
    tries = [await visit.goes("/payments/amazon_pay/review?amazonCheckoutSessionId=x") for _ in range(31)]
    back = await signs_in(amazon, visit, "hanako")

    assert [one.status_code for one in tries] == [400] * 30 + [429]
    assert "10分ほど待ってから" in tries[-1].text
    assert (await visit.goes(back)).status_code == 429


async def test_a_session_of_another_browser_is_refused(amazon: Any, visit: Visit) -> None:
    start = (await visit.goes("/payments/amazon_pay/start")).headers["location"]
    session = amazon.browser.get(start).headers["location"].split("/")[2]
    amazon.sign_in(session)
    back = amazon.choose(session)
    visit.browser.cookies.clear()
    assert (await visit.goes(back)).status_code == 400
    await visit.goes("/payments/amazon_pay/start")

    response = await visit.goes(back)

    assert response.status_code == 400
    with pytest.raises(StatementInvalid):
        visit.wallet()


async def test_an_invented_session_is_refused(visit: Visit) -> None:
    await visit.goes("/payments/amazon_pay/start")
    response = await visit.goes("/payments/amazon_pay/review?amazonCheckoutSessionId=../charges")

    assert response.status_code == 400
    assert "もう一度はじめから" in response.text


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("session", ["..", "", "%0d%0aX:1", "http://evil.example", "a" * 101, "x"])
async def test_amazon_is_asked_only_for_what_it_can_have_given(
    amazon: Any, visit: Visit, session: str, begun: bool
) -> None:
    if begun:
        await visit.goes("/payments/amazon_pay/start")
    amazon.trouble("get:error_503")
    response = await visit.goes(f"/payments/amazon_pay/review?amazonCheckoutSessionId={session}")

    # Amazon, if asked, would have been silent.
    assert response.status_code == (503 if begun and session == "x" else 400)
    assert "evil" not in response.text


@pytest.mark.parametrize("session", ["%0d%0aX:1", "..", "http://evil.example"])
async def test_a_return_with_an_invented_session_leads_nowhere_else(visit: Visit, session: str) -> None:
    response = await visit.goes(f"/payments/amazon_pay/result?order=N-1&amazonCheckoutSessionId={session}")

    assert "location" not in response.headers
    assert "evil" not in response.text


async def test_a_silent_amazon_is_said_so(amazon: Any, visit: Visit) -> None:
    amazon.trouble("get:error_503")
    response = await reviewed(amazon, visit)

    assert response.status_code == 503
    assert "応答がありません" in response.text


async def signs_in(amazon: Any, visit: Visit, account: str, wanted: str = "/members/mypage") -> str:
    """Press 「Amazonアカウントでログインする」 and pick an account; answers the return address."""
    start = (await visit.goes(f"/payments/amazon_pay/signin?next={wanted}")).headers["location"]
    flow = amazon.browser.get(start).headers["location"]
    back: str = amazon.submit(flow, account=account)
    return back


async def test_a_sign_in_carries_name_and_mail_but_nothing_to_pay_with(amazon: Any, visit: Visit) -> None:
    response = await visit.goes(await signs_in(amazon, visit, "ichiro", "/members/mypage?tab=points"))

    assert response.headers["location"] == "/members/amazon/arrive?next=/members/mypage%3Ftab%3Dpoints"
    wallet = visit.wallet()
    assert wallet["checkout_session_id"] is None
    assert (wallet["name"], wallet["email"]) == ("鈴木 一郎", "ichiro.suzuki@example.jp")


async def test_a_sign_in_is_good_once_and_in_its_own_browser(amazon: Any, visit: Visit) -> None:
    back = await signs_in(amazon, visit, "hanako")
    other = back.replace("state=", "state=x")

    assert (await visit.goes(other)).status_code == 400
    assert (await visit.goes(back)).status_code == 303
    assert (await visit.goes(back)).status_code == 400


async def test_a_sign_in_leads_to_this_origin_only(amazon: Any, visit: Visit) -> None:
    response = await visit.goes(await signs_in(amazon, visit, "hanako", "https://evil.example/"))

    assert response.headers["location"] == "/members/amazon/arrive?next=/members/mypage"


async def test_a_sign_in_with_amazon_com_gets_the_text(amazon: Any, visit: Visit) -> None:
    response = await visit.goes(await signs_in(amazon, visit, "john", "/members/mypage?tab=1"))

    assert response.status_code == 403
    assert TEXT in response.text
    assert "<h1>Amazonアカウントでログイン</h1>" in response.text
    assert 'href="/members/login?next=/members/mypage%3Ftab%3D1">ログイン画面に戻る' in response.text
    assert "カートに戻る" not in response.text


async def test_after_the_order_the_buyer_waits_and_goes_to_amazon(amazon: Any, visit: Visit) -> None:
    await reviewed(amazon, visit)
    page = await visit.goes("/payments/amazon_pay/confirm?order=N-1")
    assert "お支払いを確認しています" in page.text
    assert '<a href="/payments/amazon_pay/confirm?order=N-1&amp;turn=1">' in page.text

    away = f"{amazon.url}/checkout/processing?amazonCheckoutSessionId=x"
    visit.counter.payment = paid_with(visit, state="waiting_for_buyer", redirect_url=away)
    first = await visit.goes("/payments/amazon_pay/confirm?order=N-1")
    second = await visit.goes("/payments/amazon_pay/confirm?order=N-1&turn=1")
    assert first.status_code == 200  # a form's answer must not redirect to another origin
    assert second.headers["location"] == away

    visit.counter.payment = paid_with(visit, state="authorized")
    done = await visit.goes("/payments/amazon_pay/confirm?order=N-1&turn=2")
    assert done.headers["location"] == "/orders/N-1"


async def test_the_buyers_page_brings_a_session_the_order_lacked(amazon: Any, visit: Visit) -> None:
    await reviewed(amazon, visit)
    visit.placed("N-1")
    here = f"{ORIGIN}/payments/amazon_pay/confirm?order=N-1"
    visit.counter.payment = paid_with(visit, state="waiting_for_buyer", redirect_url=here, choice={})
    await visit.goes("/payments/amazon_pay/confirm?order=N-1")
    page = await visit.goes("/payments/amazon_pay/confirm?order=N-1&turn=1")

    assert visit.counter.payment.refs == {"checkout_session_id": visit.wallet()["checkout_session_id"]}
    assert visit.counter.hastened == ["N-1"]
    assert page.status_code == 200


@pytest.mark.parametrize(
    ("placed", "changes"),
    [
        ([], {}),
        (["N-2"], {}),
        (["N-1"], {"method": "konbini"}),
        (["N-1"], {"state": "authorized"}),
        (["N-1"], {"order_cancelled": True}),
    ],
)
async def test_a_session_goes_only_to_the_buyers_own_waiting_payment(
    amazon: Any, visit: Visit, placed: list[str], changes: dict[str, Any]
) -> None:
    await reviewed(amazon, visit)
    visit.placed(*placed)
    payment = paid_with(visit, **({"state": "waiting_for_buyer", "choice": {}} | changes))
    visit.counter.payment = payment

    response = await visit.goes("/payments/amazon_pay/confirm?order=N-1")

    assert response.headers["location"] == "/orders/N-1"
    assert visit.counter.payment == payment
    assert visit.counter.hastened == []


async def test_a_wallet_pays_for_no_order_that_was_only_opened(amazon: Any, visit: Visit) -> None:
    await reviewed(amazon, visit)
    visit.opened("N-1")
    payment = paid_with(visit, state="waiting_for_buyer", choice={})
    visit.counter.payment = payment

    response = await visit.goes("/payments/amazon_pay/confirm?order=N-1")

    assert response.headers["location"] == "/orders/N-1"
    assert visit.counter.payment == payment


async def test_anothers_browser_learns_nothing_from_the_confirmation(amazon: Any, visit: Visit) -> None:
    await reviewed(amazon, visit)
    payment = paid_with(visit, state="waiting_for_buyer", redirect_url="https://amazon.example/secret")
    visit.counter.payment = replace(payment, choice={"checkout_session_id": "another"})

    for turn in ("0", "1"):
        response = await visit.goes(f"/payments/amazon_pay/confirm?order=N-1&turn={turn}")
        assert response.headers["location"] == "/orders/N-1"
    visit.browser.cookies.clear()
    response = await visit.goes("/payments/amazon_pay/confirm?order=N-1")
    assert response.headers["location"] == "/orders/N-1"


async def test_the_return_only_asks_the_workers_to_look(amazon: Any, visit: Visit) -> None:
    await reviewed(amazon, visit)
    session = visit.wallet()["checkout_session_id"]
    address = f"/payments/amazon_pay/result?order=N-1&amazonCheckoutSessionId={session}"
    visit.counter.payment = paid_with(visit, state="waiting_for_buyer")
    visit.placed("N-1")

    waiting = await visit.goes(address)
    await visit.goes(f"{address}&turn=1")
    assert "お支払いを確認しています" in waiting.text
    assert visit.counter.hastened == ["N-1"]

    for state in ("authorized", "declined", "pending"):
        visit.counter.payment = replace(visit.counter.payment, state=state)
        done = await visit.goes(f"{address}&turn=2")
        assert done.headers["location"] == "/orders/N-1"
    with pytest.raises(StatementInvalid):
        visit.wallet()
    assert amazon.ledger() == []


@pytest.mark.parametrize("state", ["authorized", "declined"])
async def test_a_member_returns_to_the_order_without_a_statement(
    amazon: Any, visit: Visit, state: str
) -> None:
    await reviewed(amazon, visit)
    session, member_id = visit.wallet()["checkout_session_id"], new_id()
    address = f"/payments/amazon_pay/result?order=N-1&amazonCheckoutSessionId={session}"
    visit.counter.payment = paid_with(visit, state=state, member_id=member_id)
    for somebody_else in (None, new_id()):
        visit.signed_in(somebody_else)
        assert "別のブラウザー" in (await visit.goes(address)).text

    visit.signed_in(member_id)

    altered = await visit.goes("/payments/amazon_pay/result?order=N-1&amazonCheckoutSessionId=other")
    assert altered.headers["location"] == "/orders/N-1"
    assert (await visit.goes(address)).headers["location"] == "/orders/N-1"


async def test_the_session_of_a_member_pays_only_that_members_orders(amazon: Any, visit: Visit) -> None:
    await reviewed(amazon, visit)
    member_id = new_id()
    payment = paid_with(visit, state="waiting_for_buyer", choice={}, member_id=member_id)
    visit.counter.payment = payment
    visit.signed_in(new_id())
    refused = await visit.goes("/payments/amazon_pay/confirm?order=N-1")
    assert (refused.headers["location"], visit.counter.payment) == ("/orders/N-1", payment)

    visit.signed_in(member_id)
    await visit.goes("/payments/amazon_pay/confirm?order=N-1")

    assert visit.counter.payment.refs == {"checkout_session_id": visit.wallet()["checkout_session_id"]}


async def test_an_altered_return_has_no_effect(amazon: Any, visit: Visit) -> None:
    await reviewed(amazon, visit)
    visit.placed("N-1")
    visit.counter.payment = paid_with(visit, state="waiting_for_buyer")

    response = await visit.goes("/payments/amazon_pay/result?order=N-1&amazonCheckoutSessionId=other")

    assert response.headers["location"] == "/orders/N-1"
    assert visit.counter.hastened == []


@pytest.mark.parametrize(
    ("state", "word"),
    [("authorized", "お支払い手続きが完了しました"), ("declined", "ご注文いただいたブラウザー")],
)
async def test_a_return_in_another_browser_has_a_way_on(
    amazon: Any, visit: Visit, state: str, word: str
) -> None:
    await reviewed(amazon, visit)
    payment = paid_with(visit, state=state)
    visit.counter.payment = payment
    visit.browser.cookies.clear()
    session = payment.choice["checkout_session_id"]

    page = await visit.goes(f"/payments/amazon_pay/result?order=N-1&amazonCheckoutSessionId={session}")

    assert page.status_code == 200
    assert word in page.text
    assert "/members/login" in page.text
    stranger = await visit.goes("/payments/amazon_pay/result?order=N-1&amazonCheckoutSessionId=guessed")
    assert "完了しました" not in stranger.text


async def test_a_first_leg_that_ends_in_another_browser_says_so(amazon: Any, visit: Visit) -> None:
    start = await visit.goes("/payments/amazon_pay/start")
    session = amazon.browser.get(start.headers["location"]).headers["location"].split("/")[2]
    amazon.sign_in(session)
    back = amazon.choose(session)
    visit.browser.cookies.clear()

    page = await visit.goes(back)

    assert page.status_code == 400
    assert "別のブラウザー" in page.text


async def test_an_address_book_too_long_for_cookies_loses_its_end(amazon: Any, visit: Visit) -> None:
    start = await visit.goes("/payments/amazon_pay/start")
    session = amazon.browser.get(start.headers["location"]).headers["location"].split("/")[2]
    amazon.sign_in(session)
    for _ in range(9):
        long = {"addressLine1": "長" * 180, "addressLine2": "い" * 60, "addressLine3": "𠮷" * 60}
        amazon.submit(
            f"/checkout/{session}/review",
            do="add_address",
            name="佐藤",
            postalCode="1000005",
            stateOrRegion="Tokyo",
            phoneNumber="+81 90-1234-5678",
            **long,
        )

    assert (await visit.goes(amazon.choose(session, address="hanako-9"))).status_code == 303

    wallet = visit.wallet()
    assert wallet["addresses"][0]["postal_code"] == "1000005"
    assert wallet["address"]["address1"] == "長" * 180
    assert 1 <= len(wallet["addresses"]) < 10


async def test_with_amazon_itself_its_script_draws_the_button(
    settings: AmazonPaySettings, keys: Keys
) -> None:
    live = settings.model_copy(update={"url": "https://pay-api.amazon.jp"})
    shop = Shop(origin_url=ORIGIN, sandbox=True, issuer=keys.issuers["payments"])
    pages = make_templates(*TEMPLATES)
    app = FastAPI()
    install_web(app, pages, Sessions(keys.verifier, AsyncMock()), origin=ORIGIN, secure=False)
    method = AmazonPay(live, shop, httpx.AsyncClient())
    app.include_router(method.router(DeskOfOne(shop, pages)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as browser:
        page = await browser.get("/payments/amazon_pay/start")
        script = await browser.get("/payments/amazon_pay/button.js")

    assert '<script src="https://static-fe.payments-amazon.com/checkout.js" defer>' in page.text
    assert "checkoutReviewReturnUrl" in page.text
    assert "https://*.payments-amazon.com" in page.headers["content-security-policy"]
    assert "renderButton" in script.text
    await method.close()
