"""Typed numbers are read exactly or refused."""

import pytest

from shared.text.typed_number import NumberUnclear, typed_number


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("5,800", 5_800),
        ("５，８００", 5_800),
        ("¥5,800", 5_800),
        ("￥５８００円", 5_800),
        ("1,034", 1_034),
        ("12,345,678", 12_345_678),
        (" 7 ", 7),
        ("007", 7),
        ("-500", -500),
        ("−500", -500),
    ],
)
def test_a_clear_number_is_read_exactly(typed: str, meant: int) -> None:
    assert typed_number(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "5,80",
        "5.800",
        "58,00",
        "5 800",
        "5800.0",
        "0.5",
        "1,2345",
        "²",
        "⑤",
        "五",
        "1e3",
        "1_000",
        "",
        "--1",
        "9" * 13,
    ],
)
def test_a_number_that_may_mean_another_is_refused(typed: str) -> None:
    with pytest.raises(NumberUnclear):
        typed_number(typed)
