"""A program that orders over the API, and what it is told at the limit of unpaid orders."""

from collections.abc import Mapping
from typing import Any

import httpx

from harness.keys import Keys
from shared.database.transactions import Database
from shared.ids import new_id
from tests.checkout.shopper import ORDERER, ORIGIN, shop_app

SORRY = "お支払いまたは発送がお済みでないご注文があるため、新しいご注文をお受けできません。"


def program(
    db: Database, keys: Keys, limits: Mapping[str, int], *, address: str = "192.0.2.1"
) -> httpx.AsyncClient:
    """Return a program without a cookie jar of its own, at ``address``."""
    transport = httpx.ASGITransport(app=shop_app(db, keys, limits=limits), client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN)


async def order(client: httpx.AsyncClient, *, key: str = "", **changes: Any) -> httpx.Response:
    """Order by bank transfer unless ``changes`` say otherwise."""
    client.cookies.clear()
    email = changes.pop("email", ORDERER["email"])
    body = {
        "lines": [{"sku": "cup", "quantity": 1}],
        "orderer": {**ORDERER, "email": email},
        "payment_kind": "bank_transfer",
        **changes,
    }
    headers = {"Idempotency-Key": key or str(new_id())}
    return await client.post("/api/checkout/orders", json=body, headers=headers)


async def stored_orders(db: Database) -> int:
    """Return how many orders there are."""
    async with db.transaction() as tx:
        return int(await tx.value("SELECT count(*) FROM orders"))
