"""A prefecture is recognised in every usual spelling, and never guessed."""

import pytest

from shared.text.prefectures import PREFECTURES, prefecture_named


@pytest.mark.parametrize(
    ("spelling", "code"),
    [
        ("東京", 13),
        ("東京都", 13),
        ("東 京 都", 13),
        ("Tokyo", 13),
        ("Tokyo-to", 13),
        ("TOKYO", 13),
        ("Tōkyō", 13),
        ("ＴＯＫＹＯ", 13),
        ("JP-13", 13),
        ("13", 13),
        ("Osaka-fu", 27),
        ("OSAKA", 27),
        ("大阪", 27),
        ("Oosaka", 27),
        ("Hokkaido", 1),
        ("北海道", 1),
        ("Hokkaidō", 1),
        ("Kyoto", 26),
        ("京都府", 26),
        ("京都", 26),
        ("Kanagawa Prefecture", 14),
        ("Kanagawa-ken", 14),
        ("Hyōgo", 28),
        ("Gumma Ken", 10),
        ("Ōita", 44),
    ],
)
def test_a_spelling_names_its_prefecture(spelling: str, code: int) -> None:
    assert prefecture_named(spelling) == PREFECTURES[code - 1]


@pytest.mark.parametrize("prefecture", PREFECTURES)
def test_every_prefecture_names_itself(prefecture: str) -> None:
    assert prefecture_named(prefecture) == prefecture


@pytest.mark.parametrize(
    "spelling", ["", "-", "California", "京", "都", "Tok", "99", "東京都千代田区", "\x00"]
)
def test_what_names_no_prefecture_is_not_guessed(spelling: str) -> None:
    assert prefecture_named(spelling) == ""
