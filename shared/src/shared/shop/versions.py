"""Optimistic locking of forms: a save that is based on older values is refused, and nothing is overwritten."""

from hashlib import sha256
from typing import Any

import orjson

from shared.errors import Refused


def version_of(values: Any) -> str:
    """Return a short text that is equal only for equal ``values``.

    A form sends the version of the values that it showed.
    """
    plain = orjson.dumps(values, default=_plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return sha256(plain).hexdigest()[:16]


def check_seen(seen: str | None, current: Any) -> None:
    """Raise Refused unless ``seen`` is the version of ``current``, read under the lock that the change holds.

    A program that saw no values sends None and overwrites the stored values. A form always sends a version.
    """
    if seen == "":
        raise Refused(
            "settings_version_missing",
            "どの設定を見て変更したのか確認できないため、保存していません。"
            "現在の設定を確認し、もう一度保存してください。",
        )
    if seen is not None and seen != version_of(current):
        raise Refused(
            "settings_changed_meanwhile",
            "この画面を開いたあとに、ほかのスタッフが設定を変更したため、保存していません。"
            "変更の記録を確認し、必要であればもう一度保存してください。",
        )


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, set | frozenset) else str(value)
