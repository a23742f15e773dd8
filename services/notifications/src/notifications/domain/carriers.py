"""Carriers (配送会社): their names, and where a buyer follows a parcel."""

import re
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier. ``page`` ends where the tracking number goes; empty if it has no such page."""

    name: str
    page: str = ""
    words: tuple[str, ...] = ()

    def tracking_url(self, number: str) -> str:
        """Return the address that shows where parcel ``number`` is, or ''."""
        digits = re.sub(r"[^0-9A-Za-z]", "", number)
        return f"{self.page}{quote(digits)}" if self.page and digits else ""


CARRIERS = (
    Carrier(
        "ヤマト運輸",
        "https://jizen.kuronekoyamato.co.jp/jizen/servlet/crjz.b.NQ0010?id=",
        ("yamato", "ヤマト", "クロネコ"),
    ),
    Carrier("佐川急便", "https://k2k.sagawa-exp.co.jp/p/web/okurijosearch.do?okurijoNo=", ("sagawa", "佐川")),
    Carrier(
        "日本郵便",
        "https://trackings.post.japanpost.jp/services/srv/search/direct?searchKind=S002&locale=ja&reqCodeNo1=",
        ("japan_post", "japanpost", "日本郵便", "ゆうパック", "郵便"),
    ),
)


def carrier_called(name: str) -> Carrier:
    """Return the carrier that ``name`` (a code, or what staff wrote) means; one without a page if unknown."""
    lowered = name.lower()
    for carrier in CARRIERS:
        if any(word in lowered for word in carrier.words):
            return carrier
    return Carrier(name)
