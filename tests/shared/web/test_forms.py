"""What people type, what the shop stores, and what it says when it cannot."""

from typing import Any, Literal

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field

from shared.errors import Refused
from shared.web.fields import (
    PREFECTURES,
    Count,
    DayOfLists,
    Email,
    Kana,
    Line,
    PersonName,
    Phone,
    PostalCode,
    Prefecture,
    Text,
    Yen,
)
from shared.web.forms import Form, parse_form

GOOD = {
    "name": "髙橋 美咲",
    "kana": "たかはし　みさき",
    "email": "Misaki@Example.JP",
    "postal_code": "１５０－０００１",
    "prefecture": "東京都",
    "address1": "渋谷区神宮前1-2-3",
    "phone": "０９０ー１２３４ー５６７８",
    "payment": "konbini",
}


class One(BaseModel):
    postal_code: PostalCode | None = None
    phone: Phone | None = None
    email: Email | None = None
    kana: Kana | None = None
    name: PersonName | None = Field(None, title="氏名")
    memo: Text = Field("", title="ご要望")
    line: Line = Field("", title="住所1")
    prefecture: Prefecture | None = None
    points: Yen = Field(0, title="利用ポイント")
    quantity: Count = Field(1, title="数量")
    gift: bool = Field(False, title="ギフト")
    days: Literal["3", "7"] = Field("3", title="期限")
    ids: list[str] = Field([], title="注文")


def made(name: str, typed: Any) -> Any:
    form = parse_form(One, {name: typed})
    assert form.errors == {}
    return getattr(form.value, name)


def said(name: str, typed: Any) -> str:
    return parse_form(One, {name: typed}).errors[name]


@pytest.mark.parametrize(
    "typed", ["1500001", "150-0001", "１５０－０００１", "〒150-0001", " 150 0001 ", "150ー0001"]
)
def test_a_postal_code_is_stored_as_seven_digits(typed: str) -> None:
    assert made("postal_code", typed) == "1500001"


@pytest.mark.parametrize("typed", ["150000", "15000011", "abc", "150-000x", "一五〇〇〇〇一"])
def test_a_bad_postal_code_is_told_what_to_do(typed: str) -> None:
    assert said("postal_code", typed) == "郵便番号は7桁の数字で入力してください"


@pytest.mark.parametrize(
    "typed", ["09012345678", "090-1234-5678", "０９０（１２３４）５６７８", "+81 90-1234-5678"]
)
def test_a_phone_number_is_stored_as_digits(typed: str) -> None:
    assert made("phone", typed) == "09012345678"


@pytest.mark.parametrize("typed", ["9012345678", "090123456789", "0901234", "電話なし"])
def test_a_bad_phone_number_is_told_what_to_do(typed: str) -> None:
    assert said("phone", typed) == "電話番号は0から始まる10桁か11桁の数字で入力してください"


@pytest.mark.parametrize("typed", ["ﾀｶﾊｼ ﾐｻｷ", "たかはし　みさき", "タカハシ ミサキ"])
def test_kana_become_full_width_katakana(typed: str) -> None:
    assert made("kana", typed) == "タカハシ ミサキ"


def test_kana_refuse_kanji() -> None:
    assert said("kana", "高橋") == "フリガナは全角カタカナで入力してください"


def test_names_are_kept_as_people_write_them() -> None:
    assert made("name", "髙﨑 𠮷野 ㈱") == "髙﨑 𠮷野 ㈱"


@pytest.mark.parametrize("typed", ["彩\r\nBcc: a@evil.test", "彩\x1b", "=?UTF-8?Q?=0ABcc:_x?=", "彩\u2028子"])
def test_a_line_that_could_open_a_mail_header_is_refused(typed: str) -> None:
    assert "使用できない文字" in said("name", typed)


def test_a_longer_text_keeps_its_line_breaks_and_no_nul() -> None:
    assert made("memo", "一行目\r\n二行目") == "一行目\n二行目"
    assert "使用できない文字" in said("memo", "あ\x00")


def test_mail_addresses_are_normalised_or_explained() -> None:
    assert made("email", "ａｙａ@Example.JP") == "aya@example.jp"
    assert made("email", "taro..test.@docomo.ne.jp") == "taro..test.@docomo.ne.jp"
    for typed in ("aya", "aya@", "a b@example.jp", "aya@example.jp\nBcc: x@y.jp", "aya@localhost"):
        assert said("email", typed).startswith("メールアドレス")


def test_there_are_47_prefectures_and_no_other() -> None:
    assert (len(set(PREFECTURES)), PREFECTURES[12], PREFECTURES[46]) == (47, "東京都", "沖縄県")
    assert made("prefecture", "京都府") == "京都府"
    assert said("prefecture", "江戸") == "都道府県を選択してください"


def test_amounts_may_be_typed_the_japanese_way() -> None:
    assert (made("points", "１，２００円"), made("points", "¥1,200"), made("quantity", "３")) == (
        1200,
        1200,
        3,
    )
    assert said("points", "-1") == "利用ポイントは0以上で入力してください"
    assert said("points", "100000000") == "利用ポイントは99,999,999以下で入力してください"
    assert said("points", "千円") == "利用ポイントは数字で入力してください"
    for unclear in ("1.5", "5,80", "5.800", "58,00", "5 800", "²"):
        assert said("points", unclear) == "利用ポイントは「5,800」「5800」のような数字で入力してください"
    for wrong in ("10000", "0", "-3", "0.5", "たくさん"):
        assert said("quantity", wrong) == "数量は1〜9,999の数字で入力してください"


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "3000-01-01", "9999-12-31"])
def test_a_list_is_searched_by_days_that_can_be_counted(day: str) -> None:
    class Wanted(BaseModel):
        since: DayOfLists | None = Field(None, title="注文日(から)")

    assert parse_form(Wanted, {"since": day}).errors == {
        "since": "注文日(から)は2000年から2999年までの日付を入力してください"
    }
    assert not parse_form(Wanted, {"since": "2000-01-01"}).errors


def test_a_text_that_is_too_long_is_counted_in_letters() -> None:
    assert said("name", "彩" * 61) == "氏名は60文字以内で入力してください"
    assert said("line", "彩" * 201) == "住所1は200文字以内で入力してください"


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200f", "\u202a", "\x7f"])
def test_a_sign_that_turns_text_around_is_refused_by_name(sign: str) -> None:
    refused = f"使用できない文字（U+{ord(sign):04X}）が含まれています。削除して入力してください"
    assert said("line", f"渋谷{sign}区") == f"住所1に{refused}"
    assert said("memo", f"渋谷{sign}区") == f"ご要望に{refused}"


def test_choices_boxes_and_lists() -> None:
    assert (made("gift", "true"), made("days", "7"), made("ids", ["a", "b"])) == (True, "7", ["a", "b"])
    assert parse_form(One, {}).value.gift is False
    assert said("days", "5") == "期限は選択肢から選んでください"


def test_an_empty_box_is_asked_for_unless_it_is_optional(preview: Any) -> None:
    form = parse_form(preview.DeliverTo, {"name": "  ", "address2": ""})

    assert form.errors["name"] == "お名前を入力してください"
    assert form.errors["prefecture"] == "都道府県を選択してください"
    assert form.errors["payment"] == "お支払い方法を選択してください"
    assert "address2" not in form.errors


def test_fields_the_form_does_not_name_are_ignored(preview: Any) -> None:
    form = parse_form(preview.DeliverTo, {**GOOD, "member_id": "m-2", "total": "1"})

    assert form.errors == {}
    assert form.value.kana == "タカハシ ミサキ"
    assert not hasattr(form.value, "member_id")


def test_a_prefix_keeps_two_addresses_apart(preview: Any) -> None:
    form = parse_form(preview.DeliverTo, {**GOOD, "delivery_name": "鈴木 健一"}, prefix="delivery_")

    assert form["name"] == "鈴木 健一"
    assert "postal_code" in form.errors


def test_a_value_is_not_handed_out_before_it_is_good(preview: Any) -> None:
    for form in (Form(preview.DeliverTo), parse_form(preview.DeliverTo, {})):
        with pytest.raises(LookupError):
            _ = form.value


def test_a_later_refusal_stands_at_its_field_or_above(preview: Any) -> None:
    form = parse_form(preview.DeliverTo, GOOD)
    form.refuse(Refused("too_far", "この地域には配送できません", field="prefecture"))
    form.refuse(Refused("sold_out", "在庫が足りません", field="lines"))

    assert form.errors == {"prefecture": "この地域には配送できません", "": "在庫が足りません"}


def test_a_page_shows_what_was_typed_with_the_error_at_its_field(browser: TestClient) -> None:
    answer = browser.post(
        "/order/address", data={**GOOD, "postal_code": "12", "name": '"><script>x</script>'}
    )

    assert answer.status_code == 422
    assert '<a href="#f-postal_code">郵便番号は7桁の数字で入力してください</a>' in answer.text
    assert 'aria-describedby="h-postal_code e-postal_code" aria-invalid="true"' in answer.text
    assert 'value="12"' in answer.text
    assert "入力内容に誤りがあります（1か所）" in answer.text
    assert "<script>x" not in answer.text
    assert '<option value="東京都" selected>' in answer.text


def test_a_refusal_of_the_whole_form_stands_in_the_summary(browser: TestClient) -> None:
    answer = browser.post("/order/address", data={**GOOD, "name": "在庫 無"})

    assert "<li>「白磁の湯呑」の在庫が足りません</li>" in answer.text


def test_a_good_form_leads_on_with_a_word_of_thanks_shown_once(browser: TestClient) -> None:
    answer = browser.post("/order/address", data=GOOD)

    assert (answer.status_code, answer.headers["location"]) == (303, "/order/done")
    assert "お届け先を保存しました" in browser.get("/order/done").text
    assert "お届け先を保存しました" not in browser.get("/order/done").text
