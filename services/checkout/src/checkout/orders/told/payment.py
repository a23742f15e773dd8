"""What payments reported about the payment of an order. Events store it; pages of orders read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime

from checkout.orders.told.tables import order_money, order_payments
from shared.database.bulk import insert_all, upsert_all
from shared.database.transactions import Tx


@dataclass(frozen=True, slots=True)
class ToldColumns:
    """The columns of ``order_payments`` that one event sets for an order, and perhaps a row of ``order_money``."""

    order_code: str
    payment: Mapping[str, object] = field(default_factory=dict)
    money: Mapping[str, object] | None = None


async def keep_told(tx: Tx, told: Sequence[ToldColumns]) -> None:
    """Store the reports of events. The last report of a column wins. The orders must be locked."""
    rows: dict[tuple[str, ...], dict[str, Mapping[str, object]]] = {}
    for one in told:
        if one.payment:
            of_columns = rows.setdefault(tuple(one.payment), {})
            of_columns[one.order_code] = {"order_code": one.order_code, **one.payment}
    for of_columns in rows.values():
        await upsert_all(tx, order_payments, list(of_columns.values()), key="order_code")
    money = [{"order_code": one.order_code, **one.money} for one in told if one.money]
    await insert_all(tx, order_money, money)


@dataclass(frozen=True, slots=True)
class Authorization:
    """The newest authorization; ``amount`` in yen."""

    authorization_id: str
    amount: int
    instrument: str
    provider_status: str


@dataclass(frozen=True, slots=True)
class Number:
    """A payment number, or the account for a transfer. The buyer pays until ``due_at``.

    A late payment is accepted until ``accepted_until``, if payments reported that time.
    """

    number: str
    label: str
    chain_name: str
    confirmation_number: str | None
    due_at: datetime
    page_url: str
    accepted_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund: ``amount`` in yen, by ``route``. Its part ``excess`` was paid beyond the total."""

    amount: int
    route: str
    excess: int = 0


@dataclass(frozen=True, slots=True)
class PaymentTold:
    """The reported facts about the payment of an order.

    ``captured`` is in yen; ``failure`` is the code of the reason.
    """

    authorization: Authorization | None = None
    number: Number | None = None
    failure: str | None = None
    captured: int = 0
    refunds: Sequence[Refund] = ()


@dataclass(frozen=True, slots=True)
class _Told:
    """The result of one query: columns of ``order_payments``, and the sums of ``order_money``."""

    authorization_id: str | None
    authorized_amount: int | None
    instrument: str | None
    provider_status: str | None
    payment_number: str | None
    number_label: str | None
    chain_name: str | None
    confirmation_number: str | None
    number_due_at: datetime | None
    number_page_url: str | None
    number_accepted_until: datetime | None
    failure: str | None
    captured: int | None
    refunds: Sequence[tuple[int, str, int]] | None

    @property
    def authorization(self) -> Authorization | None:
        if self.authorization_id is None:
            return None
        return Authorization(
            self.authorization_id,
            self.authorized_amount or 0,
            self.instrument or "",
            self.provider_status or "",
        )

    @property
    def number(self) -> Number | None:
        if self.payment_number is None or self.number_due_at is None:
            return None
        return Number(
            number=self.payment_number,
            label=self.number_label or "",
            chain_name=self.chain_name or "",
            confirmation_number=self.confirmation_number,
            due_at=self.number_due_at,
            page_url=self.number_page_url or "",
            accepted_until=self.number_accepted_until,
        )


_OF_PAYMENT = [field.name for field in fields(_Told) if field.name not in ("captured", "refunds")]
_TOLD = f"""
    SELECT {", ".join(_OF_PAYMENT)}, captured, refunds FROM (
        SELECT sum(amount) FILTER (WHERE kind = 'captured') AS captured,
            json_agg(json_build_array(amount, route, excess) ORDER BY entry_id)
                FILTER (WHERE kind = 'refunded') AS refunds
        FROM order_money WHERE order_code = :code
    ) AS m LEFT JOIN order_payments AS p ON p.order_code = :code
"""  # noqa: S608 - our own column names


async def read_told(tx: Tx, code: str) -> PaymentTold:
    """Return what payments has reported about the payment of this order."""
    [told] = await tx.read(_Told, _TOLD, code=code)
    return PaymentTold(
        authorization=told.authorization,
        number=told.number,
        failure=told.failure,
        captured=told.captured or 0,
        refunds=_made([Refund(*refund) for refund in told.refunds or ()]),
    )


def _made(told: Sequence[Refund]) -> list[Refund]:
    """Return the refunds that were made, without those that were taken back and without the rows that record this.

    A refund that was taken back has a second row with the negative amount. Several refunds may have that amount and
    route. The row then refers to the one with the nearest excess; between equal ones the choice does not matter.
    """
    made: list[Refund] = []
    for one in told:
        if one.amount >= 0:
            made.append(one)
            continue
        same = [past for past in made if (past.amount, past.route) == (-one.amount, one.route)]
        if same:
            made.remove(min(same, key=lambda past: abs(past.excess + one.excess)))
    return made


async def authorizations_of(tx: Tx, code: str) -> list[str]:
    """Return the authorizations that payments reported for an order, newest first."""
    rows = await tx.rows(
        "SELECT authorization_id FROM order_money WHERE order_code = :code AND kind = 'authorized'"
        " ORDER BY entry_id DESC",
        code=code,
    )
    return [row.authorization_id for row in rows]
