"""Where payment numbers are paid, by the code that payments uses (features.md Appendix C)."""

CHAINS = {
    "seven_eleven": "セブンイレブン",
    "lawson": "ローソン",
    "ministop": "ミニストップ",
    "family_mart": "ファミリーマート",
    "seicomart": "セイコーマート",
    "daily_yamazaki": "デイリーヤマザキ",
    "online": "ATM・ネットバンキング・電子マネー",
}


def chain_name(code: str) -> str:
    """Return the name of a chain; what is not a code of ours is taken for a name already."""
    return CHAINS.get(code.lower(), code)
