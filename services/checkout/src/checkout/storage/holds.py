"""Unpaid orders that hold stock, found by who placed them. Small indexes of their own keep this one look-up."""

from checkout.storage.order_tables import UNPAID_HOLDS

HELD_ORDERS = f"""
    SELECT json_agg(json_build_object('code', code, 'email', lower(orderer_email), 'client_address', client_address))
    FROM (
        SELECT code, orderer_email, client_address FROM orders
        WHERE {UNPAID_HOLDS.text} AND lower(orderer_email) = ANY(CAST(:emails AS text[]))
        UNION SELECT code, orderer_email, client_address FROM orders
        WHERE {UNPAID_HOLDS.text} AND client_address = ANY(CAST(:client_addresses AS text[]))
        UNION SELECT code, orderer_email, client_address FROM orders
        WHERE {UNPAID_HOLDS.text} AND code = ANY(CAST(:codes AS text[]))
    ) AS held
"""  # noqa: S608 - our own column names
