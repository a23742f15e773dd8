"""How much may be given back at most. Pure."""

from shared.errors import Refused


def check_within(most: int, amount: int, field: str) -> None:
    """Raise Refused, at the ``field`` of a form, where ``amount`` is more than the ``most`` yen that may be given back."""
    if amount > most:
        text = f"返金できるのは¥{most:,}までです。" if most else "いま返金できる金額はありません。"
        raise Refused("more_than_held", text, field=field, status=422)
