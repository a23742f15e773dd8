"""Codes and ids that exist in the running shop, so that not every guess ends at "not found"."""

from collections.abc import Mapping, Sequence

from proof.observers import Outside

LIMIT = 20
QUERIES: Mapping[str, tuple[str, str]] = {
    "order_code": ("checkout", "SELECT order_code FROM placements ORDER BY 1 LIMIT $1"),
    "sku": ("checkout", "SELECT sku FROM stock ORDER BY 1 LIMIT $1"),
    "destination_id": ("checkout", "SELECT destination_id::text FROM order_destinations ORDER BY 1 LIMIT $1"),
    "member_id": ("members", "SELECT member_id::text FROM members ORDER BY 1 LIMIT $1"),
    "grant_id": ("members", "SELECT grant_id::text FROM point_grants ORDER BY 1 LIMIT $1"),
    "session_id": ("members", "SELECT session_id::text FROM sessions ORDER BY 1 LIMIT $1"),
    "mail_id": ("notifications", "SELECT mail_id::text FROM mails ORDER BY 1 LIMIT $1"),
    "mail": ("notifications", "SELECT DISTINCT mail FROM mails LIMIT $1"),
    "key": (
        "payments",
        "SELECT details->>'page_key' FROM payments WHERE details->>'page_key' <> '' LIMIT $1",
    ),
}
# Words that forms know, whatever the shop holds.
WORDS: Mapping[str, Sequence[str]] = {
    "quantity": ("1", "2", "99"),
    "payment_kind": ("cash_on_delivery", "konbini", "bank_transfer", "amazon_pay"),
    "chain": ("lawson", "seven_eleven"),
    "prefecture": ("東京都", "沖縄県"),
    "postal_code": ("1500001", "100-0005"),
    "phone": ("0312345678", "０９０１２３４５６７８"),
    "name": ("椿 花子",),
    "kana": ("ツバキ ハナコ",),
    "email": ("desk@noren.example", "hanako@example.jp"),
    "password": ("noren-demo-2026", "yuzu 1972 matsuri"),
    "address1": ("渋谷区神宮前1-2-3",),
    "tab": ("unshipped", "unpaid", "all"),
    "next": ("/", "/cart", "/order"),
    "send_mail": ("true", "false"),
    "carrier": ("yamato", "佐川急便", "近所の配達"),
    "sender": ("shop", "software"),
    "enabled": ("true", "false"),
}


async def known_values(outside: Outside) -> dict[str, Sequence[str]]:
    """Return what exists, by the names under which routes ask for it."""
    found: dict[str, Sequence[str]] = dict(WORDS)
    for name, (service, statement) in QUERIES.items():
        values = [str(row[0]) for row in await outside.rows(service, statement, LIMIT)]
        if values:
            found[name] = values
    codes = found.get("order_code", ())
    found |= {"code": codes, "q": codes, "id": [*codes, *found.get("mail_id", ())]}
    return found
