"""Carriers are known by code and by name; their numbers are taken as people type them, or refused in words."""

import pytest

from shared.errors import Refused
from shared.shop.carriers import CARRIERS, Carrier, carrier_called


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("yamato", "yamato"), ("ヤマト運輸", "yamato"), ("ﾔﾏﾄ 運輸", "yamato")),
        *(("佐川急便", "sagawa"), ("Sagawa", "sagawa")),
        *(("日本郵便", "japan_post"), ("ゆうパック", "japan_post"), ("japan_post", "japan_post")),
    ],
)
def test_a_code_or_a_name_means_its_carrier(text: str, code: str) -> None:
    assert carrier_called(text) is CARRIERS[code]


def test_any_other_text_is_a_carrier_of_that_name_without_page() -> None:
    unknown = carrier_called(" 近所の配達 ")
    assert unknown == Carrier("近所の配達", "近所の配達")
    assert (unknown.checked_number("abc-1"), unknown.tracking_page("abc-1")) == ("ABC1", "")
    assert (carrier_called(None).code, carrier_called("").name) == ("", "")


@pytest.mark.parametrize(
    ("carrier", "typed", "stored"),
    [
        ("yamato", "1234-5678-9013", "123456789013"),
        ("yamato", "１２３４ー５６７８ー９０１３", "123456789013"),
        ("sagawa", "1234 5678 9013", "123456789013"),
        ("japan_post", "123456789013", "123456789013"),
        ("japan_post", "12345678903", "12345678903"),
        ("japan_post", "rr473124829jp", "RR473124829JP"),
        (None, "abc-1", "ABC1"),
    ],
)
def test_a_number_is_stored_as_its_carrier_knows_it(carrier: str | None, typed: str, stored: str) -> None:
    assert carrier_called(carrier).checked_number(typed) == stored


@pytest.mark.parametrize(
    ("carrier", "typed", "words"),
    [
        ("yamato", "1234", "ヤマト運輸の送り状番号は12桁の数字で入力してください"),
        ("yamato", "123456789012", "最後の数字が合いません"),
        ("sagawa", "12345678901A", "佐川急便の送り状番号は12桁の数字で入力してください"),
        ("japan_post", "1234567890", "11桁または12桁"),
        ("japan_post", "RR473124828JP", "最後の数字が合いません"),
    ],
)
def test_a_number_of_no_parcel_is_refused_in_words(carrier: str, typed: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        carrier_called(carrier).checked_number(typed)
    assert (refused.value.field, refused.value.status) == ("tracking_number", 422)


def test_only_known_carriers_have_a_tracking_page() -> None:
    assert carrier_called("sagawa").tracking_page("1234-5678-9013") == (
        "https://k2k.sagawa-exp.co.jp/p/web/okurijosearch.do?okurijoNo=123456789013"
    )
    assert carrier_called("sagawa").tracking_page(None) == ""
