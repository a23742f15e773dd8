"""How errors are told: a Japanese page to people, problem+json to programs, the cause only to the log."""

from datetime import datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from shared.web.session import Sessions


def test_a_missing_page_is_japanese_in_the_shop_frame(browser: TestClient) -> None:
    answer = browser.get("/nothing")

    assert answer.status_code == 404
    assert "ページが見つかりません" in answer.text
    assert 'class="curtain"' in answer.text
    assert answer.headers["x-request-id"] in answer.text


def test_a_program_reads_a_problem_document(program: TestClient) -> None:
    answer = program.get("/refused")

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "この操作は今はできません",
        "status": 409,
        "detail": "「白磁の湯呑」の在庫が足りません",
        "code": "sold_out",
        "field": "quantity",
        "request_id": answer.headers["x-request-id"],
    }


def test_an_api_path_answers_json_even_to_a_browser(browser: TestClient) -> None:
    assert browser.get("/api/nothing").headers["content-type"] == "application/problem+json"


def test_a_refusal_is_a_page_with_its_reason_for_people(browser: TestClient) -> None:
    answer = browser.get("/refused")

    assert answer.status_code == 409
    assert "「白磁の湯呑」の在庫が足りません" in answer.text


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_failure_shows_the_request_id_and_nothing_of_its_cause(program: TestClient, accept: str) -> None:
    answer = program.get("/broken", headers={"Accept": accept})

    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.text
    assert (
        "SELECT" not in answer.text and "RuntimeError" not in answer.text and "Traceback" not in answer.text
    )
    assert "ただいま処理できませんでした" in answer.text


def test_what_is_busy_asks_to_come_back(browser: TestClient) -> None:
    answer = browser.get("/busy")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "ただいま混み合っています" in answer.text
    assert "locked" not in answer.text


def test_a_database_that_is_away_asks_to_come_back(program: TestClient) -> None:
    answer = program.get("/database-away")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["code"] == "busy"
    assert "secret" not in answer.text


def test_a_path_that_cannot_exist_is_a_missing_page(browser: TestClient) -> None:
    assert browser.get("/numbers/abc").status_code == 404


def test_bad_input_names_each_field_in_japanese(program: TestClient) -> None:
    answer = program.post("/api/preview/lines", json={"quantity": "たくさん"})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "code", "message": "codeを入力してください"},
        {"field": "quantity", "message": "quantityは数字で入力してください"},
    ]
    assert answer.json()["field"] == "code"


def test_a_wrong_method_keeps_its_allow_header(browser: TestClient) -> None:
    answer = browser.post("/refused")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"


def test_the_address_of_a_missing_page_is_shown_as_text(browser: TestClient) -> None:
    assert "<script>alert" not in browser.get("/%3Cscript%3Ealert(1)%3C/script%3E").text


def test_a_problem_is_told_even_if_nobody_can_say_who_is_looking(preview: Any, browser: TestClient) -> None:
    async def is_down(session_id: str, member_id: str, issued_at: datetime) -> bool:
        raise ConnectionError("no database")

    sessions: Sessions = browser.app.state.sessions  # type: ignore[attr-defined]
    browser.app.state.sessions = Sessions(sessions.verifier, is_down)  # type: ignore[attr-defined]
    browser.cookies.set("noren_session", preview.session_for("佐藤 彩"))

    assert browser.get("/nothing").status_code == 404
    assert browser.post("/order/address", headers={"Origin": "http://evil.test"}).status_code == 403
    assert browser.get("/").status_code == 503
