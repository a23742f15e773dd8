"""What the HTTP edge lets in, and what it stamps on every answer."""

import asyncio
import time
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException
from starlette.types import Message

from shared.web.bodies import Upload
from shared.web.edge import ADDRESS_BYTES_MAX, BODY_BYTES_MAX, FORM_BYTES_MAX, UPLOAD_BYTES_MAX

EVERY_ANSWER = ["/", "/nothing", "/broken", "/static/noren.css", "/order/address?x=%00"]


@pytest.mark.parametrize("path", EVERY_ANSWER)
def test_every_answer_carries_the_security_headers(browser: TestClient, path: str) -> None:
    headers = browser.get(path).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy and "style-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert len(headers["x-request-id"]) == 36


def test_forms_may_lead_to_the_configured_provider_only(preview: Any, browser: TestClient) -> None:
    policy = browser.get("/").headers["content-security-policy"]

    assert f"form-action 'self' {preview.PROVIDER};" in policy


def test_https_is_insisted_on_only_where_the_origin_is_https(preview: Any, browser: TestClient) -> None:
    secure = TestClient(preview.make_app(secure=True), base_url="https://shop.test")

    assert "strict-transport-security" in secure.get("/").headers
    assert "strict-transport-security" not in browser.get("/").headers


def test_a_good_request_id_is_kept_and_a_strange_replaced(browser: TestClient) -> None:
    assert browser.get("/", headers={"X-Request-Id": "front-0001"}).headers["x-request-id"] == "front-0001"
    assert browser.get("/", headers={"X-Request-Id": "<script>"}).headers["x-request-id"] != "<script>"


def test_answers_are_not_stored_unless_they_say_so(browser: TestClient) -> None:
    assert browser.get("/", headers={"Cookie": "a=b"}).headers["cache-control"] == "no-store"
    assert browser.get("/").headers["cache-control"] == "no-store"


async def test_an_upload_that_takes_too_long_is_given_up() -> None:
    pieces = asyncio.Queue[Message]()
    pieces.put_nowait({"type": "http.request", "body": b"a", "more_body": True})
    receive = Upload(pieces.get, 10, seconds_max=0.05)
    assert (await receive())["body"] == b"a"
    with pytest.raises(HTTPException) as slow:
        await receive()
    assert slow.value.status_code == 408
    quick = Upload(pieces.get, 10, seconds_max=0.05)
    pieces.put_nowait({"type": "http.request", "body": b"a", "more_body": False})
    assert (await quick())["body"] == b"a"
    gone = asyncio.ensure_future(quick())
    # Whoever waits for the end of the connection waits for as long as it lasts.
    assert await asyncio.wait({gone}, timeout=0.1) == (set(), {gone})
    pieces.put_nowait({"type": "http.disconnect"})
    assert (await gone)["type"] == "http.disconnect"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://shop.test", "Cookie": "a=b"}, 422),
        ({"Origin": "http://shop.test", "Sec-Fetch-Site": "same-origin", "Cookie": "a=b"}, 422),
        ({"Origin": "http://evil.test", "Cookie": "a=b"}, 403),
        ({"Origin": "http://evil.test"}, 403),
        ({"Origin": "null", "Cookie": "a=b"}, 403),
        ({"Origin": "https://shop.test", "Cookie": "a=b"}, 403),
        ({"Origin": "http://[", "Cookie": "a=b"}, 403),
        ({"Origin": "http://127.0.0.1:8101", "Host": "127.0.0.1:8101", "Cookie": "a=b"}, 422),
        ({"Origin": "http://shop.test.evil.test", "Cookie": "a=b"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Cookie": "a=b"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Cookie": "a=b"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.test", "Cookie": "a=b"}, 403),
        ({"Cookie": "a=b"}, 403),
        ({}, 422),
    ],
)
def test_a_form_from_another_site_is_refused(
    program: TestClient, headers: dict[str, str], status: int
) -> None:
    assert program.post("/order/address", data={"name": "彩"}, headers=headers).status_code == status


def test_another_site_cannot_sign_out_by_delete_or_put(program: TestClient) -> None:
    for method in ("DELETE", "PUT", "PATCH"):
        assert program.request(method, "/order/address", headers={"Cookie": "a=b"}).status_code == 403


def test_an_exempt_path_hears_a_provider_from_anywhere(program: TestClient) -> None:
    headers = {"Origin": "https://sns.provider.test", "Cookie": "a=b"}

    assert program.post("/payments/notices/provider", content=b"{}", headers=headers).text == "2"


@pytest.mark.parametrize("announced", [True, False], ids=["with its length", "in chunks"])
def test_a_body_over_one_megabyte_is_refused(program: TestClient, announced: bool) -> None:
    body = b"x" * (1024 * 1024 + 1)
    content = body if announced else iter([body[:700_000], body[700_000:]])

    assert program.post("/payments/notices/provider", content=content).status_code == 413
    assert program.post("/payments/notices/provider", content=body[:-1]).text == str(1024 * 1024)


def test_where_files_come_in_a_body_may_have_twenty_megabytes(program: TestClient) -> None:
    fits = program.post("/api/preview/upload", files={"file": ("a.csv", b"x" * 19_000_000)})
    too_large = program.post("/api/preview/upload", files={"file": ("a.csv", b"x" * UPLOAD_BYTES_MAX)})

    assert (fits.status_code, fits.text) == (200, "19000000")
    assert too_large.status_code == 413


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/order/address", "multipart/form-data; boundary=b"),
        ("/api/preview/upload/", "multipart/form-data; boundary=b"),
        ("/api/preview/upload", "application/json"),
        ("/api/preview/upload", "application/x-www-form-urlencoded"),
        ("/api/preview/upload", "text/csv"),
    ],
)
def test_everywhere_else_a_megabyte_is_the_limit(program: TestClient, path: str, kind: str) -> None:
    body = b"x" * (BODY_BYTES_MAX + 1)
    assert program.post(path, content=body, headers={"Content-Type": kind}).status_code == 413


def test_an_upload_in_chunks_ends_when_it_grows_too_large(program: TestClient) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    pieces = iter([head, *(b"x" * 5_000_000 for _ in range(5)), b"\r\n--b--\r\n"])
    answer = program.post(
        "/api/preview/upload", content=pieces, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )

    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/items/%00", "/items/%ff%fe", "/?q=%00", "/?q=%E3%81", "/?q=%C0%80"])
def test_an_address_that_is_not_text_is_a_bad_request(browser: TestClient, path: str) -> None:
    assert browser.get(path).status_code == 400


@pytest.mark.parametrize(
    "body", [b"name=%00", b"name=%ff", b"name=\xff", b"name=%E3%81", b"name=50%", b"%=%zz"]
)
def test_a_form_that_is_not_text_is_a_bad_request(browser: TestClient, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    assert browser.post("/order/address", content=body, headers=headers).status_code == 400


def test_percent_signs_cost_the_edge_no_time(browser: TestClient) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    began = time.process_time()
    answer = browser.post("/order/address", content=b"%" * 100_000, headers=headers)

    assert answer.status_code == 400
    assert time.process_time() - began < 0.2


def test_a_form_of_fields_has_128_kilobytes_at_most(program: TestClient) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    body = b"name=" + b"x" * FORM_BYTES_MAX

    assert program.post("/order/address", content=body, headers=headers).status_code == 413
    assert program.post("/order/address", content=iter([body]), headers=headers).status_code == 413
    assert program.post("/order/address", content=body[:FORM_BYTES_MAX], headers=headers).status_code == 422
    assert program.post("/payments/notices/provider", content=body, headers=headers).status_code == 200


def test_an_address_has_32_kilobytes_at_most(browser: TestClient) -> None:
    assert browser.get("/?q=" + "x" * ADDRESS_BYTES_MAX).status_code == 414
    assert browser.get("/?q=" + "x" * (ADDRESS_BYTES_MAX - 10)).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_other_site_starts_an_export(browser: TestClient, site: str) -> None:
    assert browser.get("/desk/export.csv", headers={"Sec-Fetch-Site": site}).status_code == 403
    assert browser.get("/desk/export.csv", headers={"Sec-Fetch-Site": "same-origin"}).status_code != 403


@pytest.mark.parametrize(
    "number", [b"1" * 5_000, b"0.9999999999999999999", b"1.0000000000000000001", b"1e-99999999999999999999"]
)
def test_json_names_the_number_that_no_integer_is(program: TestClient, number: bytes) -> None:
    body = b'{"code": "a", "lines": [{"quantity": ' + number + b"}]}"
    answer = program.post("/api/preview/lines", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["field"]) == (422, "lines.0.quantity")


@pytest.mark.parametrize("path", ["/", "/nothing", "/static/noren.css", "/api/codes"])
def test_head_answers_like_get_without_the_body(browser: TestClient, path: str) -> None:
    got, head = browser.get(path), browser.head(path)

    assert (head.status_code, head.content) == (got.status_code, b"")
    for name in ("content-type", "content-length", "content-security-policy"):
        assert head.headers.get(name) == got.headers.get(name)


def test_a_form_names_the_field_that_cannot_be_stored(browser: TestClient) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    for body in (b"phone=1&name=a%00b", b"phone=1&name=%ED%A0%80"):
        problem = browser.post("/order/address", content=body, headers=headers).json()
        assert problem["field"] == "name"
        assert "「name」に保存できない文字" in problem["detail"]


@pytest.mark.parametrize("text", [rb"a\u0000b", rb"\ud83d", rb"\ude00\ud83d"])
@pytest.mark.parametrize("kind", ["application/json", "application/vnd.x+JSON; charset=utf-8", ""])
def test_json_names_the_field_that_cannot_be_stored(browser: TestClient, text: bytes, kind: str) -> None:
    body = b'{"code": "a", "lines": [{"note": "b"}, {"note": "' + text + b'"}]}'
    answer = browser.post("/api/codes", content=body, headers={"Content-Type": kind})

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["field"] == "lines.1.note"
    assert answer.json()["errors"][0]["field"] == "lines.1.note"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (rb'{"code": "a\u0000b", "quantity": 1}', 400),
        (rb'{"code": "\ud83d", "quantity": 1}', 400),
        (b'{"code": "\xff", "quantity": 1}', 400),
        (rb'{"code": "\ud83d\ude00", "quantity": 1}', 200),
        (rb'{"code": "\\u0000 is written so", "quantity": 1}', 200),
        ('{"code": "湯呑", "quantity": 1}'.encode(), 200),
        (b'{"code": ', 422),
        (b"[" * 1_000 + b"]" * 1_000, 422),
        (b"[" * 100_000, 422),
        (b'{"code": "a", "quantity": 1, "quantity": 2}', 422),
        (b'{"code": "a", "quantity": NaN}', 422),
        (b'{"code": "a", "quantity": 1.5}', 422),
        (b'{"code": "a", "quantity": 1e9}', 422),
        (b'{"code": "a", "quantity": 0}', 422),
        (b'{"code": "a", "quantity": 1.00000000000000000000}', 200),
        (b'{"code": "a", "quantity": 10e-1}', 200),
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "application/problem+json"])
def test_bad_json_is_refused_and_never_a_failure(
    program: TestClient, body: bytes, status: int, kind: str
) -> None:
    answer = program.post("/api/preview/lines", content=body, headers={"Content-Type": kind})

    assert answer.status_code == status
