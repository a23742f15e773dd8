"""会員データ出力ファイル: the contents of its columns."""

from collections.abc import AsyncIterator
from datetime import datetime

from members.accounts.search import FoundMember
from shared.clock import in_japan

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


async def member_cells(members: AsyncIterator[FoundMember]) -> AsyncIterator[tuple[str | int, ...]]:
    """Yield the cells of each member."""
    async for member in members:
        yield (
            str(member.member_id),
            member.name,
            member.kana,
            member.email,
            member.postal_code,
            member.prefecture,
            member.address1,
            member.address2,
            member.phone,
            "受け取る" if member.newsletter else "受け取らない",
            member.points_active,
            member.points_waiting,
            _moment(member.registered_at),
            _moment(member.linked_at),
        )


def _moment(moment: datetime | None) -> str:
    """Return Japan time to the second. Staff compare 登録日時 with AmazonID連携日時 (MEM-14)."""
    return "" if moment is None else f"{in_japan(moment):%Y/%m/%d %H:%M:%S}"
