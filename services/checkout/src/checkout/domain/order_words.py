"""By what an order is found at the desk: the parts of names, numbers and addresses that people say.

A word is stored from each place on where somebody may begin to say it, so that a search for beginnings, which
an index answers, finds any part. Words are folded (shared/folding.py), and so is what is sought. There are as few
as will do: each costs something with every order.
"""

import re
from collections.abc import Iterable

from shared.events import OrderPlaced
from shared.folding import fold

LETTERS_MAX = 32  # of a word; what is sought is cut alike
PARTS_MAX = 100  # of a text: what comes later in a remark is not found
SUBSCRIBER_DIGITS = (8, 4)  # a number without its area, and "the last four"
# Where the signs, or the kind of letters, change: 注染|手|ぬぐい| |24.
_PART = re.compile(r"[^\W\d_ぁ-ゖァ-ヺー一-鿿々]+|\d+|[ぁ-ゖー]+|[ァ-ヺー]+|[一-鿿々]+")


def sought(text: str) -> str:
    """Return what was typed as it is compared with the words; empty where nothing is left to look for."""
    word = fold(text)
    # A telephone number as the world writes it.
    if word.startswith("81") and "+" in text.replace("＋", "+") and word.isdecimal():
        word = "0" + word[2:].removeprefix("0")
    return word[:LETTERS_MAX]


def words_of_order(placed: OrderPlaced, number: int | None) -> set[str]:
    """Return the words of a new order. ``number``: the short one, said on the telephone."""
    who = placed.orderer
    addresses = [destination.address for destination in placed.destinations]
    lines = [line for destination in placed.destinations for line in destination.lines]
    return (
        words_of_code(placed.order_code)
        | words_of_texts(who.email, *(text for line in lines for text in (line.sku, line.name)))
        | ({str(number)} if number is not None else set())
        | words_of_names(who.name, who.kana, *(address.name for address in addresses))
        | words_of_numbers(who.phone, *(address.phone for address in addresses))
    )


def words_of_code(code: str) -> set[str]:
    """Return an order code from each of its three parts on."""
    parts = code.split("-")
    return {word for start in range(len(parts)) if (word := fold("".join(parts[start:]))[:LETTERS_MAX])}


def words_of_names(*names: str) -> set[str]:
    """Return all endings of two letters and more: people write 佐藤花子 in one, and ask for 花子."""
    return {
        word[start : start + LETTERS_MAX]
        for word in map(fold, names)
        for start in range(max(1, len(word) - 1))
        if word
    }


def words_of_numbers(*numbers: str | None) -> set[str]:
    """Return numbers of telephones, parcels and payments: whole, without the area, the last four digits."""
    words = {fold(number)[:LETTERS_MAX] for number in numbers if number} - {""}
    return words | {word[-digits:] for word in words for digits in SUBSCRIBER_DIGITS}


def words_of_texts(*texts: str) -> set[str]:
    """Return what codes, addresses of mails, products and remarks say, from each of their parts on."""
    return {word for text in texts for word in _from_each_part(text)}


def _from_each_part(text: str) -> Iterable[str]:
    starts = [found.start() for found in _PART.finditer(text)][:PARTS_MAX]
    for start in starts:
        if word := fold(text[start : start + 2 * LETTERS_MAX])[:LETTERS_MAX]:
            yield word
