"""Konbini payment as a payment method: issue, look up, close, refund; notices are signed with HMAC."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Self

import httpx
from fastapi import APIRouter
from pydantic import ValidationError

from payments.methods.konbini import pages
from payments.methods.konbini.chains import CHAINS
from payments.methods.konbini.labels import KINDS
from payments.methods.konbini.settings import KonbiniSettings
from payments.methods.konbini.vouchers import (
    NoticeBody,
    Voucher,
    all_answers,
    closed,
    issued,
    last_refund,
    not_ours,
)
from payments.methods.method import (
    Counter,
    HasPages,
    IssuesNumbers,
    LooksUp,
    Menu,
    MenuChoice,
    Method,
    Notice,
    NoticeRefused,
    Option,
    Refunds,
    Shop,
    Voids,
)
from payments.payment.rules.answers import Answer, Declined, RefundDeclined, Unknown
from payments.payment.rules.details import Number
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.providers.retry_after import retry_after_seconds

NOT_FOUND = "not_found"
NO_NUMBER = "declined"
"""The company's one code for a final refusal of a number. Any other refusal is unknown."""
SIGNATURE = "x-konbini-signature"
LABEL = "コンビニ・ATM・ネットバンキング・電子マネー払い"


class Konbini(Method, IssuesNumbers, LooksUp, Voids, Refunds, HasPages):
    """A prepaid method: the look-up returns the number and every receipt of its money."""

    kind = "konbini"
    look_after = timedelta(days=30)
    has_number_page = True

    def __init__(self, settings: KonbiniSettings, http: httpx.AsyncClient) -> None:
        self.settings = settings
        self.terms = Terms(
            flow="prepaid",
            deposit="automatic",
            grace=timedelta(hours=settings.grace_hours),
            captured_source="provider_notice",
            deposit_mail="automatic",
        )
        self.poll_seconds = {"waiting": settings.poll_seconds}
        self._http = http

    @classmethod
    def from_environment(cls, shop: Shop) -> Self:
        """Return the method, made from ``KONBINI_*``."""
        return cls.at(KonbiniSettings())

    @classmethod
    def at(cls, settings: KonbiniSettings) -> Self:
        """Return the method with given settings."""
        return cls(settings, httpx.AsyncClient(base_url=settings.url, timeout=settings.timeout_seconds))

    def menu(self) -> Menu:
        """Return what checkout may offer: six chains and no others (KON-04), no fee (KON-30)."""
        options = tuple(Option(chain.name, chain.label) for chain in CHAINS.values())
        return Menu(
            kind=self.kind,
            name=LABEL,
            group="konbini",
            hint=f"お支払い番号の発行から{self.settings.due_days}日以内にお支払いください。手数料は無料です。",
            when_paid=f"お支払い番号の発行から{self.settings.due_days}日以内",
            amount_min=self.settings.amount_min,
            amount_max=self.settings.amount_max,
            choices=(MenuChoice("chain", "お支払い場所", options),),
            auto_captured=True,
        )

    async def issue(self, payment: Payment, *, key: str) -> Answer:
        """Issue a number. Its six days begin with the company's answer (KON-16)."""
        chain = payment.choice.get("chain", "")
        if chain and chain not in CHAINS:
            return Declined(reason="provider_error", detail="no such chain")
        body = {
            "reference": payment.payment_id.hex,
            "amount": payment.amount,
            "payer_name": payment.payer_name,
            "due_days": self.settings.due_days,
        }
        found = await self._call("POST", "/numbers", payment, body, key=key)
        if isinstance(found, str):
            known = found == NO_NUMBER
            return Declined(reason="declined", detail=found) if known else Unknown(reason=found)
        return found if isinstance(found, Unknown) else issued(found, chain)

    async def void(self, payment: Payment, *, key: str) -> Answer:
        """Close the number, so that tills refuse it. Return ``Captured`` if money came first."""
        number_id = payment.refs.get("number_id", "")
        found = await self._call("POST", f"/numbers/{number_id}/close", payment, {}, key=key)
        if isinstance(found, str):
            return Unknown(reason=found)
        return found if isinstance(found, Unknown) else closed(found, payment)

    async def refund(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Refund by gift card, or to the buyer's bank account if it is known (KON-20, X-46)."""
        route = "bank_transfer" if payment.choice.get("refund_account") else "gift_card"
        number_id = payment.refs.get("number_id", "")
        body = {"amount": amount, "route": route}
        found = await self._call("POST", f"/numbers/{number_id}/refunds", payment, body, key=key)
        if isinstance(found, str):
            return RefundDeclined(reason=found)
        return found if isinstance(found, Unknown) else last_refund(found, payment, amount)

    async def look_up(self, payment: Payment) -> Sequence[Answer]:
        """Return the number and everything that happened to it.

        If an issued number is not found, this is no answer. The same holds for any other refusal: money may be on the
        number.
        """
        found = await self._call("GET", f"/numbers/by-reference/{payment.payment_id.hex}", payment)
        if isinstance(found, Unknown):
            return (found,)
        if not isinstance(found, str):
            return all_answers(found, payment)
        issued_before = "number_id" in payment.refs
        never_heard_of = found == NOT_FOUND and not issued_before
        return () if never_heard_of else (Unknown(reason=found, mismatch=issued_before),)

    async def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Prove that the company signed the notice with the shared secret."""
        expected = hmac.new(self.settings.secret.get_secret_value().encode(), body, hashlib.sha256)
        given = headers.get(SIGNATURE, "")
        if not hmac.compare_digest(expected.hexdigest().encode(), given.encode()):
            raise NoticeRefused("signature_wrong")
        try:
            notice_body = NoticeBody.model_validate_json(body)
        except ValidationError as error:
            raise NoticeRefused("malformed", genuine=True) from error
        return Notice(
            notice_body.notice_id, notice_body.reference, notice_body.summary, known=notice_body.kind in KINDS
        )

    def number_to_show(self, payment: Payment, chain: str = "") -> Number | None:
        """Return the payment's number in the words of ``chain``, or of the chain that was chosen last."""
        if payment.number is None or "number_11" not in payment.refs:
            return payment.number
        name = chain or payment.refs.get("chain") or payment.number.chain
        return CHAINS[name].tell(payment.number, payment.refs) if name in CHAINS else payment.number

    def router(self, counter: Counter) -> APIRouter:
        """Return the page 「お支払い方法について」."""
        return pages.router(self, counter)

    async def close(self) -> None:
        """Close the connections to the company."""
        await self._http.aclose()

    async def _call(
        self,
        verb: str,
        path: str,
        payment: Payment,
        body: Mapping[str, object] | None = None,
        *,
        key: str = "",
    ) -> Voucher | Unknown | str:
        """Return the payment's voucher, the code of a refusal, or Unknown."""
        headers = {"Authorization": f"Bearer {self.settings.secret.get_secret_value()}"}
        if key:
            headers["Idempotency-Key"] = key
        try:
            reply = await self._http.request(verb, path, json=body, headers=headers)
            if reply.status_code in (404, 422):
                return str(reply.json().get("code", "refused"))
            if reply.status_code >= 400:
                pause = retry_after_seconds(reply.headers)
                return Unknown(reason=f"http_{reply.status_code}", retry_after_seconds=pause)
            voucher = Voucher.model_validate_json(reply.content)
            return not_ours(voucher, payment) or voucher
        except (httpx.HTTPError, ValidationError, json.JSONDecodeError) as error:
            return Unknown(reason=type(error).__name__)
