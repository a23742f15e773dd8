"""Amazon Pay as a payment method: the calls, in an order that may break off anywhere.

One authorization is a small journey: the session learns the order's amount, the buyer agrees on Amazon's
page, the session is completed and a charge comes out. Each run of `authorize` reads the session first and
does the next step only, so it may be run again after any crash or lost answer. Complete and Cancel know no
idempotency key at Amazon; what they did is seen in the session and the charge.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Self, TypeVar
from urllib.parse import urlencode

import httpx
from fastapi import APIRouter

from payments.domain.answers import (
    Answer,
    CaptureDeclined,
    CaptureRefused,
    Declined,
    NeedsBuyer,
    RefundDeclined,
    Unknown,
    Voided,
)
from payments.domain.payment import NOT_YET, Payment
from payments.domain.terms import Terms
from payments.method import CALL_SECONDS_MAX, Counter, Menu, Method, Notice, Shop
from payments.methods.amazon_pay import meaning
from payments.methods.amazon_pay.client import AmazonPayClient, NoAnswer, SaysNo, yen
from payments.methods.amazon_pay.notices import NoticeReader
from payments.methods.amazon_pay.objects import Session
from payments.methods.amazon_pay.pages import AmazonPayPages
from payments.methods.amazon_pay.settings import AmazonPaySettings
from shared.clock import now

T = TypeVar("T")
SESSION, PERMISSION, CHARGE = "checkout_session_id", "charge_permission_id", "charge_id"
REFUND = "refund_"
SESSION_LIVES = timedelta(hours=24)
GIVES_UP_SECONDS = CALL_SECONDS_MAX - 1
OVER = "InvalidCheckoutSessionStatus"


class AmazonPay(Method):
    """The wallet of Amazon.co.jp."""

    kind = "amazon_pay"
    terms = Terms(flow="authorized", deposit="capture", capture_days_max=30)

    def __init__(self, settings: AmazonPaySettings, shop: Shop, http: httpx.AsyncClient) -> None:
        self.settings = settings
        self.shop = shop
        self.client = AmazonPayClient(settings, http)
        self.notices = NoticeReader(settings, http)
        # Without the notification function the shop is not to learn what the console did (AP-40).
        self.poll_seconds = {"authorized": 600} if settings.notices else {}

    @classmethod
    def from_environment(cls, shop: Shop) -> Self:
        return cls(AmazonPaySettings(), shop, httpx.AsyncClient())

    @property
    def path(self) -> str:
        return self.kind

    def menu(self) -> Menu:
        return Menu(
            kind=self.kind,
            name="Amazon Pay",
            group="wallet",
            hint="Amazonアカウントに登録したお届け先とお支払い方法でご注文いただけます。",
            needs_wallet=True,
            amount_max=10_000_000,
            authorized_at_order=True,
            bulk_capture=True,
            provider_status_shown=True,
            warn_early_processed=True,
        )

    async def authorize(self, payment: Payment, *, key: str) -> Answer:
        """Do the next step: tell Amazon the amount, wait for the buyer, or complete."""
        session_id = _session_id(payment)
        if session_id is None:
            # The order did not carry the session; the buyer's next page does, if the buyer gets there.
            if now() - payment.placed_at > SESSION_LIVES:
                return Declined(reason="buyer_abandoned", detail="no checkout session")
            return NeedsBuyer(redirect_url=self._page("confirm", payment))
        return await _in_time(self._authorize(payment, session_id))

    async def _authorize(self, payment: Payment, session_id: str) -> Answer:
        try:
            return await self._advance(payment, await self.client.session(session_id))
        except SaysNo as no:
            return meaning.refused(no)

    async def _advance(self, payment: Payment, session: Session) -> Answer:
        if session.state == "Completed":
            return await self._completed(payment, session)
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
        return await self._completed(payment, completed)

    async def _not_completed(self, payment: Payment, session_id: str) -> Answer:
        """The buyer is not back yet, or backed out, or another try completed it."""
        session = await self.client.session(session_id)
        if session.state == "Completed":
            return await self._completed(payment, session)
        return meaning.of_session(session) or _sent_to_amazon(session)

    async def _completed(self, payment: Payment, session: Session) -> Answer:
        """A charge exists. It counts only if it is for this order and for its amount."""
        charge_id, permission_id = session.charge_id, session.charge_permission_id
        if charge_id is None or permission_id is None:
            return Unknown(reason="completed without a charge")
        permission = await self.client.permission(permission_id)
        charge = await self.client.charge(charge_id)
        reference = (
            permission.merchant_metadata.merchant_reference_id if permission.merchant_metadata else None
        )
        if reference != payment.order_code:
            return Declined(reason="provider_error", detail="session of another order")
        refs = {SESSION: session.checkout_session_id, PERMISSION: permission_id, CHARGE: charge_id}
        if charge.charge_amount.amount != payment.amount:
            if charge.state in ("Authorized", "AuthorizationInitiated"):
                await self.client.cancel(charge_id, "金額の不一致")
            detail = f"{charge.charge_amount.amount} authorized for {payment.amount}"
            return Declined(reason="amount_mismatch", detail=detail, refs=refs)
        return meaning.of_charge(charge, permission.instrument, refs, capturing=False)[0]

    async def capture(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Take the money. A refusal for the charge's state is answered by what the charge became."""
        return await _in_time(self._capture(payment, amount, key))

    async def _capture(self, payment: Payment, amount: int, key: str) -> Answer:
        try:
            charge = await self.client.capture(payment.authorization_id, amount, key=key)
        except SaysNo as no:
            if no.code in ("InvalidChargeStatus", "DuplicateIdempotencyKey"):
                return (await self._look_up(payment))[-1]
            if no.code == "AmazonRejected":
                return CaptureDeclined(reason=no.code)
            if meaning.is_our_fault(no):
                raise
            return CaptureRefused(reason=no.code)
        return meaning.of_charge(charge, payment.instrument, {}, capturing=True)[-1]

    async def void(self, payment: Payment, *, key: str) -> Answer:
        """Cancel the charge. Without one, wait until none can come any more: a call may arrive late."""
        return await _in_time(self._void(payment))

    async def _void(self, payment: Payment) -> Answer:
        if CHARGE in payment.refs:
            return await self._cancel(payment)
        session_id = _session_id(payment)
        if session_id is None:
            return Voided()
        session = await self.client.session(session_id)
        late = meaning.of_voided_session(session) or await self._completed(payment, session)
        if CHARGE not in late.refs or isinstance(late, Declined):
            return late
        known = replace(payment, refs={**payment.refs, **late.refs})
        return replace(await self._cancel(known), refs=late.refs)

    async def _cancel(self, payment: Payment) -> Answer:
        try:
            await self.client.cancel(payment.refs[CHARGE], "ご注文のキャンセル")
        except SaysNo as no:
            if no.code != "InvalidChargeStatus":
                raise
            return (await self._look_up(payment))[-1]
        return Voided()

    async def refund(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Ask for a refund; it is done a while later."""
        return await _in_time(self._refund(payment, amount, key))

    async def _refund(self, payment: Payment, amount: int, key: str) -> Answer:
        charge_id = payment.refs.get(CHARGE) or payment.authorization_id
        try:
            refund = await self.client.create_refund(charge_id, amount, key=key)
        except SaysNo as no:
            if meaning.is_our_fault(no):
                raise
            return RefundDeclined(reason=no.code)
        return meaning.of_refund(refund, {REFUND + key: refund.refund_id})

    async def look_up(self, payment: Payment) -> Sequence[Answer]:
        """Ask for the charge, and for the refunds we asked for. An open session tells nothing yet."""
        found = await _in_time(self._look_up(payment))
        return (found,) if isinstance(found, Unknown) else found

    async def _look_up(self, payment: Payment) -> Sequence[Answer]:
        charge_id = payment.refs.get(CHARGE)
        if charge_id is None:
            session_id = _session_id(payment)
            if session_id is None:
                return ()
            return await self._look_at_session(payment, await self.client.session(session_id))
        charge = await self.client.charge(charge_id)
        instrument = (
            payment.instrument or (await self.client.permission(charge.charge_permission_id)).instrument
        )
        answers = meaning.of_charge(charge, instrument, {}, capturing=payment.state == "capturing")
        for name, refund_id in payment.refs.items():
            if name.startswith(REFUND):
                answers.append(meaning.of_refund(await self.client.refund(refund_id), {}))
        return answers

    async def _look_at_session(self, payment: Payment, session: Session) -> Sequence[Answer]:
        voided = payment.state == "voided"
        age = (now() - payment.placed_at).total_seconds()
        nothing = meaning.of_voided_session(session, age) if voided else meaning.of_session(session)
        if nothing is not None:
            return (nothing,)
        if session.state != "Completed" or not (voided or payment.state in NOT_YET):
            return ()
        return (await self._completed(payment, session),)

    async def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Prove it; `reference` is the permission, to which all its charges and refunds belong."""
        envelope, hint = await self.notices.read(body)
        if hint is None or not self.settings.notices:
            return Notice(envelope.message_id, None, envelope.kind)
        reference = hint.charge_permission_id or hint.object_id
        return Notice(envelope.message_id, reference, f"{hint.object_type} {hint.object_id}")

    def router(self, counter: Counter) -> APIRouter:
        return AmazonPayPages(self.settings, self.client, counter, f"/payments/{self.path}").router()

    async def close(self) -> None:
        await self.client.http.aclose()

    def _page(self, name: str, payment: Payment) -> str:
        query = urlencode({"order": payment.order_code})
        return f"{self.shop.origin_url.rstrip('/')}/payments/{self.path}/{name}?{query}"

    def _wish(self, payment: Payment) -> dict[str, object]:
        """What the order adds to the session."""
        return {
            "webCheckoutDetails": {"checkoutResultReturnUrl": self._page("result", payment)},
            "paymentDetails": {
                "paymentIntent": "Authorize",
                "canHandlePendingAuthorization": True,
                "chargeAmount": yen(payment.amount),
            },
            "merchantMetadata": {
                "merchantReferenceId": payment.order_code,
                "merchantStoreName": self.settings.store_name,
            },
        }


async def _in_time(doing: Awaitable[T]) -> T | Unknown:
    """What `doing` answers, or `Unknown`: Amazon is silent or slow, or our own set-up is refused (F39)."""
    try:
        async with asyncio.timeout(GIVES_UP_SECONDS):
            return await doing
    except NoAnswer as gap:
        unknown = meaning.unclear(gap)
    except TimeoutError:
        unknown = Unknown(reason="too slow")
    except SaysNo as no:
        unknown = Unknown(reason=no.code)
    return unknown


def _session_id(payment: Payment) -> str | None:
    return payment.choice.get(SESSION) or payment.refs.get(SESSION)


def _sent_to_amazon(session: Session) -> Answer:
    refs = {SESSION: session.checkout_session_id}
    if session.redirect_url is None:
        return Unknown(reason="no redirect address", refs=refs)
    return NeedsBuyer(redirect_url=session.redirect_url, refs=refs)
