"""How orders run by the four groups of methods, under short names for tests."""

from typing import Any, Literal, get_args

Group = Literal["card_like", "konbini", "transfer", "cash_on_delivery"]
GROUPS: tuple[Group, ...] = get_args(Group)


def _terms(flow: str, deposit: str, *, first: bool) -> dict[str, Any]:
    return {"payment_flow": flow, "payment_deposit": deposit, "paid_before_shipping": first}


TERMS: dict[Group, dict[str, Any]] = {
    "card_like": _terms("authorized", "capture", first=False),
    "konbini": _terms("prepaid", "automatic", first=True),
    "transfer": _terms("prepaid", "by_hand", first=True),
    "cash_on_delivery": _terms("unmanaged", "never", first=False),
}


def on_menu(group: Group) -> dict[str, Any]:
    """Return what a method of ``group`` says of itself in the menu."""
    terms = TERMS[group]
    return {
        "flow": terms["payment_flow"],
        "deposit": terms["payment_deposit"],
        "paid_before_shipping": terms["paid_before_shipping"],
    }
