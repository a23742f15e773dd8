"""Postal codes: the towns that Japan Post delivers to, without its notes."""

import pytest

from shared.text.postal import Town, contradiction, find_towns, prefecture_of


@pytest.mark.parametrize(
    ("code", "town"),
    [
        ("1070062", Town("東京都", "港区", "南青山")),
        ("2200011", Town("神奈川県", "横浜市西区", "高島")),
        ("6048005", Town("京都府", "京都市中京区", "恵比須町")),
        ("9800011", Town("宮城県", "仙台市青葉区", "上杉")),
        ("7960088", Town("愛媛県", "八幡浜市", "八幡浜市")),
        ("0660005", Town("北海道", "千歳市", "協和")),
        ("1000000", Town("東京都", "千代田区", "")),
        ("4090142", Town("山梨県", "北都留郡小菅村", "")),
        ("1008950", Town("東京都", "千代田区", "霞が関1丁目2-1")),
    ],
)
def test_a_code_names_its_town_and_no_note(code: str, town: Town) -> None:
    assert find_towns(code) == (town,)
    assert town.address1 == town.city + town.town


def test_a_code_of_several_towns_offers_each() -> None:
    assert find_towns("9218046") == (Town("石川県", "金沢市", "大桑町"), Town("石川県", "金沢市", "三小牛町"))
    assert find_towns("4980000") == (Town("愛知県", "弥富市", ""), Town("三重県", "桑名郡木曽岬町", ""))
    assert find_towns("4411324") == tuple(
        Town("愛知県", "新城市", name) for name in ("井道", "奥井道", "内井道")
    )
    assert Town("岩手県", "和賀郡西和賀町", "樺沢") in find_towns("0295502")


def test_a_code_that_is_not_known_has_no_town_and_no_error() -> None:
    assert find_towns("0000000") == () == find_towns("abc")


def test_the_prefecture_follows_from_the_code_where_there_is_one() -> None:
    assert (prefecture_of("1500001"), prefecture_of("4980000"), prefecture_of("0000000")) == (
        "東京都",
        "",
        "",
    )


def test_code_and_prefecture_that_contradict_are_asked_about() -> None:
    assert contradiction("1500001", "東京都") == "" == contradiction("4980000", "三重県")
    assert "150-0001 は東京都の番号です" in contradiction("1500001", "大阪府")
    assert "愛知県・三重県" in contradiction("4980000", "東京都")
    assert "000-0000 が見つかりませんでした" in contradiction("0000000", "東京都")
