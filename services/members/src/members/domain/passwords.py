"""What a password must be (MEM-23, MEM-24, MEM-25). Says what to do instead, in Japanese."""

import re
from collections.abc import Iterable

LENGTH_MIN = 8
LENGTH_MAX = 128

# From the head of the lists of leaked passwords that are published every year, those that pass the other rules.
_LEAKED = """
    password1 password12 password123 passw0rd p@ssw0rd p@ssword1 qwerty123 qwerty1234 1q2w3e4r 1q2w3e4r5t
    1qaz2wsx 1qaz2wsx3edc q1w2e3r4 q1w2e3r4t5 qwer1234 asdf1234 zxcv1234 abcd1234 abc123456 a1b2c3d4
    aa123456 a123456789 admin123 admin1234 welcome1 welcome123 iloveyou1 iloveyou2 letmein1 letmein123
    monkey123 dragon123 football1 baseball1 sunshine1 princess1 superman1 michael1 trustno1 1234qwer
    123456abc 123456aa 12345qwert sakura123 pokemon123 nippon123 tokyo2020
"""
LEAKED = frozenset(_LEAKED.split())


def weakness(password: str, *, personal_numbers: Iterable[str] = ()) -> str | None:
    """Return why ``password`` is refused, or None if it is good.

    ``personal_numbers`` are the member's telephone number and birthday in digits, where known (MEM-23).
    """
    digits = re.sub(r"[-\s]", "", password)
    if digits and digits in {number for number in personal_numbers if number}:
        return "電話番号や誕生日はパスワードに使用できません"
    if len(password) < LENGTH_MIN:
        return f"パスワードは{LENGTH_MIN}文字以上で入力してください"
    if len(password) > LENGTH_MAX:
        return f"パスワードは{LENGTH_MAX}文字以内で入力してください"
    if not re.search(r"[A-Za-z]", password) or not re.search(r"[0-9]", password):
        return "パスワードには英字と数字の両方を入れてください"
    if password.lower() in LEAKED:
        return "よく使われているパスワードのため使用できません。ほかのパスワードを入力してください"
    return None
