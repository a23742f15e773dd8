"""What a password must be (MEM-23, MEM-24, MEM-25). Says what to do instead, in Japanese.

How easily a password is guessed is estimated by zxcvbn, which knows 30,000 leaked passwords, names, words,
keyboard paths, repeats and dates, and needs no network.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from zxcvbn import zxcvbn

from members.accounts.romaji import romaji

LENGTH_MIN = 8
LENGTH_MAX = 128
# From here on length does what a mixture of letters and digits is to do: a sentence needs no digit.
LONG = 15
# A password that a million guesses would find is refused (zxcvbn's score 0 and 1).
GUESSES_MIN = 1_000_000
# Shorter names are a part of many words.
EASY_WORD_MIN = 4
# Enough to judge by, and never slow: a long one of nothing but signs would take a third of a second.
_JUDGED = 16
# The shop's rules name this one as good (MEM-24), although it has leaked.
_NAMED_AS_GOOD = "abc12345"


@dataclass(frozen=True)
class Person:
    """What others know of a member, and may try: none of it is a password.

    ``numbers`` are the telephone number and birthday in digits, where known (MEM-23). ``shop`` is where the password
    is for, which everybody tries first.
    """

    email: str = ""
    names: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    shop: str = "noren"


NOBODY = Person()


def weakness(password: str, person: Person = NOBODY) -> str | None:
    """Return why ``password`` is refused, or None if it is good."""
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
    """Return how many guesses find what is left without the easy words; GUESSES_MIN where there is none of them."""
    rest = password.casefold()
    for word in sorted(easy, key=len, reverse=True):
        if len(word) >= EASY_WORD_MIN:
            rest = rest.replace(word, "")
    if rest == password.casefold():
        return GUESSES_MIN
    return int(zxcvbn(rest[:_JUDGED])["guesses"]) if rest else 0


def _own_words(person: Person) -> list[str]:
    """Return what must not be part of the password; very short names are part of many words."""
    address = person.email.casefold()
    names = [re.sub(r"\s", "", name.casefold()) for name in person.names]
    words = [address, address.partition("@")[0], *names]
    return [word for word in words if len(word) >= 4]


def _easy_words(person: Person) -> list[str]:
    """Return what makes a password easy where it is a part of it: the shop, and the names one by one, also in romaji."""
    parts = [
        part for name in (*person.names, person.shop) for part in re.split(r"[\s・_-]+", name.casefold())
    ]
    return sorted({word for part in parts for word in (part, romaji(part)) if word})


def _why(patterns: Collection[str]) -> str:
    """Return the reason that zxcvbn found, by what makes the password easy to guess."""
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
