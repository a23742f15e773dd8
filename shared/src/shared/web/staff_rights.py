"""What only some roles of staff may do at the desks: routes, templates and rules ask by the name of the right.

Everything else at a desk any member of staff may do. Settings declare beside each one who changes it.
"""

from collections.abc import Mapping
from typing import Literal

Right = Literal[
    "export", "define_coupons", "read_deeds", "change_searches_of_all", "edit_products", "book_stock"
]
"""Save a list as a file; define a coupon, which is money; read 操作の記録; rename and delete searches saved for all;
create and change products, their pictures and categories; receive, correct and count stock."""

ROLES_OF: Mapping[Right, frozenset[str]] = {
    "export": frozenset({"owner"}),
    "define_coupons": frozenset({"owner"}),
    "read_deeds": frozenset({"owner"}),
    "change_searches_of_all": frozenset({"owner"}),
    "edit_products": frozenset({"owner", "staff"}),
    "book_stock": frozenset({"owner", "staff"}),
}
"""The roles that have each right. A role that this release does not know has none."""
