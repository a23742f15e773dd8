"""What names, addresses and notes may hold, and what a carrier's file can hold of it."""

import pytest

from shared.text import plain_text
from shared.text.cp932 import Unwritable, suggested, unwritable
from shared.text.plain_text import TextRefused


@pytest.mark.parametrize("text", ["髙﨑 𠮷野 ㈱ ①", "神田", "👨\u200d👩\u200d👧 のし希望", "ﾔﾏﾀﾞ"])
def test_what_people_write_stays_as_they_wrote_it(text: str) -> None:
    assert (plain_text.line(text), plain_text.text(text)) == (text, text)


def test_a_kana_and_its_mark_become_one_letter() -> None:
    assert plain_text.line("か\u3099ん 神") == "がん 神"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a\u202eb", "U+202E"),
        ("a\u2068b", "U+2068"),
        ("a\u200eb", "U+200E"),
        ("a\x00b", "U+0000"),
        ("a\x1bb", "U+001B"),
        ("a\ud842b", "U+D842"),
        ("a\u2028b", "U+2028"),
    ],
)
def test_a_sign_that_cannot_be_seen_or_stored_is_named(text: str, found: str) -> None:
    for rule in (plain_text.line, plain_text.text):
        with pytest.raises(TextRefused) as refused:
            rule(text)
        assert refused.value.found == found


def test_only_a_text_of_many_lines_has_line_breaks() -> None:
    assert plain_text.text("一行目\n二行目") == "一行目\n二行目"
    with pytest.raises(TextRefused, match="改行"):
        plain_text.line("一行目\n二行目")


def test_text_that_cp932_cannot_hold_gets_a_replacement() -> None:
    assert unwritable("𠮷野😀é") == [
        Unwritable("𠮷", 0, "吉"),
        Unwritable("😀", 2, ""),
        Unwritable("é", 3, "e"),
    ]
    assert unwritable("髙﨑 ① ㈱ 〜 表ソ能予") == []
    assert suggested("𠮷野家 頰張 👨\u200d👩 한") == "吉野家 頬張  〓"
    suggested("𠮷野家 頰張 👨\u200d👩 한 ㊗ ¥").encode("cp932")


@pytest.mark.parametrize(
    "text",
    [
        "http://evil.example/当選",
        "当選 WWW.evil.example",
        "ｈｔｔｐ：／／evil.example",
        "当選evil.example/a",
        "ｅｖｉｌ．ｅｘａｍｐｌｅ／ａ",
        "a-b.evil.example:8080/",
        "evil.xn--p1ai/login",
        "evil.example?a=1",
        "悪.example/a",
        "evil\u200b.example/a",
        "evil\ufe0f.example/a",
        "evil.exa\u00admple/a",
        "ht\u2060tp:/\u200b/evil",
    ],
)
def test_what_mails_repeat_holds_no_address_of_the_web(text: str) -> None:
    with pytest.raises(TextRefused, match="使用できない文字"):
        plain_text.unlinked_line(text)
    assert plain_text.line(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "山田 太郎",
        "O'Neil Jr.",
        "株式会社www",
        "田中：総務/経理",
        "渋谷区神宮前1-2-3 A.B.Cビル",
        "No.5",
        "Bldg.3F/4F",
        "St.ルカ館2F/3F",
        "kakaku.com 本社 #301",
        "1.5/2号室",
    ],
)
def test_names_and_addresses_of_people_and_companies_are_kept(text: str) -> None:
    assert plain_text.unlinked_line(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "evil.com",
        "当選evil.com#a",
        "賞金は ｅｖｉｌ．ｅｘａｍｐｌｅ で",
        "のれん.日本",
        "x.com",
        "t.co",
        "Dr.evil.com",
        "A.evil.example",
        "evil。com",
        "evil\ufe0f.com",
        "山田 taro@evil.example",
        "localhost:8080",
        "192.0.2.1",
        "\\\\evil\\share",
        "evil.xn--p1ai",
        "evi\u200bl",
        "山\u200d田",
        "ev\u00adil",
        "\u3164",
        "https://evil.example/",
    ],
)
def test_a_name_holds_no_address_and_nothing_hidden(text: str) -> None:
    with pytest.raises(TextRefused, match="含まれています。"):
        plain_text.name(text)


@pytest.mark.parametrize(
    "text",
    [
        "山田 太郎",
        "O'Neil Jr.",
        "Washington D.C.",
        "J.R.R. Tolkien",
        "K.Yamada",
        "St.John",
        "Ph.D. Ada",
        "ノーレン・ジャパン",
        "株式会社A.B",
        "㈱山田商店 総務部：佐藤",
        "葛\U000e0100城",
        "می\u200cخواهم",
        "क्\u200dष",
        "髙﨑 𠮷野",
        "👩\u200d💻のアダ",
    ],
)
def test_the_names_of_people_and_companies_are_kept(text: str) -> None:
    assert plain_text.name(text) == text


@pytest.mark.parametrize(
    "text", ["", " 　\n", "\u200b", "\u3164", "\u2800 \u00ad", "\u2060\ufe0f", "\U000e0041"]
)
def test_a_text_in_which_nothing_is_to_be_seen_is_none(text: str) -> None:
    assert plain_text.trimmed(text) == ""


def test_blanks_are_trimmed_and_what_is_inside_stays() -> None:
    assert plain_text.trimmed("　葛\U000e0100 城\u3164市 ") == "葛\U000e0100 城\u3164市"


def test_what_nobody_sees_goes_and_what_joins_letters_stays() -> None:
    assert plain_text.unhidden("ev\u200bil\u00ad.com\u3164") == "evil.com"
    assert plain_text.unhidden("می\u200cخواهم 👩\u200d💻") == "می\u200cخواهم 👩\u200d💻"
