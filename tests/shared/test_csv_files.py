"""Files for people and files for programs, and the way back."""

import pytest

from harness.csv_rows import read_rows
from shared.text.csv_files import BOM, people_line, program_line

DATA = ["-abc@docomo.ne.jp", "+819012345678", "-500", "'quoted'", "山田, 太郎", "一行目\r\n二行目", '"', ""]
FORMULAS = [
    "=1+1",
    "＝1+1",
    " =1",
    "@SUM(A1)",
    "-1+2",
    "+cmd|'/C calc'!A0",
    "-cmd|'/C calc'!A0@example.jp",
    "\t=1",
    "'=1",
]


def test_data_shows_no_apostrophe_in_a_file_for_people() -> None:
    assert list(read_rows(people_line(DATA))) == [DATA]
    assert (
        people_line(["-abc@docomo.ne.jp", "+819012345678", "-500"])
        == "-abc@docomo.ne.jp,+819012345678,-500\r\n"
    )


@pytest.mark.parametrize("text", FORMULAS[:-1])
def test_a_formula_is_disarmed_for_people_alone(text: str) -> None:
    assert people_line([text]).lstrip('"').startswith("'")
    assert not program_line([text]).lstrip('"').startswith("'")


def test_our_own_file_reads_back_unchanged() -> None:
    assert list(read_rows(BOM + people_line(DATA) + people_line(FORMULAS))) == [DATA, FORMULAS]
