"""Names of the languages of mails for staff."""

from typing import Literal

from shared.shop.labels import Labels

_Language = Literal["ja", "en", "ko", "zh"]
LANGUAGES = Labels[_Language](
    _Language, {"ja": "日本語", "en": "英語", "ko": "韓国語", "zh": "中国語"}, unknown=lambda code: code
)
