"""SQL that finds open orders with reserved stock but without secured money, by buyer. Each look-up has its own index.

One query reads at most as many orders per buyer as the limits count. It counts orders that await an authorization
separately from the others. OFFSET 0 keeps the planner on the look-up by key; without it, the planner could scan all
unpaid orders.
"""

from checkout.orders.tables import MAILBOX, OPEN

UNSECURED = f"{OPEN} AND (payment_flow <> 'authorized' OR payment = 'awaited')"
_COLUMNS = (
    f"code, {MAILBOX} AS mail, client_address, member_id, wallet_buyer_id AS buyer_id,"
    " payment_flow = 'authorized' AS awaits_yes"
)


def _found(wanted: str, where: str) -> str:
    """Return the statement that finds the unsecured orders of each buyer in ``wanted``."""
    return f"""
        SELECT one.* FROM {wanted}, (VALUES (true), (false)) AS kind(awaits_yes), LATERAL (
            SELECT {_COLUMNS} FROM orders
            WHERE {UNSECURED} AND (payment_flow = 'authorized') = kind.awaits_yes AND {where} LIMIT :orders_max
        ) AS one"""  # noqa: S608 - our own column names


UNSECURED_ORDERS = f"""
    SELECT json_agg(unsecured) FROM (
        {
    _found(
        "unnest(CAST(:mails AS text[]), CAST(:mail_clients AS text[])) AS wanted(mail, client)",
        f"client_address = wanted.client AND {MAILBOX} = wanted.mail",
    )
}
        UNION {_found("unnest(CAST(:clients AS text[])) AS wanted(client)", "client_address = wanted.client")}
        UNION {_found("unnest(CAST(:members AS uuid[])) AS wanted(id)", "member_id = wanted.id")}
        UNION {_found("unnest(CAST(:buyers AS text[])) AS wanted(id)", "wallet_buyer_id = wanted.id")}
        UNION SELECT {
    _COLUMNS
} FROM (SELECT * FROM orders WHERE code = ANY(CAST(:codes AS text[])) OFFSET 0) AS ours
        WHERE {UNSECURED}
    ) AS unsecured
"""  # noqa: S608 - our own column names
