"""会員データ出力ファイル: what stands in its columns."""

from collections.abc import AsyncIterator
from datetime import datetime

from shared.clock import in_japan
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


async def member_cells(rows: AsyncIterator[Row]) -> AsyncIterator[tuple[str | int, ...]]:
    """Yield the cells of each member."""
    async for row in rows:
        yield (
            str(row.member_id),
            row.name,
            row.kana,
            row.email,
            row.postal_code,
            row.prefecture,
            row.address1,
            row.address2,
            row.phone,
            "受け取る" if row.newsletter else "受け取らない",
            row.points_active,
            row.points_waiting,
            _moment(row.registered_at),
            _moment(row.linked_at),
        )


def _moment(moment: datetime | None) -> str:
    """Japan time to the second: 登録日時 and AmazonID連携日時 are compared with each other (MEM-14)."""
    return "" if moment is None else f"{in_japan(moment):%Y/%m/%d %H:%M:%S}"
