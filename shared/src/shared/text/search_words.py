"""Search words: the parts of names, numbers and addresses by which orders are found.

A word is stored once for each position where a search may begin, so that a prefix search finds any part. Words and
searches are folded. There are as few words as possible, because each costs something with every order.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

LETTERS_MAX = 32  # of a word; searches are cut to the same length
SEARCH_MAX = 100
"""The longest search, in characters. A longer one is cut before it is examined."""
PARTS_MAX = 100  # of a text; later words of a remark are not found
SUBSCRIBER_DIGITS = (8, 4)  # a number without its area, and "the last four"
# A text is split at signs and between kinds of letters: 注染|手|ぬぐい| |24.
_PART = re.compile(r"[^\W\d_ぁ-ゖァ-ヺー一-鿿々]+|\d+|[ぁ-ゖー]+|[ァ-ヺー]+|[一-鿿々]+")
_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}


# The name of a product can begin at each kanji: 注染手ぬぐい is also called 手ぬぐい.
_PRODUCT_PART = re.compile(r"[^\W\d_ぁ-ゖァ-ヺー一-鿿々]+|\d+|[ぁ-ゖー]+|[ァ-ヺー]+|[一-鿿々]")
PRODUCT_PARTS_MAX = 24
# Variants of kanji in names, which people type in the common form: they search for 山﨑 as 山崎.
_COMMON = str.maketrans(
    "﨑嵜髙濵濱邊邉齋齊德𠮷澤廣櫻國惠眞瀨渕桒槇栁礒龍榮實靜條壽萬藏淸黑",
    "崎崎高浜浜辺辺斎斉徳吉沢広桜国恵真瀬淵桑槙柳磯竜栄実静条寿万蔵清黒",
)


def fold(text: str) -> str:
    """Return ``text`` folded for search.

    Full and half width, upper and lower case, katakana and hiragana become equal. Blanks, hyphens and all other signs
    are removed; only letters and digits remain. So 「佐藤 花子」 becomes 「佐藤花子」, and 03-1234-5678 becomes 0312345678.
    """
    if text.isascii():
        plain = text.lower()
    else:
        plain = unicodedata.normalize("NFKC", text).casefold().translate(_HIRAGANA)
    return plain if plain.isalnum() else "".join(filter(str.isalnum, plain))


def common_spelling(text: str) -> str:
    """Return ``text`` with the common forms of kanji in names: 崎 for 﨑, 高 for 髙."""
    return text.translate(_COMMON)


def like_part(text: str) -> str:
    """Return a pattern for LIKE that finds ``text`` at any position. Wildcards in it are taken literally."""
    literal = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{literal}%"


def searched(text: str) -> str:
    """Return the typed search without surrounding blanks, cut to SEARCH_MAX characters."""
    return text[: 2 * SEARCH_MAX].strip()[:SEARCH_MAX]


def sought(text: str) -> str:
    """Return the typed search, folded; empty if no searchable character is left."""
    word = fold(text)
    # A telephone number in the international form.
    if word.startswith("81") and "+" in text.replace("＋", "+") and word.isdecimal():
        word = "0" + word[2:].removeprefix("0")
    return word[:LETTERS_MAX]


def words_of_code(code: str) -> set[str]:
    """Return the words of an order code: the code from each of its three parts on."""
    parts = code.split("-")
    return {word for start in range(len(parts)) if (word := fold("".join(parts[start:]))[:LETTERS_MAX])}


def words_of_names(*names: str) -> set[str]:
    """Return all endings of at least two letters, because people write 佐藤花子 without a blank and search for 花子.

    Names with rare kanji are also found by the common ones.
    """
    folded = set(map(fold, names))
    return {
        word[start : start + LETTERS_MAX]
        for word in folded | set(map(common_spelling, folded))
        for start in range(max(1, len(word) - 1))
        if word
    }


def words_of_numbers(*numbers: str | None) -> set[str]:
    """Return the words of telephone, parcel and payment numbers: whole, without area code, and the last four digits."""
    words = {fold(number)[:LETTERS_MAX] for number in numbers if number} - {""}
    return words | {word[-digits:] for word in words for digits in SUBSCRIBER_DIGITS}


def words_of_texts(*texts: str) -> set[str]:
    """Return the words of codes, mail addresses, products and remarks: the text from each of its parts on."""
    return {word for text in texts for word in _from_each_part(text)}


def words_of_products(*names: str) -> set[str]:
    """Return the words of product names: the name from each part and each kanji on. So 手ぬぐい finds 注染手ぬぐい."""
    return {word for name in names for word in _words_of_product(name)}


# Cached, because a shop sells the same products again and again.
@lru_cache(maxsize=4096)
def _words_of_product(name: str) -> frozenset[str]:
    words = _from_each_part(name, _PRODUCT_PART, PRODUCT_PARTS_MAX)
    return frozenset(word for word in words if len(word) > 1 or word == fold(name))


def _from_each_part(text: str, part: re.Pattern[str] = _PART, parts_max: int = PARTS_MAX) -> Iterable[str]:
    starts = [found.start() for found in part.finditer(text)][:parts_max]
    for start in starts:
        if word := fold(text[start : start + 2 * LETTERS_MAX])[:LETTERS_MAX]:
            yield word
