"""Open orders that hold stock without sure money, found by who placed them, each look-up by an index of its own.

No more are read of one buyer than the limits count. What awaits a wallet's yes is found by its browser alone, through
the key of the table: an order paid by wallet or card, the usual one, costs no index here. OFFSET 0 keeps it there: no
look-up by key becomes a walk through all that is unpaid.
"""

from checkout.storage.order_tables import COUNTED_MAIL, OPEN, UNPAID_HOLDS

_COLUMNS = (
    f"code, {COUNTED_MAIL} AS mail, client_address, member_id, payment_flow = 'authorized' AS awaits_yes"
)
HELD_ORDERS = f"""
    SELECT json_agg(held) FROM (
        SELECT one.* FROM unnest(CAST(:mails AS text[])) AS wanted(mail), LATERAL (
            SELECT {_COLUMNS} FROM orders
            WHERE {UNPAID_HOLDS.text} AND {COUNTED_MAIL} = wanted.mail LIMIT :orders_max
        ) AS one
        UNION SELECT one.* FROM unnest(CAST(:client_addresses AS text[])) AS wanted(address), LATERAL (
            SELECT {_COLUMNS} FROM orders
            WHERE {UNPAID_HOLDS.text} AND client_address = wanted.address LIMIT :orders_max
        ) AS one
        UNION SELECT {_COLUMNS} FROM (SELECT * FROM orders WHERE code = ANY(CAST(:codes AS text[])) OFFSET 0) AS ours
        WHERE {OPEN} AND (payment_flow <> 'authorized' OR payment = 'awaited')
    ) AS held
"""  # noqa: S608 - our own column names
