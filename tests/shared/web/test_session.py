"""Who is looking, and where those go who must sign in first."""

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.responses import Response

from shared.clock import now
from shared.web.cookies import Cookies
from shared.web.session import safe_next

SignIn = Callable[..., TestClient]


def test_a_good_session_is_recognised_and_greeted(signed_in: SignIn) -> None:
    browser = signed_in("佐藤 彩")

    assert browser.get("/api/preview/me").json() == {"name": "佐藤 彩", "staff": None, "signed_in": True}
    assert "佐藤 彩 さん" in browser.get("/").text


def test_without_a_cookie_one_is_nobody(browser: TestClient) -> None:
    assert browser.get("/api/preview/me").json()["signed_in"] is False
    assert 'href="/members/login?next=/"' in browser.get("/").text


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "2~", "9~x", "~"])
def test_a_forged_session_is_nobody(browser: TestClient, token: str) -> None:
    assert (
        browser.get("/api/preview/me", headers={"Cookie": f"noren_session={token}"}).json()["signed_in"]
        is False
    )


def test_a_statement_for_another_purpose_is_no_session(preview: Any, browser: TestClient) -> None:
    from datetime import timedelta

    benefit = preview.issuer.issue("benefit", {"sub": "m-1", "sid": "s-1"}, valid_for=timedelta(hours=1))
    browser.cookies.set("noren_session", benefit)

    assert browser.get("/api/preview/me").json()["signed_in"] is False


def test_an_ended_session_is_refused_at_once(preview: Any, signed_in: SignIn) -> None:
    browser = signed_in()
    assert browser.get("/api/preview/member").status_code == 200

    preview.ended.add("s-1")

    assert browser.get("/api/preview/member").status_code == 401


def test_a_page_for_members_leads_to_the_login_and_back(browser: TestClient) -> None:
    answer = browser.get("/members/mypage?tab=points&at=2")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/members/login?next=/members/mypage%3Ftab%3Dpoints%26at%3D2"


def test_the_desk_leads_to_the_staff_login(browser: TestClient) -> None:
    assert browser.get("/desk/orders").headers["location"] == "/desk/login?next=/desk/orders"


def test_a_form_without_a_session_returns_to_its_page(preview: Any, browser: TestClient) -> None:
    headers = {"Referer": f"{preview.ORIGIN}/desk/orders?page=2"}
    assert browser.post("/desk/orders/ship", headers=headers).headers["location"] == (
        "/desk/login?next=/desk/orders%3Fpage%3D2"
    )
    assert browser.post("/desk/orders/ship", headers={"Referer": "http://evil.test/x"}).headers[
        "location"
    ] == ("/desk/login?next=/")


def test_what_was_typed_is_shown_again_when_the_session_is_over(preview: Any, browser: TestClient) -> None:
    headers = {"Referer": f"{preview.ORIGIN}/desk/orders?page=2"}
    memo = "お電話で確認\n<b>急ぎ</b>"
    sent = {"text": memo, "version": "7", "id": ["a1", "a2"], "confirmed": "1"}
    answer = browser.post("/desk/orders/ship?tab=new", headers=headers, data=sent)

    page = BeautifulSoup(answer.text, "html.parser")
    form = page.select_one("main form")
    assert answer.status_code == 401
    assert form is not None and form["action"] == "/desk/orders/ship?tab=new"
    assert [(box["name"], str(box["value"]).replace("\r\n", "\n")) for box in form.select("input")] == [
        ("text", memo),
        ("version", "7"),
        ("id", "a1"),
        ("id", "a2"),
    ]
    assert [shown.text for shown in page.select("main .plain-text")] == [memo]
    assert page.select("main a[target=_blank]")[0]["href"] == "/desk/login?next=/desk/orders%3Fpage%3D2"


@pytest.mark.parametrize("secret", ["password", "new_password", "card_number", "cvc"])
def test_no_form_with_a_secret_in_it_is_shown_again(browser: TestClient, secret: str) -> None:
    answer = browser.post("/desk/orders/ship", data={"text": "メモ", secret: "do-not-show"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/login?next=/")
    assert "do-not-show" not in answer.text


def test_a_form_in_which_nothing_stood_leads_to_the_login(browser: TestClient) -> None:
    answer = browser.post("/desk/orders/ship", data={"version": "7", "confirmed": "1"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/login?next=/")


def test_htmx_is_told_where_to_go(browser: TestClient) -> None:
    answer = browser.get("/desk/orders", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/desk/login?next=/desk/orders")


def test_a_shopper_is_refused_at_the_desk(signed_in: SignIn) -> None:
    answer = signed_in().get("/desk/orders")

    assert answer.status_code == 403
    assert "店舗スタッフ専用" in answer.text
    assert "スタッフとしてログイン" in answer.text
    assert "受注一覧" not in answer.text


def test_staff_see_the_desk_and_only_their_roles_pages(signed_in: SignIn) -> None:
    browser = signed_in("店長", staff="orders")

    assert browser.get("/desk/orders").status_code == 200
    refused = browser.get("/desk/refunds")
    assert refused.status_code == 403
    assert "スタッフとしてログイン" not in refused.text, "they are logged in"
    assert "デスクへ戻る" in refused.text
    assert "この操作を行う権限がありません。" in refused.text
    assert signed_in("店長", staff="owner").get("/desk/refunds").status_code == 200


@pytest.mark.parametrize("wanted", ["/", "/order/address", "/desk/orders?page=2&q=%E5%BD%A9", "/a:b"])
def test_a_path_of_ours_may_be_returned_to(wanted: str) -> None:
    assert safe_next(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        "",
        "order",
        "//evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "https://evil.test",
        "javascript:alert(1)",
        "/\t/evil.test",
        "/a\r\nSet-Cookie: x",
        "/ /evil.test",
        "///evil.test",
        "/" + "a" * 3000,
    ],
)
def test_an_address_elsewhere_may_not(wanted: str | None) -> None:
    assert safe_next(wanted, "/members/mypage") == "/members/mypage"


def test_a_secure_cookie_is_bound_to_the_host() -> None:
    response = Response()
    Cookies(secure=True).write(response, "noren_session", "abc", max_age_seconds=60)

    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-noren_session=abc;")
    assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/", "Max-Age=60"} <= set(cookie.split("; "))
    assert "domain" not in cookie.lower()


def test_a_secure_origin_believes_no_plain_cookie(preview: Any) -> None:
    secure = TestClient(preview.make_app(secure=True), base_url="https://shop.test")
    token = preview.session_for("佐藤 彩")

    def me(name: str) -> bool:
        answer = secure.get("/api/preview/me", headers={"Cookie": f"{name}={token}"})
        return bool(answer.json()["signed_in"])

    assert (me("noren_session"), me("__Host-noren_session")) == (False, True)


@pytest.mark.parametrize("length", [0, 1, 3_600, 3_601, 9_000, 14_400])
def test_a_long_value_travels_in_pieces_and_comes_back_whole(length: int) -> None:
    cookies, response, value = (
        Cookies(secure=False),
        Response(),
        "ab.c-d_" * (length // 7) + "x" * (length % 7),
    )

    cookies.write(response, "noren_wallet", value)

    lines = response.headers.getlist("set-cookie")
    sent = "; ".join(line.partition(";")[0] for line in lines)
    request = Request({"type": "http", "headers": [(b"cookie", sent.encode())]})
    assert all(len(line) < 4_096 for line in lines)
    assert (cookies.read(request, "noren_wallet") or "") == value


def test_a_value_no_browser_keeps_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Cookies(secure=False).write(Response(), "noren_wallet", "x" * 14_401)


@pytest.mark.parametrize("count", ["²", "9", "0", "x", ""])
def test_a_cookie_in_pieces_that_cannot_be_counted_is_no_cookie(count: str) -> None:
    value = f"{count}~begin".encode("latin-1")
    request = Request({"type": "http", "headers": [(b"cookie", b"noren_session=" + value)]})

    assert Cookies(secure=False).read(request, "noren_session") in (None, "~begin")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_lapsed_rights_of_staff_are_renewed_on_the_way(
    preview: Any, browser: TestClient, method: str
) -> None:
    path = "/desk/orders" if method == "GET" else "/desk/orders/ship"
    browser.cookies.set("noren_session", preview.session_for("店長", staff="owner", staff_until=0))

    answer = browser.request(method, f"{path}?page=2")

    assert answer.status_code == 307
    assert answer.headers["location"] == f"/members/staff/renew?next={path}%3Fpage%3D2"


def test_rights_of_staff_count_for_as_long_as_they_are_said_to(preview: Any, browser: TestClient) -> None:
    until = now().timestamp() + 60
    browser.cookies.set("noren_session", preview.session_for("店長", staff="owner", staff_until=until))

    assert browser.get("/desk/orders").status_code == 200


def test_lapsed_staff_are_a_shopper_in_the_shop(preview: Any, browser: TestClient) -> None:
    browser.cookies.set("noren_session", preview.session_for("店長", staff="owner", staff_until=0))

    assert browser.get("/api/preview/me").json() == {"name": "店長", "staff": None, "signed_in": True}
