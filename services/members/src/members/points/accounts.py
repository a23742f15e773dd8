"""The points of many members at once: balances locked together, postings numbered in memory, saved together."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from members.points.rows import balance_from, expiry, grant_values, posting_values
from members.points.rules import Balance, Grant, Posting
from members.points.tables import point_balances, point_grants, point_postings
from members.shop_rules.rules import Activation
from shared.bulk import insert_all, update_all
from shared.database import Tx


class Accounts:
    """Locked balances and what is done to them; nothing is on disk before :meth:`save`.

    What happens to one member is applied in sequence, so that the ledger has no gaps and each posting sees the
    balance that the one before it left.
    """

    def __init__(self, balances: Iterable[Balance]) -> None:
        self._balances = {balance.member_id: balance for balance in balances}
        self._changed: set[UUID] = set()
        self._postings: list[dict[str, Any]] = []
        self._grants: list[dict[str, Any]] = []
        self._activated: list[dict[str, Any]] = []
        self._revoked: list[dict[str, Any]] = []

    @classmethod
    async def lock(cls, tx: Tx, member_ids: Iterable[UUID]) -> "Accounts":
        """Lock the balances of those of ``member_ids`` who are members, in the order in which all lock them."""
        wanted = set(member_ids)
        return cls(await _lock(tx, wanted) if wanted else ())

    async def lock_also(self, tx: Tx, member_id: UUID) -> None:
        """Lock the balance of somebody who has become a member in this very transaction."""
        self._balances |= {balance.member_id: balance for balance in await _lock(tx, {member_id})}

    def balance(self, member_id: UUID | None) -> Balance | None:
        """Return the balance after all that was done to it so far; None for a stranger."""
        return self._balances.get(member_id) if member_id is not None else None

    def store(self, balance: Balance) -> None:
        """Put ``balance`` in the place of what its member had."""
        self._balances[balance.member_id] = balance
        self._changed.add(balance.member_id)

    def post(self, member_id: UUID, posting: Posting, *, at: datetime) -> None:
        """Add ``posting`` to a member's ledger; a debt is paid first.

        Raises NotEnoughPoints, and KeyError for a stranger.
        """
        balance = self._balances[member_id]
        netted = balance.netted(posting)
        then = balance.after(netted)
        self._postings.append(posting_values(then, netted, at=at))
        self.store(then)

    def grant(self, grant: Grant, *, activation: Activation, at: datetime) -> None:
        """Note a new grant."""
        self._grants.append(grant_values(grant, activation=activation, at=at))

    def activate(self, grant: Grant, *, at: datetime) -> None:
        """Note that a waiting grant became valid at ``at``."""
        expires_at = expiry(grant, at)
        self._activated.append(
            {
                "grant_id": grant.grant_id,
                "state": "active",
                "activated_at": at,
                "expires_at": expires_at,
                "due_at": expires_at,
            }
        )

    def revoke(self, grant: Grant) -> None:
        """Note that a grant was taken back."""
        self._revoked.append({"grant_id": grant.grant_id, "state": "revoked", "due_at": None})

    async def save(self, tx: Tx) -> None:
        """Write everything down, in one statement for each kind of change."""
        await insert_all(tx, point_grants, self._grants)
        await insert_all(tx, point_postings, self._postings)
        await update_all(tx, point_grants, self._activated, key="grant_id")
        await update_all(tx, point_grants, self._revoked, key="grant_id")
        changed = [self._balances[member_id] for member_id in self._changed]
        await update_all(tx, point_balances, [_balance_values(one) for one in changed], key="member_id")


async def _lock(tx: Tx, member_ids: set[UUID]) -> list[Balance]:
    rows = await tx.rows(
        "SELECT * FROM point_balances WHERE member_id = ANY(CAST(:ids AS uuid[]))"
        " ORDER BY member_id FOR UPDATE",
        ids=list(member_ids),
    )
    return [balance_from(row) for row in rows]


def _balance_values(balance: Balance) -> dict[str, Any]:
    return {
        "member_id": balance.member_id,
        "waiting": balance.waiting,
        "active": balance.active,
        "held": balance.held,
        "entries": balance.entries,
        "debt": balance.debt,
    }
