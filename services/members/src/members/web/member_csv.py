"""会員データ出力ファイル: CSV (RFC 4180) in UTF-8 with BOM, whose cells no spreadsheet takes for formulas."""

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import datetime

from shared.clock import in_japan
from shared.sql import Row

BOM = "\ufeff"
COLUMNS = (
    "会員番号",
    "氏名",
    "フリガナ",
    "メールアドレス1",
    "郵便番号",
    "都道府県",
    "住所1",
    "住所2",
    "電話番号1",
    "メルマガ受信可否",
    "有効ポイント",
    "有効待ちポイント",
    "登録日時",
    "AmazonID連携日時",
)
# Also behind a quote or blanks, and in full width: spreadsheets forgive all of these (OWASP ASVS 1.2.10).
_FORMULA = re.compile(r"""^[\s"'　]*[=+\-@＝＋－＠\t\r]""")


def cell(value: str) -> str:
    """Return a cell's text, made harmless where a spreadsheet would compute it."""
    return f"'{value}" if _FORMULA.match(value) else value


async def member_csv(rows: AsyncIterator[Row]) -> AsyncIterator[str]:
    """Yield the file line by line."""
    yield BOM + _line(COLUMNS)
    async for row in rows:
        yield _line(_cells(row))


def _cells(row: Row) -> tuple[str, ...]:
    texts = (
        str(row.member_id),
        row.name,
        row.kana,
        row.email,
        row.postal_code,
        row.prefecture,
        row.address1,
        row.address2,
        row.phone,
    )
    return (
        *(cell(text) for text in texts),
        "受け取る" if row.newsletter else "受け取らない",
        str(row.points_active),
        str(row.points_waiting),
        _moment(row.registered_at),
        _moment(row.linked_at),
    )


def _moment(moment: datetime | None) -> str:
    """Japan time to the second: 登録日時 and AmazonID連携日時 are compared with each other (MEM-14)."""
    return "" if moment is None else f"{in_japan(moment):%Y/%m/%d %H:%M:%S}"


def _line(cells: tuple[str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
