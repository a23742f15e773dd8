"""Stores what checkout published about the identity of the shop."""

import orjson

from shared.database.transactions import Tx
from shared.events import ShopChanged


async def keep_identity(tx: Tx, event: ShopChanged) -> None:
    """Store the facts of ``event`` unless newer ones are stored: events may arrive in another order."""
    await tx.execute(
        "INSERT INTO shop_identity (shop_id, revision, facts, occurred_at)"
        " VALUES (1, :revision, CAST(:facts AS jsonb), :at)"
        " ON CONFLICT (shop_id) DO UPDATE SET (revision, facts, occurred_at)"
        " = (excluded.revision, excluded.facts, excluded.occurred_at)"
        " WHERE shop_identity.revision < excluded.revision",
        revision=event.revision,
        facts=orjson.dumps(event.model_dump(exclude={"revision"})).decode(),
        at=event.occurred_at,
    )
