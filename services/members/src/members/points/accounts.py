"""The points of many members at once: balances locked together, postings numbered in memory, all saved together."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from members.points.records import GrantRow, PostingRow, balance_row, expiry, grant_row, posting_row
from members.points.rows import lock_balances
from members.points.rules import Balance, Grant, GrantState, Posting
from members.points.tables import point_balances, point_grants, point_postings
from members.shop_rules.labels import Activation
from shared.database.bulk import insert_all, update_all
from shared.database.transactions import Tx


@dataclass(frozen=True, slots=True)
class Activated:
    """The changed columns of an activated grant. It is due when its points expire."""

    grant_id: UUID
    activated_at: datetime
    expires_at: datetime | None
    due_at: datetime | None
    state: GrantState = "active"


@dataclass(frozen=True, slots=True)
class Revoked:
    """The changed columns of a revoked grant. It is no longer due.

    ``money_returned`` means that all the money of its order went back.
    """

    grant_id: UUID
    money_returned: bool
    state: GrantState = "revoked"
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WouldBeActive:
    """The changed column of a revoked grant that would have become active now."""

    grant_id: UUID
    activated_at: datetime


class Accounts:
    """Locked balances and their changes. Nothing is stored before :meth:`save`.

    Changes of one member are applied in sequence. The ledger therefore has no gaps, and each posting starts from the
    balance after the previous one.
    """

    def __init__(self, balances: Iterable[Balance]) -> None:
        self._balances = {balance.member_id: balance for balance in balances}
        self._changed: set[UUID] = set()
        self._postings: list[PostingRow] = []
        self._grants: list[GrantRow] = []
        self._activated: list[Activated] = []
        self._revoked: list[Revoked] = []
        self._would_be_active: list[WouldBeActive] = []

    @classmethod
    async def lock(cls, tx: Tx, member_ids: Iterable[UUID]) -> "Accounts":
        """Lock the balances of the members among ``member_ids``, in the common order of locking."""
        wanted = set(member_ids)
        return cls(await lock_balances(tx, wanted) if wanted else ())

    async def lock_also(self, tx: Tx, member_id: UUID) -> None:
        """Lock the balance of a person who became a member in this transaction."""
        self._balances |= {balance.member_id: balance for balance in await lock_balances(tx, {member_id})}

    def balance(self, member_id: UUID | None) -> Balance | None:
        """Return the balance after all changes so far. Return None for an unknown member."""
        return self._balances.get(member_id) if member_id is not None else None

    def store(self, balance: Balance) -> None:
        """Replace the member's balance by ``balance``."""
        self._balances[balance.member_id] = balance
        self._changed.add(balance.member_id)

    def post(self, member_id: UUID, posting: Posting, *, at: datetime) -> None:
        """Add ``posting`` to a member's ledger; it pays a debt first.

        Raises NotEnoughPoints, and KeyError for an unknown member.
        """
        balance = self._balances[member_id]
        netted = balance.netted(posting)
        then = balance.after(netted)
        self._postings.append(posting_row(then, netted, at=at))
        self.store(then)

    def grant(self, grant: Grant, *, activation: Activation, at: datetime) -> None:
        """Add a new grant."""
        self._grants.append(grant_row(grant, activation=activation, at=at))

    def activate(self, grant: Grant, *, at: datetime) -> None:
        """Activate a waiting grant at ``at``."""
        expires_at = expiry(grant, at)
        self._activated.append(
            Activated(grant.grant_id, activated_at=at, expires_at=expires_at, due_at=expires_at)
        )

    def note_activation(self, grant: Grant, *, at: datetime) -> None:
        """Store that a revoked grant would have become active at ``at``, in case its points are granted again."""
        self._would_be_active.append(WouldBeActive(grant.grant_id, activated_at=at))

    def revoke(self, grant: Grant, *, money_returned: bool) -> None:
        """Revoke a grant, and store whether all the money of its order went back."""
        self._revoked.append(Revoked(grant.grant_id, money_returned))

    async def save(self, tx: Tx) -> None:
        """Store all changes with one statement for each kind of change."""
        await insert_all(tx, point_grants, self._grants)
        await insert_all(tx, point_postings, self._postings)
        await update_all(tx, point_grants, self._activated, key="grant_id")
        await update_all(tx, point_grants, self._revoked, key="grant_id")
        await update_all(tx, point_grants, self._would_be_active, key="grant_id")
        changed = [balance_row(self._balances[member_id]) for member_id in self._changed]
        await update_all(tx, point_balances, changed, key="member_id")
