"""会員データ出力ファイル: CSV in UTF-8 with BOM for people's spreadsheets, which programs can read too."""

from collections.abc import AsyncIterator
from datetime import datetime

from shared.clock import in_japan
from shared.csv_files import BOM, people_line
from shared.sql import Row

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


async def member_csv(rows: AsyncIterator[Row]) -> AsyncIterator[str]:
    """Yield the file line by line."""
    yield BOM + people_line(COLUMNS)
    async for row in rows:
        yield people_line(_cells(row))


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
        *texts,
        "受け取る" if row.newsletter else "受け取らない",
        str(row.points_active),
        str(row.points_waiting),
        _moment(row.registered_at),
        _moment(row.linked_at),
    )


def _moment(moment: datetime | None) -> str:
    """Japan time to the second: 登録日時 and AmazonID連携日時 are compared with each other (MEM-14)."""
    return "" if moment is None else f"{in_japan(moment):%Y/%m/%d %H:%M:%S}"
