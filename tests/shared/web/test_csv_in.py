"""A CSV file that comes in becomes rows, or says line by line what is wrong with it."""

from io import BytesIO

import pytest
from pydantic import BaseModel, Field

from shared.errors import Refused
from shared.text.csv_files import people_line
from shared.web.csv_in import Finding, Sheet
from shared.web.fields import Count, Line


class Parcel(BaseModel):
    """A row."""

    order_code: Line = Field(title="注文番号", min_length=1, max_length=40)
    pieces: Count = Field(title="個数")
    memo: Line = Field("", title="メモ", max_length=20)


HEADERS = {"お客様管理番号": "order_code", "注文番号": "order_code", "個数": "pieces", "メモ": "memo"}
SHEET = Sheet(Parcel, HEADERS, rows_max=3)
FILE = "個数,注文番号,余分,メモ\r\n2,N-1,x,髙橋様\r\n\r\n１,N-2\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_file_of_any_usual_encoding_becomes_rows(encoding: str) -> None:
    read = SHEET.read(BytesIO(FILE.encode(encoding)))
    assert [(line, one.order_code, one.pieces, one.memo) for line, one in read.rows] == [
        (2, "N-1", 2, "髙橋様"),
        (4, "N-2", 1, ""),
    ]
    assert read.findings == []


def test_a_header_has_several_spellings_in_any_width() -> None:
    read = SHEET.read(BytesIO("お客様　管理番号,個数\nN-1,2\n".encode()))
    assert [one.order_code for _, one in read.rows] == ["N-1"]


def test_what_is_wrong_is_told_by_line_and_field() -> None:
    read = SHEET.read(BytesIO('注文番号,個数,メモ\nN-1,many,"two\nlines"\n,1,\nN-3,1,\n'.encode()))
    assert [(one.line, one.field) for one in read.findings] == [(2, "pieces"), (2, "memo"), (4, "order_code")]
    assert all(isinstance(one, Finding) and not one.text.isascii() for one in read.findings)
    assert [line for line, _ in read.rows] == [5]


def test_what_was_disarmed_for_people_is_as_it_was() -> None:
    file = people_line(["注文番号", "個数", "メモ"]) + people_line(["N-1", "1", "=1+1"])
    [(_, row)] = SHEET.read(BytesIO(file.encode())).rows
    assert row.memo == "=1+1"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff\xfe\x00\x81", "encoding_unknown"),
        (b"", "column_missing"),
        ("個数\n1\n".encode(), "column_missing"),
        ("注文番号,お客様管理番号,個数\nN-1,N-1,1\n".encode(), "column_twice"),
        ('注文番号,個数\n"N-1"x,1\n'.encode(), "csv_unreadable"),
        (("注文番号,個数\n" + "N-1,1\n" * 4).encode(), "too_many_rows"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        SHEET.read(BytesIO(content))
    assert (refused.value.code, refused.value.field) == (code, "file")
