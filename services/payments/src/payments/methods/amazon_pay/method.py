"""Amazon Pay as a payment method: its requests, in an order that may stop anywhere.

One authorization has several steps. The session gets the order's amount, the buyer agrees on Amazon's page, the
session is completed, and a charge appears. Each run of `authorize` reads the session first and does only the next
step. So it can be repeated after any crash or lost answer. Complete and Cancel have no idempotency key at Amazon;
session and charge show their effect.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Self, TypeVar

import httpx
from fastapi import APIRouter

from payments.methods.amazon_pay import looking, meaning, pages
from payments.methods.amazon_pay.charges import Charge
from payments.methods.amazon_pay.client import AmazonPayClient, NoAnswer, SaysNo
from payments.methods.amazon_pay.journey import Journey, session_of
from payments.methods.amazon_pay.looking import (
    CHARGE,
    NAMED,
    PERMISSION,
    REFUND,
    charge_of,
    charges_of,
    disowned_of,
    look_at_charges,
    permissions_of,
)
from payments.methods.amazon_pay.notices import Hint, NoticeReader
from payments.methods.amazon_pay.refund_requests import give_back
from payments.methods.amazon_pay.settings import AmazonPaySettings
from payments.methods.method import (
    ANSWER_SECONDS_MAX,
    Authorizes,
    Captures,
    Counter,
    HasPages,
    LooksUp,
    Menu,
    Method,
    Notice,
    NoticeRefused,
    Reauthorizes,
    Refunds,
    Shop,
    Voids,
)
from payments.payment.rules.answers import (
    Answer,
    Authorized,
    CaptureRefused,
    Chargeback,
    Declined,
    NeedsBuyer,
    Unknown,
    Voided,
)
from payments.payment.rules.payment import Payment
from payments.payment.rules.reports.objects import own_refs
from payments.payment.rules.terms import Terms
from shared.clock import now

T = TypeVar("T")
LOOKED_AFTER = timedelta(days=120)
"""How late a look-up still finds a refund of Seller Central whose notice was lost."""
_NAMES = {"REFUND": REFUND, "CHARGE": NAMED}
"""What a notice may name that Noren did not request."""
GIVES_UP_SECONDS = ANSWER_SECONDS_MAX - 1


class AmazonPay(Method, Authorizes, Captures, Reauthorizes, LooksUp, Voids, Refunds, HasPages):
    """The wallet of Amazon.co.jp."""

    kind = "amazon_pay"
    terms = Terms(flow="authorized", deposit="capture", capture_days_max=30, may_reauthorize=True)

    def __init__(self, settings: AmazonPaySettings, shop: Shop, http: httpx.AsyncClient) -> None:
        self.settings = settings
        self.shop = shop
        self.client = AmazonPayClient(settings, http)
        self.journey = Journey(self.client, shop, settings.store_name, f"/payments/{self.path}")
        self.notices = NoticeReader(settings, http)
        # Without the notification function the shop must not learn what happened in the console (AP-40).
        self.poll_seconds = {"authorized": 600} if settings.notices else {}
        self.look_after = LOOKED_AFTER if settings.notices else timedelta(0)

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
            button_label="amazon pay",
            confirm_path=f"/payments/{self.path}/confirm",
            amount_max=10_000_000,
            authorized_at_order=True,
            bulk_capture=True,
            provider_status_shown=True,
            warn_early_processed=True,
        )

    async def authorize(self, payment: Payment, *, key: str) -> Answer:
        """Do the next step: send the amount to Amazon, wait for the buyer, or complete the session.

        Noren's wait ends long before Amazon's session, because stock is reserved until then. Only Noren's request
        completes a session, and this run has just found that the buyer did not agree.
        """
        session_id = session_of(payment)
        if session_id is None:
            # The order had no session. The buyer's next page brings it, if the buyer gets there.
            answer: Answer = NeedsBuyer(redirect_url=self.journey.page("confirm", payment))
        else:
            answer = await _in_time(self._authorize(payment, session_id))
        awaited_for = now() - payment.placed_at
        if isinstance(answer, NeedsBuyer) and awaited_for > timedelta(minutes=self.settings.buyer_minutes):
            return Declined(reason="buyer_abandoned", detail="no return from Amazon", refs=answer.refs)
        return answer

    async def _authorize(self, payment: Payment, session_id: str) -> Answer:
        try:
            return await self.journey.advance(payment, await self.client.session(session_id))
        except SaysNo as no:
            return meaning.refused(no)

    async def reauthorize(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Hold `amount` yen by a further charge on the buyer's agreement (AP-34), and only by that charge."""
        return await _in_time(self._reauthorize(payment, amount, key))

    async def _reauthorize(self, payment: Payment, amount: int, key: str) -> Answer:
        permission_id = payment.refs.get(PERMISSION)
        if permission_id is None:
            return Declined(reason="provider_error", detail="no charge permission")
        await self._cancel_open(payment, (*payment.ended_holds, payment.authorization_id), "再与信")
        await self._cancel_others(payment, "再与信")
        try:
            made = await self.client.create_charge(permission_id, amount, key=key)
        except SaysNo as no:
            return meaning.refused(no)
        # A repetition gets the first answer. Only the charge itself shows its present state.
        charge = await self.client.charge(made.charge_id, of=[permission_id])
        return meaning.of_new_hold(charge, payment.instrument)

    async def capture(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Capture the money. If the state of the charge is the reason for a refusal, return the state of the charge."""
        return await _in_time(self._capture(payment, amount, key))

    async def _capture(self, payment: Payment, amount: int, key: str) -> Answer:
        of = permissions_of(payment)
        try:
            charge = await self.client.capture(payment.authorization_id, amount, key=key, of=of)
        except SaysNo as no:
            if meaning.is_our_fault(no):
                raise
            became = await self._became(payment, payment.authorization_id, held=True)
            return CaptureRefused(reason=no.code) if isinstance(became, Authorized) else became
        return meaning.of_charge(charge, payment.instrument, {}, held=True)[-1]

    async def _became(self, payment: Payment, charge_id: str, *, held: bool) -> Answer:
        """Return the present state of a charge. Only this shows whether it still holds the money."""
        charge = await self.client.charge(charge_id, of=permissions_of(payment))
        return meaning.of_charge(charge, payment.instrument, {}, held=held)[-1]

    async def void(self, payment: Payment, *, key: str) -> Answer:
        """Cancel the charge. Without a charge, wait until none can appear any more: a request may arrive late."""
        return await _in_time(self._void(payment))

    async def _cancel_open(self, payment: Payment, charge_ids: Sequence[str], why: str) -> None:
        """Cancel open charges, but none that staff disowned."""
        for charge_id in own_refs(payment, charge_ids):
            if (await self.client.charge(charge_id)).may_be_cancelled:
                await self.client.cancel(charge_id, why)

    async def _cancel_others(self, payment: Payment, why: str) -> None:
        """Release the holds of others on the same permission."""
        stand = [one.authorization_id for one in payment.other_holds if one.stands]
        await self._cancel_open(payment, stand, why)

    async def _void(self, payment: Payment) -> Answer:
        await self._cancel_others(payment, "ご注文のキャンセル")
        if charge_id := charge_of(payment):
            return await self._cancel(payment, charge_id)
        session_id = session_of(payment)
        if session_id is None:
            return Voided()
        session = await self.client.session(session_id)
        late = meaning.of_voided_session(session) or await self.journey.completed(payment, session)
        if CHARGE not in late.refs or isinstance(late, Declined):
            return late
        known = payment.changed(refs={**payment.refs, **late.refs})
        return replace(await self._cancel(known, late.refs[CHARGE]), refs=late.refs)

    async def _cancel(self, payment: Payment, charge_id: str) -> Answer:
        try:
            cancelled = await self.client.cancel(charge_id, "ご注文のキャンセル", of=permissions_of(payment))
        except SaysNo as no:
            if no.code != "InvalidChargeStatus":
                raise
            return await self._became(payment, charge_id, held=False)
        return meaning.of_charge(cancelled, payment.instrument, {}, held=False)[-1]

    async def refund(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Request a refund. Amazon completes it later."""
        return await _in_time(give_back(self.client, payment, amount, key))

    async def look_up(self, payment: Payment) -> Sequence[Answer]:
        """Look up charges and refunds, whoever made them. An open session means nothing yet."""
        found = await _in_time(self._look_up(payment))
        return (found,) if isinstance(found, Unknown) else found

    async def _look_up(self, payment: Payment) -> Sequence[Answer]:
        if charges_of(payment) or disowned_of(payment):
            return await look_at_charges(self.client, payment)
        session_id = session_of(payment)
        if session_id is None:
            return ()
        return await self.journey.look_at(payment, await self.client.session(session_id))

    async def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Prove the notice. `reference` is the permission, to which all its charges and refunds belong."""
        envelope, hint = await self.notices.read(body)
        if hint is None or not self.settings.notices:
            return Notice(envelope.message_id, None, envelope.kind)
        if hint.object_type == "CHARGEBACK":
            return await self._chargeback(envelope.message_id, hint)
        return Notice(
            envelope.message_id,
            hint.charge_permission_id or hint.object_id,
            hint.summary,
            refs={_NAMES[hint.object_type] + hint.object_id: hint.object_id}
            if hint.object_type in _NAMES
            else {},
            known=hint.is_known,
        )

    async def _chargeback(self, message_id: str, hint: Hint) -> Notice:
        """Return a chargeback with the amount of its charge. Amazon's API has no other facts about it.

        If that charge belongs to another permission than the notice names, staff find out whose chargeback it is.
        """
        charge = await _in_time(self._disputed(hint.object_id))
        if isinstance(charge, Unknown):
            raise NoticeRefused("chargeback_unclear", status=503)
        summary = hint.summary
        named = hint.charge_permission_id or (charge.charge_permission_id if charge else None)
        if charge is not None and named != charge.charge_permission_id:
            return Notice(message_id, None, summary, known=False)
        amount = (charge.capture_amount or charge.charge_amount).amount if charge else 0
        alert = Chargeback(reference=hint.object_id, amount=amount)
        return Notice(message_id, named or hint.object_id, summary, alert=alert)

    async def _disputed(self, charge_id: str) -> Charge | None:
        try:
            return await self.client.charge(charge_id)
        except SaysNo as no:
            if no.code != looking.NOT_FOUND:
                raise
        return None

    def router(self, counter: Counter) -> APIRouter:
        return pages.router(self.settings, self.client, counter, f"/payments/{self.path}")

    async def close(self) -> None:
        await self.client.http.aclose()


async def _in_time(doing: Awaitable[T]) -> T | Unknown:
    """Return the result of `doing`, or `Unknown` if Amazon is silent or slow, or refuses the shop's own set-up (F39)."""
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
