"""Converts names in kana to Latin letters as people write them in passwords (Hepburn, without long vowels)."""

import unicodedata

_HEPBURN = {"si": "shi", "ti": "chi", "tu": "tsu", "hu": "fu", "zi": "ji", "di": "ji", "du": "zu", "wo": "o"}
_PALATAL = ("sh", "ch", "j")


def romaji(kana: str) -> str:
    """Return ``kana`` in Latin letters. Other characters remain; marks of long vowels are removed."""
    written = ""
    doubled = False
    for sign in kana:
        name = unicodedata.name(sign, "")
        if name.endswith("PROLONGED SOUND MARK"):
            continue
        kind, _, sound = name.partition(" LETTER ")
        if kind not in ("KATAKANA", "HIRAGANA") or not sound:
            written += sign
            continue
        small = sound.startswith("SMALL ")
        sound = sound.removeprefix("SMALL ").lower()
        if small and sound == "tu":
            doubled = True
            continue
        sound = _HEPBURN.get(sound, sound)
        if small and sound in ("ya", "yu", "yo") and written.endswith("i"):
            written = written[:-1]
            sound = sound[1:] if written.endswith(_PALATAL) else sound
        written += sound[0] + sound if doubled else sound
        doubled = False
    return written
