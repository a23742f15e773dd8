"""Tracking numbers (お問い合わせ番号): how each carrier writes them, and where a buyer looks them up.

Twelve digits, the last of which is the rest of the others divided by seven; Japan Post's registered mail has
eleven, its international mail the form of UPU S10. Without a carrier any number is taken as it is.
"""

import re
import unicodedata
from typing import Literal, get_args
from urllib.parse import quote

from shared.errors import Refused

Carrier = Literal["ヤマト運輸", "佐川急便", "日本郵便"]
CARRIERS: tuple[str, ...] = get_args(Carrier)
_LENGTHS: dict[str, tuple[int, ...]] = {"ヤマト運輸": (12,), "佐川急便": (12,), "日本郵便": (11, 12)}
_PAGES: dict[str, str] = {
    "ヤマト運輸": "https://jizen.kuronekoyamato.co.jp/jizen/servlet/crjz.b.NQ0010?id=",
    "佐川急便": "https://k2k.sagawa-exp.co.jp/p/web/okurijosearch.do?okurijoNo=",
    "日本郵便": "https://trackings.post.japanpost.jp/services/srv/search/direct?searchKind=S002&locale=ja&reqCodeNo1=",
}
_DASHES = re.compile(r"[-‐‑‒–—―−ーｰ\s]")
_INTERNATIONAL = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def plain_number(text: str) -> str:
    """Return a number as typed in half-width letters and digits, without hyphens and blanks."""
    return _DASHES.sub("", unicodedata.normalize("NFKC", text)).upper()


def checked_number(carrier: str | None, number: str) -> str:
    """Return ``number`` as ``carrier`` knows it. Raises Refused at tracking_number: length or check digit."""
    plain = plain_number(number)
    lengths = _LENGTHS.get(carrier or "")
    if lengths is None:
        return plain
    if carrier == "日本郵便" and _INTERNATIONAL.fullmatch(plain):
        if not _s10_fits(plain[2:11]):
            raise _wrong(
                f"{carrier}の送り状番号に誤りがあります（最後の数字が合いません）。もう一度確認してください"
            )
        return plain
    if not plain.isdecimal() or len(plain) not in lengths:
        digits = "または".join(f"{length}桁" for length in lengths)
        raise _wrong(f"{carrier}の送り状番号は{digits}の数字で入力してください")
    if int(plain[:-1]) % 7 != int(plain[-1]):
        raise _wrong(
            f"{carrier}の送り状番号に誤りがあります（最後の数字が合いません）。もう一度確認してください"
        )
    return plain


def tracking_page(carrier: str | None, number: str | None) -> str | None:
    """Return where the buyer follows the parcel; None without a known carrier or a number."""
    page = _PAGES.get(carrier or "")
    return f"{page}{quote(number)}" if page and number else None


def _s10_fits(digits: str) -> bool:
    rest = 11 - sum(int(d) * w for d, w in zip(digits[:8], _S10_WEIGHTS, strict=True)) % 11
    return int(digits[8]) == {10: 0, 11: 5}.get(rest, rest)


def _wrong(message: str) -> Refused:
    return Refused("tracking_number_invalid", message, field="tracking_number", status=422)
