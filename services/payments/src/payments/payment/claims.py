"""Claimed rows, each with its payment at the time of the claim."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Table

from payments.payment.rows import read_payments
from payments.payment.rules.payment import Payment
from shared.database.transactions import Tx
from shared.due.rows import strike_off_all


class ClaimedRow(Protocol):
    """A claimed row of any due work, with its lease and the number of its claims."""

    @property
    def lease(self) -> UUID:
        """Return the id of the claim."""

    @property
    def attempts(self) -> int:
        """Return the number of claims of the row, including this one."""


class ClaimedOfPayment(ClaimedRow, Protocol):
    """A claimed row that names its payment."""

    @property
    def payment_id(self) -> UUID:
        """Return the payment of the row."""


@dataclass(frozen=True, slots=True)
class ClaimedPayment:
    """A payment that is due to be looked up."""

    payment_id: UUID
    lease: UUID
    attempts: int


R = TypeVar("R", bound=ClaimedRow, covariant=True)
P = TypeVar("P", bound=ClaimedOfPayment)


@dataclass(frozen=True, eq=False)
class Claim(Generic[R]):
    """A row that this process may work on until its lease ends."""

    row: R
    payment: Payment


async def claims_of(tx: Tx, rows: Sequence[P]) -> list[Claim[P]]:
    """Return each row with its payment. A row whose payment cannot be read is left out, and its lease runs out."""
    return await claims_on(tx, [(row, row.payment_id) for row in rows])


async def claims_on(tx: Tx, rows: Sequence[tuple[R, UUID]]) -> list[Claim[R]]:
    """Return the same for rows that are given with the id of their payment."""
    payments = await read_payments(tx, {payment_id for _, payment_id in rows})
    return [Claim(row, payments[payment_id]) for row, payment_id in rows if payment_id in payments]


def last_claims(table: Table, claims: Iterable[Claim[R]]) -> dict[UUID, Claim[R]]:
    """Return the last claim on each row. A row may be claimed again while its first claim is in progress."""
    [key] = table.primary_key.columns
    return {getattr(one.row, key.name): one for one in sorted(claims, key=lambda one: one.row.attempts)}


async def end_claims(tx: Tx, table: Table, due_at: Mapping[Claim[R], datetime | None]) -> set[Claim[R]]:
    """Complete claimed rows, or make them due again. Return the claims that this process still held.

    A caller writes nothing that depends on any other claim.
    """
    last = last_claims(table, due_at)
    ended = [(row_id, claim.row.lease, due_at[claim]) for row_id, claim in last.items()]
    struck = await strike_off_all(tx, table, ended)
    return {claim for row_id, claim in last.items() if row_id in struck}
