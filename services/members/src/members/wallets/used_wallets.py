"""Amazon login statements that opened a session. A copy of such a statement opens no other."""

from datetime import datetime, timedelta

from shared.database.transactions import Tx

# Longer than a statement of a wallet is valid: payments signs it for two hours.
_KEEP = timedelta(days=1)


async def use_wallet(tx: Tx, statement_hash: str, *, at: datetime) -> bool:
    """Store that a statement is used for a login. Returns False if it was used before."""
    await tx.execute("DELETE FROM used_wallets WHERE used_at < :before", before=at - _KEEP)
    used = await tx.execute(
        "INSERT INTO used_wallets (statement_hash, used_at) VALUES (:statement_hash, :at)"
        " ON CONFLICT DO NOTHING",
        statement_hash=statement_hash,
        at=at,
    )
    return used == 1
