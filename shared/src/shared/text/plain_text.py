"""One rule for names, address lines and free text. It says which characters are kept and which are refused.

All characters that people write are kept, including 髙 﨑 𠮷 ① and emoji. These are refused:

- invisible characters that reorder text or end it early: controls, bidirectional overrides and isolates (UTS #39)
- the opening of an encoded word in a mail header (CVE-2024-6923)
- values that UTF-8 or PostgreSQL cannot store: half a surrogate pair, NUL

A stranger can make the shop mail a typed name to anybody. A name may therefore contain no web address, no mail address
and no invisible character.
"""

import re
import unicodedata

_INVISIBLE = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
_SURROGATES = r"\ud800-\udfff"
REFUSED_IN_TEXT = _INVISIBLE + r"\t"
"""Characters that free text may not contain, as a class of a regular expression, without half a surrogate pair."""
REFUSED_IN_LINE = REFUSED_IN_TEXT + r"\n"
"""The same for text of one line."""

_IN_TEXT = re.compile(f"[{REFUSED_IN_TEXT}{_SURROGATES}]")
_IN_LINE = re.compile(rf"[{REFUSED_IN_LINE}{_SURROGATES}]|=\?")
# Mail programs turn a web address into a link. A name with a link, mailed to another person, could be used for
# phishing. The last part of a host name has only letters: 「Bldg.3F/4F」 and 「A.B.Cビル」 are no hosts.
_LINK = re.compile(r"://|www\.|[\w-]\.(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})(?::[0-9]{1,5})?[/?]", re.IGNORECASE)
# For names. Mail programs recognize a host by a label, a dot and letters. 「A.B」, 「Jr.」 and 「K. Yamada」 are no hosts.
# Each label is examined once, from its beginning. An ending may also be the next label.
_HOST = re.compile(
    r"(?<![\w-])(?P<label>[\w-]++)[.\u3002](?=(?P<ending>xn--[a-z0-9-]{1,59}|[^\W\d_]{2,63}))", re.IGNORECASE
)
# People write an initial or a title with a dot before a surname. The text after it then is a host only with these
# endings.
_BEFORE_SURNAME = re.compile(r"[^\W\d_]|mr|mrs|ms|mx|dr|st|prof", re.IGNORECASE)
_ENDINGS = frozenset(
    [
        "com",
        "net",
        "org",
        "info",
        "biz",
        "app",
        "dev",
        "shop",
        "store",
        "site",
        "online",
        "xyz",
        "top",
        "club",
        "icu",
        "vip",
        "work",
        "link",
        "click",
        "live",
        "life",
        "news",
        "blog",
        "tech",
        "cloud",
        "page",
        "web",
        "pro",
        "name",
        "mobi",
        "asia",
        "tokyo",
        "osaka",
        "kyoto",
        "nagoya",
        "yokohama",
        "okinawa",
    ]
)
_PLACE_ON_NET = re.compile(
    r"\\|@[\w-]+\.|[a-z0-9-]:[0-9]{2,5}(?!\w)|(?<![\d.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}", re.IGNORECASE
)
# Scripts in which joiners change letters: Arabic and related scripts, those of India, Myanmar, Khmer, Mongolian.
_JOINING = r"\u0600-\u0dff\u1000-\u109f\u1780-\u18af"
# And signs that a joiner combines into one picture.
_EMOJI = r"\u2600-\u27bf\ufe0f\U0001f000-\U0001faff"
_JOINER = re.compile(f"((?<=[{_JOINING}])[\u200c\u200d](?=[{_JOINING}])|(?<=[{_EMOJI}])\u200d(?=[{_EMOJI}]))")
_FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
# Variation selectors choose the shape of the letter before them (葛 has two). Programs that search for addresses skip
# them.
_VARIATIONS = re.compile("[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Invisible characters: blanks, fillers, joiners, variation selectors, tags.
_BLANK = re.compile(
    rf"[\s{_FILLERS}\u00ad\u180b-\u180f\u200b-\u200d\u2060-\u2064\u206a-\u206f\ufe00-\ufe0f"
    r"\U000e0001\U000e0020-\U000e007f\U000e0100-\U000e01ef]*"
)
_UNSTORABLE = re.compile(f"[\x00{_SURROGATES}]")
# Unicode's compatibility ideographs have canonical forms (神 is 神), but people use them in their names.
_SPELLINGS = re.compile("([\uf900-\ufaff\U0002f800-\U0002fa1f]+)")


_LIKE_ADDRESS = "URLやメールアドレスに見える部分（{found}）が含まれています。「.」の後に空白を入れるか、削除して入力してください"


class TextRefused(ValueError):
    """The text contains a refused part. ``found`` names it; ``message`` says what to do, without the field."""

    def __init__(self, found: str, message: str = "") -> None:
        self.found = found
        self.message = message or f"使用できない文字（{found}）が含まれています。削除して入力してください"
        super().__init__(self.message)


def line(text: str) -> str:
    """Return the stored form of a text of one line: a name, an address line. Raises TextRefused."""
    return _kept(text, _IN_LINE)


def unlinked_line(text: str) -> str:
    """Return a line without a web address, for text that strangers write and mails repeat. Raises TextRefused."""
    kept = line(text)
    if _LINK.search(_seen(kept)):
        raise TextRefused("URL")
    return kept


def name(text: str) -> str:
    """Return the name of a person or company: a line without web address, mail address or invisible character.

    Raises TextRefused.
    """
    kept = unlinked_line(text)
    for sign in _JOINER.sub("", kept):
        if _is_hidden(sign):
            raise TextRefused(_named(sign))
    seen = _seen(kept)
    if found := _PLACE_ON_NET.search(seen):
        raise TextRefused(found.group(), _LIKE_ADDRESS.format(found=found.group()))
    for host in _HOST.finditer(seen):
        if _is_host(host["label"], host["ending"].lower()):
            found_host = host.group() + host["ending"]
            raise TextRefused(found_host, _LIKE_ADDRESS.format(found=found_host))
    return kept


def text(text: str) -> str:
    """Return the stored form of a text of many lines. Raises TextRefused."""
    return _kept(text, _IN_TEXT)


def unhidden(text: str) -> str:
    """Return ``text`` without invisible characters, except joiners that change letters or emoji."""
    if text.isascii():
        return text
    parts = _JOINER.split(text)
    return "".join(
        part if index % 2 else "".join(sign for sign in part if not _is_hidden(sign))
        for index, part in enumerate(parts)
    )


def trimmed(text: str) -> str:
    """Return ``text`` without the blanks around it. Return "" if all characters are invisible."""
    return "" if _BLANK.fullmatch(text) else text.strip()


def with_line_feeds(text: str) -> str:
    """Return ``text`` with ``\\n`` for the line ends of browsers and of Windows, ``\\r\\n``."""
    return text.replace("\r\n", "\n")


def storable(text: str) -> bool:
    """Return whether UTF-8 and PostgreSQL can store ``text``."""
    return not _UNSTORABLE.search(text)


def _is_hidden(sign: str) -> bool:
    return sign in _FILLERS or unicodedata.category(sign) == "Cf"


def _seen(text: str) -> str:
    """Return ``text`` as a program sees it that searches for addresses."""
    return unicodedata.normalize("NFKC", _VARIATIONS.sub("", unhidden(text)))


def _is_host(label: str, ending: str) -> bool:
    if not _BEFORE_SURNAME.fullmatch(label):
        return True
    return ending in _ENDINGS or ending.startswith("xn--") or (len(ending) == 2 and ending.isascii())


def _kept(text: str, refused: re.Pattern[str]) -> str:
    if match := refused.search(text):
        raise TextRefused(_named(match.group()))
    if unicodedata.is_normalized("NFC", text):
        return text
    parts = _SPELLINGS.split(text)
    return "".join(
        part if index % 2 else unicodedata.normalize("NFC", part) for index, part in enumerate(parts)
    )


def _named(found: str) -> str:
    if found in ("\n", "\r"):
        return "改行"
    if found == "\t":
        return "タブ"
    return f"U+{ord(found):04X}" if len(found) == 1 else found
