"""From a checkout session to a charge: the session gets the order's amount, the buyer agrees, the session is completed.

Every run reads the session first and does only the next step. So it can be repeated after any crash or lost answer.
Complete has no idempotency key at Amazon; the session shows its effect.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from payments.methods.amazon_pay import meaning
from payments.methods.amazon_pay.client import AmazonPayClient, SaysNo, yen
from payments.methods.amazon_pay.looking import CHARGE, PERMISSION
from payments.methods.amazon_pay.sessions import Session
from payments.methods.method import Shop
from payments.payment.rules.answers import Answer, Declined, NeedsBuyer, Unknown
from payments.payment.rules.payment import NOT_YET, Payment
from shared.clock import now

SESSION = "checkout_session_id"
OVER = "InvalidCheckoutSessionStatus"


@dataclass(frozen=True, slots=True)
class Journey:
    """The steps of one authorization. `prefix` is the path of the method's own pages.

    `store_name` is what Amazon's pages call the shop; empty: its name.
    """

    client: AmazonPayClient
    shop: Shop
    store_name: str
    prefix: str

    async def advance(self, payment: Payment, session: Session) -> Answer:
        """Do the next step: send the amount to Amazon, wait for the buyer, or complete the session."""
        if session.state == "Completed":
            return await self.completed(payment, session)
        outcome = meaning.of_session(session)
        if outcome is not None:
            return outcome
        if session.is_of_other_marketplace:
            return Declined(reason="marketplace_not_supported")
        if session.reference not in (None, payment.order_code):
            return Declined(reason="provider_error", detail="session of another order")
        if session.reference is None or session.amount != payment.amount or session.redirect_url is None:
            await self.shop.known.refresh()
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
        """Return the answer if a session was not completed: the buyer is away, gave up, or another try completed it."""
        session = await self.client.session(session_id)
        if session.state == "Completed":
            return await self.completed(payment, session)
        return meaning.of_session(session) or _sent_to_amazon(session)

    async def completed(self, payment: Payment, session: Session) -> Answer:
        """Return the answer about an existing charge. It counts only for this order and its amount."""
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
        """Return what a session without a known charge means. An open session means nothing yet."""
        voided = payment.state == "voided"
        age = (now() - payment.placed_at).total_seconds()
        nothing = meaning.of_voided_session(session, age) if voided else meaning.of_session(session)
        if nothing is not None:
            return (nothing,)
        if session.state != "Completed" or not (voided or payment.state in NOT_YET):
            return ()
        return (await self.completed(payment, session),)

    def page(self, name: str, payment: Payment) -> str:
        """Return the address of the method's page `name` for this order."""
        query = urlencode({"order": payment.order_code})
        return f"{self.shop.origin_url.rstrip('/')}{self.prefix}/{name}?{query}"

    def _wish(self, payment: Payment) -> dict[str, object]:
        """Return what the order adds to the session."""
        return {
            "webCheckoutDetails": {"checkoutResultReturnUrl": self.page("result", payment)},
            "paymentDetails": {
                "paymentIntent": "Authorize",
                "canHandlePendingAuthorization": True,
                "chargeAmount": yen(payment.amount),
            },
            "merchantMetadata": {
                "merchantReferenceId": payment.order_code,
                "merchantStoreName": self.store_name or self.shop.known.identity.name,
            },
        }


def session_of(payment: Payment) -> str | None:
    """Return the checkout session that pays the order, which came with the order or from the buyer's page."""
    return payment.choice.get(SESSION) or payment.refs.get(SESSION)


def _sent_to_amazon(session: Session) -> Answer:
    refs = {SESSION: session.checkout_session_id}
    if session.redirect_url is None:
        return Unknown(reason="no redirect address", refs=refs)
    return NeedsBuyer(redirect_url=session.redirect_url, refs=refs)
