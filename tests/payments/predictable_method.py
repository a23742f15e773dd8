"""A provider whose answers depend on nothing but the order: two runs of one story hear exactly the same."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Self

from payments.methods.method import Menu, Method, Shop
from payments.payment.rules.answers import (
    Answer,
    Authorized,
    Captured,
    CaptureRefused,
    Declined,
    Issued,
    Refunded,
    Unknown,
    Voided,
)
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from shared.clock import now

START = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
TERMS = {
    "card": Terms(flow="authorized", deposit="capture", capture_days_max=30),
    "number": Terms(flow="prepaid", deposit="automatic", captured_source="provider_notice"),
    "transfer": Terms(flow="prepaid", deposit="by_hand", captured_source="manual_deposit"),
    "cash": Terms(flow="unmanaged", deposit="never"),
}


class PredictableMethod(Method):
    """Answers as ``moods`` says for the order: ``decline`` or ``refuse``, or ``silence`` at the first call."""

    def __init__(self, kind: str, moods: Mapping[str, str] | None = None) -> None:
        self.kind, self.terms = kind, TERMS[kind]  # type: ignore[misc]
        self.poll_seconds = {"waiting": 600, "authorized": 3_600}
        self.moods = dict(moods or {})
        self.done: dict[str, list[Answer]] = {}

    @classmethod
    def from_environment(cls, shop: Shop) -> Self:
        raise NotImplementedError

    def menu(self) -> Menu:
        return Menu(kind=self.kind, name=self.kind, group="card")

    async def authorize(self, payment: Payment, *, key: str) -> Answer:
        name = f"auth-{payment.order_code}"
        granted = Authorized(
            authorization_id=name, amount=payment.amount, authorized_at=now(), refs={"auth_id": name}
        )
        return self._do(payment, granted, Declined(reason="declined"))

    async def issue(self, payment: Payment, *, key: str) -> Answer:
        name = f"number-{payment.order_code}"
        issued = Issued(
            number=name, number_label="番号", due_at=now() + timedelta(days=6), refs={"number": name}
        )
        return self._do(payment, issued, Declined(reason="declined"))

    async def capture(self, payment: Payment, *, amount: int, key: str) -> Answer:
        taken = Captured(amount=amount, captured_at=now(), receipt_id=f"{payment.order_code}-capture")
        return self._do(payment, taken, CaptureRefused(reason="x"))

    async def void(self, payment: Payment, *, key: str) -> Answer:
        return self._do(payment, Voided(), Declined(reason="declined"))

    async def refund(self, payment: Payment, *, amount: int, key: str) -> Answer:
        back = Refunded(refund_ref=f"{payment.order_code}-back-{payment.version}", amount=amount)
        return self._do(payment, back, Unknown(reason="timeout"))

    async def look_up(self, payment: Payment) -> Sequence[Answer]:
        return tuple(self.done.get(payment.order_code, ()))

    def _do(self, payment: Payment, effect: Answer, no: Answer) -> Answer:
        mood = self.moods.get(payment.order_code, "")
        if mood == "silence":
            del self.moods[payment.order_code]
            return Unknown(reason="timeout")
        if mood == "decline" or (mood == "refuse" and isinstance(effect, Captured)):
            return no
        self.done.setdefault(payment.order_code, []).append(effect)
        return effect
