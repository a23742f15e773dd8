"""The clock of the demo moves by what people write after `make clock`."""

import pytest

from deploy.__main__ import parse_duration
from deploy.native.site import CannotRun

DAY = 86_400


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("+6d", 6 * DAY),
        ("6d", 6 * DAY),
        ("+90m", 5_400),
        ("+1d12h", DAY + 43_200),
        ("+1w", 7 * DAY),
        ("+5s", 5),
    ],
)
def test_a_duration_is_read_as_seconds(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "6", "-6d", "+6y", "d", "+6d later", "+6 d", "六日"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(CannotRun, match="no move of the clock"):
        parse_duration(text)
