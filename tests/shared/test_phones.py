"""Telephone numbers are understood however they are written, and kept in one form."""

import pytest

from shared.text.phones import phone_digits


@pytest.mark.parametrize(
    "written",
    [
        "090-1234-5678",
        "09012345678",
        "+81 90-1234-5678",
        "+819012345678",
        "０９０ー１２３４−５６７８",
        "81 90 1234 5678",
        "0081 90 1234 5678",
        "010-81-90-1234-5678",
        "+81(0)90-1234-5678",
        "(090) 1234 5678",
        " 090‐1234‐5678 ",
    ],
)
def test_a_mobile_number_has_one_form(written: str) -> None:
    assert phone_digits(written) == "09012345678"


@pytest.mark.parametrize(
    ("written", "kept"),
    [("03-1234-5678", "0312345678"), ("0120-123-456", "0120123456"), ("050-1234-5678", "05012345678")],
)
def test_numbers_of_towns_and_free_dials_are_kept(written: str, kept: str) -> None:
    assert phone_digits(written) == kept


@pytest.mark.parametrize(
    "written",
    ["", "-", "なし", "110", "+1 212 555 0100", "090-1234-56", "9012345678", "090-1234-5678 x9", "0" * 60_000, "\x00"],
)  # fmt: skip
def test_what_is_no_japanese_number_is_none(written: str) -> None:
    assert phone_digits(written) == ""
