"""The 47 prefectures, and the spellings in which wallets and autofill name them: 東京, Tokyo-to, ŌSAKA, JP-13."""

import re
import unicodedata

_JIS_X_0401 = """
北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県
埼玉県 千葉県 東京都 神奈川県 新潟県 富山県 石川県 福井県 山梨県 長野県
岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県
鳥取県 島根県 岡山県 広島県 山口県 徳島県 香川県 愛媛県 高知県
福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県
"""
_ROMANISED = """
hokkaido aomori iwate miyagi akita yamagata fukushima ibaraki tochigi gunma
saitama chiba tokyo kanagawa niigata toyama ishikawa fukui yamanashi nagano
gifu shizuoka aichi mie shiga kyoto osaka hyogo nara wakayama
tottori shimane okayama hiroshima yamaguchi tokushima kagawa ehime kochi
fukuoka saga nagasaki kumamoto oita miyazaki kagoshima okinawa
"""
PREFECTURES = tuple(_JIS_X_0401.split())
"""In the order of JIS X 0401: the index plus one is the prefecture's code."""

_NOT_A_LETTER = re.compile(r"[^0-9a-z一-鿿]")
_LONG_VOWELS = {"hokkaidou": "hokkaido", "toukyou": "tokyo", "kyouto": "kyoto", "oosaka": "osaka", "ohsaka": "osaka",
                "hyougo": "hyogo", "kouchi": "kochi", "ooita": "oita", "ohita": "oita", "gumma": "gunma"}  # fmt: skip


def prefecture_named(text: str) -> str:
    """Return the prefecture that ``text`` names in any usual spelling, in Noren's spelling.

    Return "" for other text.
    """
    # In decomposed text a macron is a separate mark, which is removed with the other marks.
    plain = unicodedata.normalize("NFKD", text).lower()
    return _KNOWN.get(_NOT_A_LETTER.sub("", plain), "")


def _spellings(code: int, kanji: str, romanised: str) -> list[str]:
    latin = [romanised, *(long for long, short in _LONG_VOWELS.items() if short == romanised)]
    suffixes = ("", "to", "fu", "ken", "do", "prefecture", "pref", "metropolis")
    short = kanji if kanji == "北海道" else kanji[:-1]
    codes = [f"{code:02d}", f"jp{code:02d}"]
    return [kanji, short, *codes, *(name + suffix for name in latin for suffix in suffixes)]


_KNOWN = {
    spelling: kanji
    for code, (kanji, romanised) in enumerate(zip(PREFECTURES, _ROMANISED.split(), strict=True), start=1)
    for spelling in _spellings(code, kanji, romanised)
}
