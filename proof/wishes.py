"""What buyers wish for: the body of an order, for every payment method."""

import itertools
import time
from collections.abc import Mapping
from typing import Any

METHODS = ("amazon_pay", "konbini", "bank_transfer", "cash_on_delivery")
SKU = "tenugui-asanoha"
_numbers = itertools.count(1)


def wish(method: str, lines: Mapping[str, int], *, email: str | None = None) -> dict[str, Any]:
    """Return the body of an order, with a buyer whose address no other buyer has."""
    number = next(_numbers)
    return {
        "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines.items()],
        "orderer": {
            "name": "椿 花子",
            "kana": "ツバキ ハナコ",
            "email": email or f"buyer{number}-{time.time_ns()}@example.jp",
            "postal_code": "1500001",
            "prefecture": "東京都",
            "address1": "渋谷区神宮前1-2-3",
            "address2": "",
            "phone": "0312345678",
        },
        "payment_kind": method,
        "payment_choice": {"chain": "lawson"} if method == "konbini" else {},
    }
