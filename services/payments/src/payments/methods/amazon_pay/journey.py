"""From a checkout session to a charge: the session learns the order's amount, the buyer agrees, it is completed.

Every run reads the session first and does the next step only, so it may be run again after any crash or lost
answer. Complete knows no idempotency key at Amazon; what it did is seen in the session.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from payments.methods.amazon_pay import meaning
from payments.methods.amazon_pay.client import AmazonPayClient, SaysNo, yen
from payments.methods.amazon_pay.looking import CHARGE, PERMISSION
from payments.methods.amazon_pay.objects import Session
from payments.methods.method import Shop
from payments.payment.rules.answers import Answer, Declined, NeedsBuyer, Unknown
from payments.payment.rules.payment import NOT_YET, Payment
from shared.clock import now

SESSION = "checkout_session_id"
OVER = "InvalidCheckoutSessionStatus"


@dataclass(frozen=True, slots=True)
class Journey:
    """The steps of one authorization. `prefix` is where our own pages begin."""

    client: AmazonPayClient
    shop: Shop
    store_name: str
    prefix: str

    async def advance(self, payment: Payment, session: Session) -> Answer:
        """Do the next step: tell Amazon the amount, wait for the buyer, or complete."""
        if session.state == "Completed":
            return await self.completed(payment, session)
        over = meaning.of_session(session)
        if over is not None:
            return over
        if session.is_of_other_marketplace:
            return Declined(reason="marketplace_not_supported")
        if session.reference not in (None, payment.order_code):
            return Declined(reason="provider_error", detail="session of another order")
        if session.reference is None or session.amount != payment.amount or session.redirect_url is None:
            session = await self.client.update_session(session.checkout_session_id, self._wish(payment))
            return _sent_to_amazon(session)
        try:
            completed = await self.client.complete_session(session.checkout_session_id, payment.amount)
        except SaysNo as no:
            if no.code not in (OVER, "CheckoutSessionCanceled"):
                raise
            return await self._not_completed(payment, session.checkout_session_id)
        return await self.completed(payment, completed)

    async def _not_completed(self, payment: Payment, session_id: str) -> Answer:
        """The buyer is not back yet, or backed out, or another try completed it."""
        session = await self.client.session(session_id)
        if session.state == "Completed":
            return await self.completed(payment, session)
        return meaning.of_session(session) or _sent_to_amazon(session)

    async def completed(self, payment: Payment, session: Session) -> Answer:
        """A charge exists. It counts only if it is for this order and for its amount."""
        charge_id, permission_id = session.charge_id, session.charge_permission_id
        if charge_id is None or permission_id is None:
            return Unknown(reason="completed without a charge")
        if charge_id in payment.disowned:
            return Declined(reason="provider_error", detail="charge of others")
        permission = await self.client.permission(permission_id)
        charge = await self.client.charge(charge_id, of=[permission_id])
        reference = (
            permission.merchant_metadata.merchant_reference_id if permission.merchant_metadata else None
        )
        if reference != payment.order_code:
            return Declined(reason="provider_error", detail="session of another order")
        refs = {SESSION: session.checkout_session_id, PERMISSION: permission_id, CHARGE: charge_id}
        if charge.charge_amount.amount != payment.amount:
            if charge.may_be_cancelled:
                await self.client.cancel(charge_id, "金額の不一致")
            detail = f"{charge.charge_amount.amount} authorized for {payment.amount}"
            return Declined(reason="amount_mismatch", detail=detail, refs=refs)
        return meaning.of_charge(charge, permission.instrument, refs, held=False)[0]

    async def look_at(self, payment: Payment, session: Session) -> Sequence[Answer]:
        """What a session without a known charge tells; one that is open tells nothing yet."""
        voided = payment.state == "voided"
        age = (now() - payment.placed_at).total_seconds()
        nothing = meaning.of_voided_session(session, age) if voided else meaning.of_session(session)
        if nothing is not None:
            return (nothing,)
        if session.state != "Completed" or not (voided or payment.state in NOT_YET):
            return ()
        return (await self.completed(payment, session),)

    def page(self, name: str, payment: Payment) -> str:
        """The address of our page `name` for this order."""
        query = urlencode({"order": payment.order_code})
        return f"{self.shop.origin_url.rstrip('/')}{self.prefix}/{name}?{query}"

    def _wish(self, payment: Payment) -> dict[str, object]:
        """What the order adds to the session."""
        return {
            "webCheckoutDetails": {"checkoutResultReturnUrl": self.page("result", payment)},
            "paymentDetails": {
                "paymentIntent": "Authorize",
                "canHandlePendingAuthorization": True,
                "chargeAmount": yen(payment.amount),
            },
            "merchantMetadata": {
                "merchantReferenceId": payment.order_code,
                "merchantStoreName": self.store_name,
            },
        }


def session_of(payment: Payment) -> str | None:
    """The checkout session that pays for it: the order carried it, or the buyer's page brought it."""
    return payment.choice.get(SESSION) or payment.refs.get(SESSION)


def _sent_to_amazon(session: Session) -> Answer:
    refs = {SESSION: session.checkout_session_id}
    if session.redirect_url is None:
        return Unknown(reason="no redirect address", refs=refs)
    return NeedsBuyer(redirect_url=session.redirect_url, refs=refs)
