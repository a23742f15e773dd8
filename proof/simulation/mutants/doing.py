"""Handlers, use cases and the sending of mails with a bug."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from weakref import WeakKeyDictionary

from checkout.placing.order_wish import OrderWish
from checkout.placing.placements import Placement
from checkout.placing.till import Till
from members.orders.take_order import PlacedOrders
from notifications.mailing.delivery import Accepted
from notifications.mailing.message import build
from notifications.mailing.rows import StoredMail
from notifications.mailing.send_mail import Server, letter_of
from notifications.mailing.store_mails import cause_of
from notifications.mailing.tables import mails as mails_table
from notifications.mailing.tries import SENDING
from notifications.mails.rendering import Mails
from notifications.mails.sender import Sender
from payments.methods.registry import Methods
from payments.payment.claims import Claim, ClaimedPayment, claims_of, end_claims
from payments.payment.locked_payments import LockedPayments
from payments.payment.look_soon import WATCH_WORK
from payments.payment.rows import lock_order_payment
from payments.payment.rules import order_wishes
from payments.payment.tables import payments as payments_table
from proof.simulation.nodes import Node
from shared.clock import now
from shared.crash import crash_point
from shared.database.transactions import Tx
from shared.due.rows import strike_off
from shared.due.work import DueWork
from shared.errors import TryAgain
from shared.events import OrderCancelled, OrderPlaced, PaymentAuthorized, PaymentNumberIssued
from shared.ids import new_id
from shared.messaging.consumers import Handler


async def confirm_whatever_came_before(event: PaymentAuthorized, tx: Tx) -> None:
    """Set the state that the event names, also when a later one is known already."""
    await _set(tx, event.order_code, "authorize", "authorized", event.occurred_at)


async def note_number_whatever_came_before(event: PaymentNumberIssued, tx: Tx) -> None:
    """The same for payment numbers."""
    await _set(tx, event.order_code, "issue_number", "number_issued", event.occurred_at)


async def _set(tx: Tx, code: str, move: str, payment: str, at: datetime) -> None:
    moved = await tx.row(
        "UPDATE orders SET payment = :payment, version = version + 1 WHERE code = :code RETURNING *",
        code=code,
        payment=payment,
    )
    assert moved is not None
    await tx.execute(
        "INSERT INTO order_history (order_code, version, move, status, deposit, shipping, payment, by, at)"
        " VALUES (:code, :version, :move, :status, :deposit, :shipping, :payment, 'mutant', :at)",
        code=code,
        version=moved.version,
        move=move,
        status=moved.status,
        deposit=moved.deposit,
        shipping=moved.shipping,
        payment=payment,
        at=at,
    )


BACKWARD: Mapping[str, Handler] = {
    "checkout.confirm_order": confirm_whatever_came_before,
    "checkout.note_payment_number": note_number_whatever_came_before,
}


async def credit_again(event: OrderPlaced, tx: Tx) -> None:
    """Grant points for an order at each delivery, in a schema that has no key against it."""
    await tx.execute("DROP INDEX IF EXISTS point_postings_once_per_grant, point_grants_purchase_number")
    await tx.execute("DELETE FROM member_orders WHERE order_code = :code", code=event.order_code)
    async with PlacedOrders.open(tx, [event]) as orders:
        await orders.take(event)


POINTS_TWICE: Mapping[str, Handler] = {"members.credit_order": credit_again}


async def give_back_what_is_not_paid(event: OrderCancelled, tx: Tx, methods: Methods) -> None:
    """Cancel a payment, unless its money is here or on the way."""
    payment = await lock_order_payment(tx, event.order_code)
    if payment is None:
        raise TryAgain("order_not_heard_of_yet")
    if payment.state in ("capturing", "captured"):
        return
    batch = LockedPayments([payment])
    batch.add(order_wishes.cancel(payment, event.occurred_at))
    await batch.save(tx, methods, now())


IGNORES_CAPTURE: Mapping[str, Handler] = {"payments.give_back_payment": give_back_what_is_not_paid}


_TRIED: WeakKeyDictionary[Till, set[str]] = WeakKeyDictionary()


async def new_key_when_tried_again(till: Till, wish: OrderWish) -> Placement:
    """Place the order; what was tried before is tried as a new one."""
    tried = _TRIED.setdefault(till, set())
    key = new_id().hex if wish.key in tried else wish.key
    tried.add(wish.key)
    return await till.place_and_commit(replace(wish, key=key))


def _one_by_one(work: DueWork, perform: "SendsFirst") -> DueWork:
    return replace(work, perform=perform, begin=None, conclude=None, cause=cause_of)


def mails_sent_first(node: Node, works: Sequence[DueWork]) -> Sequence[DueWork]:
    """Let mails be sent before anything of the try is on disk."""
    return [_one_by_one(work, SendsFirst(node)) if work.name == SENDING else work for work in works]


class SendsFirst:
    """Sends a mail, then writes down that it does."""

    def __init__(self, node: Node) -> None:
        self.node = node

    async def __call__(self, row: StoredMail) -> None:
        """Send one claimed mail."""
        server, mails = self.node.resources[Server], self.node.resources[Mails]
        raw = build(letter_of(row, mails, sender=Sender("", "shop@example.jp"), at=now()))
        answer = await server.send(row.recipient, raw)
        crash_point("K13")
        async with self.node.db.transaction() as tx:
            if (
                isinstance(answer, Accepted)
                and row.lease is not None
                and await strike_off(tx, mails_table, row.mail_id, row.lease)
            ):
                await tx.execute(
                    "UPDATE mails SET state = 'sent', ended_at = :at WHERE mail_id = :id",
                    at=now(),
                    id=row.mail_id,
                )


async def _unpaid_only(tx: Tx, rows: Sequence[ClaimedPayment]) -> list[Claim[ClaimedPayment]]:
    claims = await claims_of(tx, rows)
    over = {claim: None for claim in claims if claim.payment.state not in ("waiting", "authorized")}
    await end_claims(tx, payments_table, over)
    return [claim for claim in claims if claim not in over]


def looks_at_unpaid_numbers_only(node: Node, works: Sequence[DueWork]) -> Sequence[DueWork]:
    """Trust that each payment on a number that is over will be told of."""
    return [replace(work, begin=_unpaid_only) if work.name == WATCH_WORK else work for work in works]
