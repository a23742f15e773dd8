"""Bank transfer as a payment method. Money comes in without Noren, and is refunded through the bank's interface."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Self

import httpx
from pydantic import BaseModel, ConfigDict

from payments.methods.bank_transfer.settings import BankTransferSettings
from payments.methods.method import IssuesNumbers, LooksUp, Menu, Method, Refunds, Shop, Voids
from payments.payment.rules.answers import Answer, Issued, RefundDeclined, Refunded, Unknown, Voided
from payments.payment.rules.payment import Payment
from payments.payment.rules.reports.objects import no_longer_reported
from payments.payment.rules.terms import Terms
from payments.providers.retry_after import retry_after_seconds
from shared.clock import now


class Payout(BaseModel):
    """A transfer from the shop's account, under the reference that was given with it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    payout_id: str
    reference: str
    amount: int
    currency: str = "JPY"


class Payouts(BaseModel):
    """Transfers, oldest first."""

    payouts: tuple[Payout, ...]


class BankTransfer(Method, IssuesNumbers, LooksUp, Voids, Refunds):
    """The number is the shop's account. Staff record the deposit; refunds are looked up."""

    kind = "bank_transfer"
    look_after = timedelta(days=30)

    def __init__(self, settings: BankTransferSettings, http: httpx.AsyncClient) -> None:
        self.settings = settings
        self.terms = Terms(
            flow="prepaid",
            deposit="by_hand",
            grace=timedelta(hours=settings.grace_hours),
            captured_source="manual_deposit",
        )
        self._http = http

    @classmethod
    def from_environment(cls, shop: Shop) -> Self:
        """Return the method, made from ``BANK_TRANSFER_*``."""
        return cls.at(BankTransferSettings())

    @classmethod
    def at(cls, settings: BankTransferSettings) -> Self:
        """Return the method with given settings."""
        return cls(settings, httpx.AsyncClient(base_url=settings.url, timeout=settings.timeout_seconds))

    def menu(self) -> Menu:
        """Return what checkout may offer."""
        return Menu(
            kind=self.kind,
            name="銀行振込",
            group="transfer",
            hint=f"ご注文後にお振込先をお知らせします。{self._days()}にお振り込みください。振込手数料はお客様のご負担となります。",
            when_paid=f"ご注文から{self._days()}。期限は、ご注文後の画面とメールに記載します",
            amount_max=self.settings.amount_max,
            bulk_capture=True,
            manual_deposit=True,
        )

    async def issue(self, payment: Payment, *, key: str) -> Answer:
        """Return the account as the number. Nobody is asked."""
        days = self.settings.guest_due_days if payment.by_guest else self.settings.due_days
        return Issued(
            number=self.settings.account,
            number_label="お振込先",
            due_at=now() + timedelta(days=days),
            # Staff write this on a refund that they make at the bank. Then a look-up finds it.
            refs={"transfer_id": payment.payment_id.hex},
        )

    async def void(self, payment: Payment, *, key: str) -> Answer:
        """Return ``Voided``: nothing is held. A transfer that still comes is recorded as late."""
        return Voided()

    async def refund(self, payment: Payment, *, amount: int, key: str) -> Answer:
        """Transfer ``amount`` yen back to the payer."""
        body = {"reference": payment.payment_id.hex, "amount": amount, "name": payment.payer_name}
        try:
            reply = await self._http.post("/payouts", json=body, headers=self._headers(key))
            if reply.status_code == 422:
                return RefundDeclined(reason=str(reply.json().get("code", "declined")))
            if not reply.is_success:
                return _unclear(reply)
            return _paid_back(Payout.model_validate_json(reply.content), payment)
        except (httpx.HTTPError, ValueError) as error:
            return Unknown(reason=type(error).__name__)

    async def look_up(self, payment: Payment) -> Sequence[Answer]:
        """Look refunds up. Deposits are not looked up: staff read the statement."""
        try:
            reply = await self._http.get(
                "/payouts", params={"reference": payment.payment_id.hex}, headers=self._headers()
            )
            if not reply.is_success:
                return (_unclear(reply),)
            found = Payouts.model_validate_json(reply.content).payouts
            answers = [_paid_back(payout, payment) for payout in found]
            paid_out = [payout.payout_id for payout in found]
            return [*answers, *no_longer_reported(payment, receipts=None, refunds=paid_out)]
        except (httpx.HTTPError, ValueError) as error:
            return (Unknown(reason=type(error).__name__),)

    async def close(self) -> None:
        """Close the connections to the bank."""
        await self._http.aclose()

    def _days(self) -> str:
        """Return how long buyers have, in words. Members may have longer."""
        guests, members = self.settings.guest_due_days, self.settings.due_days
        return f"{members}日以内" if guests == members else f"{guests}日以内（会員の方は{members}日以内）"

    def _headers(self, key: str = "") -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.settings.token.get_secret_value()}"}
        return headers | ({"Idempotency-Key": key} if key else {})


def _unclear(reply: httpx.Response) -> Unknown:
    pause = retry_after_seconds(reply.headers)
    return Unknown(reason=f"http_{reply.status_code}", retry_after_seconds=pause)


def _paid_back(payout: Payout, payment: Payment) -> Refunded | Unknown:
    if payout.reference != payment.payment_id.hex:
        return Unknown(reason="other_reference", mismatch=True)
    if payout.currency != "JPY":
        return Unknown(reason="currency_differs", mismatch=True)
    return Refunded(refund_ref=payout.payout_id, amount=payout.amount, route="bank_transfer")
