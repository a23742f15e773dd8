"""The rules for passwords (MEM-23, MEM-24, MEM-25). A refusal says in Japanese what to do.

zxcvbn estimates how easily a password is guessed. It knows 30,000 leaked passwords, names, words, keyboard paths,
repeats and dates, and needs no network.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from zxcvbn import zxcvbn

from members.accounts.romaji import romaji

LENGTH_MIN = 8
LENGTH_MAX = 128
# A password of this length needs no mixture of letters and digits.
LONG = 15
# A password that a million guesses would find is refused (zxcvbn's score 0 and 1).
GUESSES_MIN = 1_000_000
# Shorter names are a part of many words.
EASY_WORD_MIN = 4
# zxcvbn checks only this many characters. A long password of symbols would take a third of a second.
_JUDGED = 16
# The shop's rules name this one as good (MEM-24), although it has leaked.
_NAMED_AS_GOOD = "abc12345"


@dataclass(frozen=True)
class Person:
    """Facts about a member that others may know and try. None may be the password.

    ``numbers`` are the telephone number and birthday in digits, if known (MEM-23). ``shop`` is the name of the shop, a
    common first guess.
    """

    email: str = ""
    names: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    shop: str = "noren"


NOBODY = Person()


def weakness(password: str, person: Person = NOBODY) -> str | None:
    """Return why ``password`` is refused. Return None if it is accepted."""
    if len(password) > LENGTH_MAX:
        return f"パスワードは{LENGTH_MAX}文字以内で入力してください"
    digits = re.sub(r"[-\s]", "", password)
    if digits and digits in {number for number in person.numbers if number}:
        return "電話番号や誕生日はパスワードに使用できません"
    if len(password) < LENGTH_MIN:
        return f"パスワードは{LENGTH_MIN}文字以上で入力してください"
    mixed = re.search(r"[A-Za-z]", password) and re.search(r"[0-9]", password)
    if len(password) < LONG and not mixed:
        return f"パスワードには英字と数字の両方を入れてください（{LONG}文字以上の場合は英字だけでもかまいません）"
    own = _own_words(person)
    if any(word in password.casefold() for word in own):
        return "メールアドレスやお名前を含むパスワードは使用できません。ほかのパスワードを入力してください"
    if password == _NAMED_AS_GOOD:
        return None
    easy = _easy_words(person)
    if _guesses_besides(easy, password) < GUESSES_MIN:
        return "お店の名前やお名前に短い言葉を足しただけのため、推測されやすくなっています。ほかのパスワードを入力してください"
    judged = zxcvbn(password[:_JUDGED], user_inputs=[*own, *easy])
    if judged["guesses"] < GUESSES_MIN:
        return _why({part["pattern"] for part in judged["sequence"]})
    return None


def _guesses_besides(easy: Collection[str], password: str) -> int:
    """Return the guesses needed for the rest without the easy words. Return GUESSES_MIN if it contains none of them."""
    rest = password.casefold()
    for word in sorted(easy, key=len, reverse=True):
        if len(word) >= EASY_WORD_MIN:
            rest = rest.replace(word, "")
    if rest == password.casefold():
        return GUESSES_MIN
    return int(zxcvbn(rest[:_JUDGED])["guesses"]) if rest else 0


def _own_words(person: Person) -> list[str]:
    """Return the words that a password must not contain. Very short names are left out, as many words contain them."""
    address = person.email.casefold()
    names = [re.sub(r"\s", "", name.casefold()) for name in person.names]
    words = [address, address.partition("@")[0], *names]
    return [word for word in words if len(word) >= 4]


def _easy_words(person: Person) -> list[str]:
    """Return the words that make a password easy: the shop, and each name, also in romaji."""
    parts = [
        part for name in (*person.names, person.shop) for part in re.split(r"[\s・_-]+", name.casefold())
    ]
    return sorted({word for part in parts for word in (part, romaji(part)) if word})


def _why(patterns: Collection[str]) -> str:
    """Return the reason from zxcvbn's finding."""
    found = set(patterns)
    if "dictionary" in found:
        return "よく使われているパスワードか単語のため、推測されやすくなっています。ほかのパスワードを入力してください"
    if found & {"repeat", "sequence", "spatial"}:
        return (
            "同じ文字の繰り返しや並びは推測されやすいため使用できません。ほかのパスワードを入力してください"
        )
    if found & {"date", "regex"}:
        return "日付や年は推測されやすいため使用できません。ほかのパスワードを入力してください"
    return "推測されやすいパスワードのため使用できません。より長いパスワードを入力してください"
