"""Carriers (配送会社): names, formats of tracking numbers, and pages that show where a parcel is.

Events and rows contain the code of a carrier; pages and mails show its name. An unknown carrier is the typed text, as
code and name, with any number and without a page. Old events and rows contain the name; they are still read.

Tracking numbers (お問い合わせ番号) have twelve digits. The last digit is the remainder of the others divided by seven. Japan
Post's registered mail has eleven digits. Its international mail has the form of UPU S10.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from shared.errors import Refused

_DASHES = re.compile(r"[-‐‑‒–—―−ーｰ\s]")
_INTERNATIONAL = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier. The number is appended to ``page``, which may be ''. ``other_names`` are other typed names.

    ``digits`` are the allowed lengths of its numbers. If it is empty, any number is allowed. ``international`` also
    allows UPU S10.
    """

    code: str
    name: str
    page: str = ""
    digits: tuple[int, ...] = ()
    international: bool = False
    other_names: tuple[str, ...] = ()

    def tracking_page(self, number: str | None) -> str:
        """Return the address of the page that shows where parcel ``number`` is, or ''."""
        plain = re.sub(r"[^0-9A-Za-z]", "", number or "")
        return f"{self.page}{quote(plain)}" if self.page and plain else ""

    def checked_number(self, number: str) -> str:
        """Return a typed ``number`` in the carrier's form.

        Raises Refused at ``tracking_number`` for a wrong length or a wrong check digit.
        """
        plain = plain_number(number)
        if not self.digits:
            return plain
        if self.international and _INTERNATIONAL.fullmatch(plain):
            fits = _s10_fits(plain[2:11])
        elif plain.isdecimal() and len(plain) in self.digits:
            fits = int(plain[:-1]) % 7 == int(plain[-1])
        else:
            lengths = "または".join(f"{length}桁" for length in self.digits)
            raise _wrong(f"{self.name}の送り状番号は{lengths}の数字で入力してください")
        if not fits:
            raise _wrong(
                f"{self.name}の送り状番号に誤りがあります（最後の数字が合いません）。もう一度確認してください"
            )
        return plain


CARRIERS: Mapping[str, Carrier] = MappingProxyType(
    {
        carrier.code: carrier
        for carrier in (
            Carrier(
                "yamato",
                "ヤマト運輸",
                "https://jizen.kuronekoyamato.co.jp/jizen/servlet/crjz.b.NQ0010?id=",
                digits=(12,),
                other_names=("ヤマト", "クロネコヤマト", "宅急便"),
            ),
            Carrier(
                "sagawa",
                "佐川急便",
                "https://k2k.sagawa-exp.co.jp/p/web/okurijosearch.do?okurijoNo=",
                digits=(12,),
                other_names=("佐川", "飛脚宅配便"),
            ),
            Carrier(
                "japan_post",
                "日本郵便",
                "https://trackings.post.japanpost.jp/services/srv/search/direct?searchKind=S002&locale=ja&reqCodeNo1=",
                digits=(11, 12),
                international=True,
                other_names=("郵便局", "ゆうパック"),
            ),
        )
    }
)
"""The carriers that we know, by code."""

_BY_WORD = {
    word: carrier
    for carrier in CARRIERS.values()
    for word in (carrier.code, carrier.name, *carrier.other_names)
}


def carrier_called(text: str | None) -> Carrier:
    """Return the carrier of a code or a typed name; for any other text, a carrier with this name."""
    typed = (text or "").strip()
    word = unicodedata.normalize("NFKC", typed).replace(" ", "").lower()
    return _BY_WORD.get(word) or Carrier(typed, typed)


def plain_number(text: str) -> str:
    """Return a tracking number as typed in half-width letters and digits, without hyphens and blanks."""
    return _DASHES.sub("", unicodedata.normalize("NFKC", text)).upper()


def _s10_fits(digits: str) -> bool:
    rest = 11 - sum(int(d) * w for d, w in zip(digits[:8], _S10_WEIGHTS, strict=True)) % 11
    return int(digits[8]) == {10: 0, 11: 5}.get(rest, rest)


def _wrong(message: str) -> Refused:
    return Refused("tracking_number_invalid", message, field="tracking_number", status=422)
