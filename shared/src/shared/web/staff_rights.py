"""What each role of staff may do at the desks. Every route asks for one right by its name; templates and rules ask too.

``python -m tools.rights`` lists the right of every route. Settings declare beside each one whether owners alone change it.
"""

from collections.abc import Mapping
from typing import Literal, get_args

Role = Literal["owner", "manager", "orders", "money", "support", "ops", "read_only"]
"""The owner, a manager, and the people for orders, for money, for customers' questions, and for running the shop."""
ROLES: tuple[Role, ...] = get_args(Role)
FORMER_ROLES: Mapping[str, Role] = {"staff": "manager"}
"""A role of an earlier release and the one that replaces it. Statements and rows of that release may still contain it."""

Right = Literal[
    "use_desk",
    "read_orders",
    "ship_orders",
    "note_orders",
    "cancel_orders",
    "change_many_orders",
    "keep_searches",
    "change_searches_of_all",
    "export",
    "read_products",
    "edit_products",
    "read_stock",
    "book_stock",
    "read_payments",
    "ask_provider",
    "take_money",
    "refund_money",
    "correct_money",
    "read_notices",
    "handle_notices",
    "read_members",
    "help_members",
    "activate_points",
    "read_coupons",
    "issue_coupons",
    "define_coupons",
    "read_mails",
    "send_mails",
    "read_settings",
    "change_settings",
    "change_all_settings",
    "read_operations",
    "read_deeds",
    "manage_staff",
]

_ALL: frozenset[Role] = frozenset(ROLES)
_OWNER: frozenset[Role] = frozenset({"owner"})
_ORDERS: frozenset[Role] = frozenset({"owner", "manager", "orders"})
_MONEY: frozenset[Role] = frozenset({"owner", "manager", "money"})
_SUPPORT: frozenset[Role] = frozenset({"owner", "manager", "support"})
_OPS: frozenset[Role] = frozenset({"owner", "manager", "ops"})

ROLES_OF: Mapping[Right, frozenset[Role]] = {
    "use_desk": _ALL,
    "read_orders": _ALL,
    # Ship, register parcel numbers, 処理済み, 確認済み.
    "ship_orders": _ORDERS,
    "note_orders": _ORDERS | _MONEY | _SUPPORT,
    "cancel_orders": _ORDERS,
    # One deed for many orders. Each deed asks for its own right, too.
    "change_many_orders": _ORDERS | _MONEY,
    "keep_searches": _ALL - {"read_only"},
    "change_searches_of_all": _OWNER,
    # Save a list as a file: personal data leave the shop.
    "export": _OWNER,
    "read_products": _ALL,
    # Create and change products, their pictures and categories.
    "edit_products": _ORDERS | _OPS,
    "read_stock": _ALL - {"money"},
    # Receive, correct and count.
    "book_stock": _ORDERS | _OPS,
    "read_payments": _ALL,
    "ask_provider": _ALL - {"read_only"},
    # Capture, record a deposit, authorize again.
    "take_money": _ORDERS | _MONEY,
    # Refund, void a hold, record a refund that was made elsewhere.
    "refund_money": _MONEY,
    # Accept another amount, decide chargebacks and contradictions, take a record back.
    "correct_money": _MONEY,
    "read_notices": _MONEY | _OPS | {"read_only"},
    "handle_notices": _MONEY | _OPS,
    "read_members": _SUPPORT | {"read_only"},
    # Send the mail that lets a member set a password.
    "help_members": _SUPPORT,
    "activate_points": _SUPPORT,
    "read_coupons": _SUPPORT | {"read_only"},
    "issue_coupons": _SUPPORT,
    # A coupon is money.
    "define_coupons": _OWNER,
    "read_mails": _ALL - {"money"},
    "send_mails": _ORDERS | _SUPPORT | _OPS,
    "read_settings": _MONEY | _OPS | {"read_only"},
    # The settings that are not kept for owners.
    "change_settings": _OPS,
    "change_all_settings": _OWNER,
    "read_operations": _ORDERS | _OPS | {"read_only"},
    # 操作の記録.
    "read_deeds": _OWNER,
    "manage_staff": _OWNER,
}
"""The roles that have each right. A role that this release does not know has none."""


def present_role(role: str | None) -> str | None:
    """Return the role of this release for ``role``."""
    return None if role is None else FORMER_ROLES.get(role, role)


def role_may(role: str | None, right: Right) -> bool:
    """Whether ``role`` has ``right``. KeyError for a right that is not in the table."""
    return present_role(role) in ROLES_OF[right]
