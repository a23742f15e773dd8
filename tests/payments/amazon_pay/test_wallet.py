"""Whatever a wallet sends becomes our fields, or stands where the buyer can correct it."""

import pytest

from payments.methods.amazon_pay.sessions import Address
from payments.methods.amazon_pay.wallet import in_noren_format


def ours(**fields: str | None) -> dict[str, str]:
    return in_noren_format(Address.model_validate(fields))


@pytest.mark.parametrize("written", ["東京", "Tokyo", "Tokyo-to", "TOKYO", "東京都"])
def test_a_prefecture_is_known_in_every_spelling(written: str) -> None:
    assert ours(stateOrRegion=written)["prefecture"] == "東京都"


@pytest.mark.parametrize("written", [None, "", "Kansai"])
def test_an_unknown_prefecture_comes_from_the_postal_code(written: str | None) -> None:
    assert ours(stateOrRegion=written, postalCode="530-0001")["prefecture"] == "大阪府"
    assert ours(stateOrRegion=written, postalCode="498-0000")["prefecture"] == "", "a code of two prefectures"


@pytest.mark.parametrize("written", ["1000005", "100-0005", "１００－０００５", "〒100 0005"])
def test_postal_codes_are_seven_digits(written: str) -> None:
    assert ours(postalCode=written)["postal_code"] == "1000005"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("+81 90-1234-5678", "09012345678"),
        ("+81(0)90-1234-5678", "09012345678"),
        ("０９０ー１２３４ー５６７８", "09012345678"),
        ("", ""),
        ("-", ""),
        ("なし", ""),
        ("090-1234", "090-1234"),
    ],
)
def test_telephone_numbers_are_digits_or_stay_to_be_corrected(written: str, kept: str) -> None:
    assert ours(phoneNumber=written)["phone"] == kept


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (("梅田3-1-3", "1203", None), ("梅田3-1-3", "1203")),
        (("千代田区丸の内", "1-9-1", "みどりビル 5F"), ("千代田区丸の内", "1-9-1 みどりビル 5F")),
        ((None, "1-9-1", "5F"), ("1-9-1", "5F")),
        (("東京都千代田区丸の内1-9-1", None, None), ("千代田区丸の内1-9-1", "")),
        ((None, None, None), ("", "")),
    ],
)
def test_lines_stay_lines(lines: tuple[str | None, ...], kept: tuple[str, str]) -> None:
    named = {f"addressLine{number}": line for number, line in enumerate(lines, start=1)}
    address = ours(stateOrRegion="東京都", **named)

    assert (address["address1"], address["address2"]) == kept


def test_a_city_of_its_own_stands_apart_from_the_line() -> None:
    address = ours(city="Yokohama-shi", addressLine1="1-2-3 Yamashita", stateOrRegion="Kanagawa")

    assert (address["prefecture"], address["address1"]) == ("神奈川県", "Yokohama-shi 1-2-3 Yamashita")


def test_names_keep_their_spelling_and_lose_what_nobody_sees() -> None:
    assert ours(name="𠮷田 髙志 🎎")["name"] == "𠮷田 髙志 🎎"
    assert ours(name="佐藤\t花子\u202e\x00")["name"] == "佐藤 花子"


def test_lines_too_long_are_kept_long_enough_to_be_asked_for() -> None:
    assert len(ours(addressLine1="長" * 60_000)["address1"]) == 250
