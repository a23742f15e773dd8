"""What an order's events mean for its payment. Pure."""

from datetime import datetime

from payments.deposits.rules import vouch_for_deposit
from payments.payment.rules import order_wishes
from payments.payment.rules.drafting import Rule, Settled, and_then
from payments.payment.rules.order import parcels_of
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from shared.events import (
    CaptureRequested,
    MailAddressCorrected,
    OrderCancelled,
    ReauthorizationRequested,
    Shipped,
)
from shared.shop.page_keys import with_key


def shipped(event: Shipped) -> Rule:
    """Keep the parcels. After the last one the money may be captured."""

    def rule(payment: Payment, terms: Terms, _: datetime) -> Settled:
        at = event.occurred_at
        kept = order_wishes.record_sent_parcels(payment, parcels_of(event), terms, at)
        if not event.fully_shipped:
            return kept
        return and_then(kept, order_wishes.capture_after_shipping(kept.payment, terms, at))

    return rule


def capture_requested(event: CaptureRequested) -> Rule:
    """Capture the money, or record a deposit of the missing amount if staff see deposits themselves."""

    def rule(payment: Payment, terms: Terms, _: datetime) -> Settled:
        at = event.occurred_at
        if terms.deposit != "by_hand":
            return order_wishes.capture_for_staff(
                payment, terms, at, send_mail=event.send_mail, by=event.by, amount=event.amount
            )
        return vouch_for_deposit(
            payment,
            terms,
            at,
            deposited_on=event.deposit_date,
            receipt_id=f"request:{event.event_id.hex}",
            send_mail=event.send_mail,
            by=event.by,
        )

    return rule


def reauthorization_requested(event: ReauthorizationRequested) -> Rule:
    """Request a new hold. A hold that still exists is released first (AP-34)."""
    return lambda payment, terms, at: order_wishes.reauthorize(payment, terms, at, by=event.by)


def address_corrected(event: MailAddressCorrected) -> Rule:
    """Replace the key of the payment's pages: the former one is in mails to an address of somebody else."""

    def rule(payment: Payment, _: Terms, __: datetime) -> Settled:
        if event.page_key is None:
            return Settled(payment)
        page_url = with_key(payment.page_url, event.page_key)
        return Settled(payment.changed(page_key=event.page_key, page_url=page_url))

    return rule


def cancelled(event: OrderCancelled) -> Rule:
    """Release or refund everything that is held or paid, now or when it arrives (AP-51, F32)."""
    return lambda payment, _, __: order_wishes.cancel(payment, event.occurred_at, by=event.by)
