"""The versions of a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from checkout.static_pages.rules import StaticPage
from shared.database.transactions import Tx

VERSIONS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class PageVersion:
    """What a page said from ``at`` on. ``stands`` means that it says so now, and ``before`` what it said earlier."""

    change_id: int
    at: datetime
    by: str
    text: str
    before: str
    stands: bool


async def read_versions(tx: Tx, key: str) -> Sequence[PageVersion]:
    """Return the latest versions of the page called ``key``, newest first."""
    return await tx.read(
        PageVersion,
        "SELECT c.change_id, c.at, c.by, c.after #>> '{}' AS text, c.before #>> '{}' AS before,"
        " coalesce(s.version = c.change_id, false) AS stands"
        " FROM setting_changes c LEFT JOIN settings s USING (group_name, subject, name)"
        " WHERE c.group_name = :group_name AND c.subject = :key AND c.name = 'text'"
        " ORDER BY c.change_id DESC LIMIT :most",
        group_name=StaticPage.group_key,
        key=key,
        most=VERSIONS_SHOWN,
    )
