"""A card-like method of the tests' own, whose provider does what it is told and keeps its own books."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from payments.methods.method import Menu, Method, Shop
from payments.payment.rules.answers import (
    Answer,
    Authorized,
    Captured,
    Declined,
    RefundDeclined,
    Refunded,
    Unknown,
    Voided,
)
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from shared.clock import now


@dataclass
class CardCompany:
    """The provider's own truth. ``moods``: operation -> what goes wrong the next time."""

    moods: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    done: dict[str, list[Answer]] = field(default_factory=dict)
    keys: dict[str, Answer] = field(default_factory=dict)

    def effects(self, kind: type) -> list[Answer]:
        """Everything of a kind that really happened."""
        return [one for story in self.done.values() for one in story if isinstance(one, kind)]


class Card(Method):
    """クレジットカード, as far as tests need it."""

    kind = "card"
    terms = Terms(flow="authorized", deposit="capture", capture_days_max=30)

    def __init__(self, company: CardCompany | None = None) -> None:
        self.company = company or CardCompany()

    @classmethod
    def from_environment(cls, shop: Shop) -> Self:
        return cls()

    def menu(self) -> Menu:
        return Menu(
            kind="card",
            name="クレジットカード",
            group="card",
            authorized_at_order=True,
            bulk_capture=True,
            provider_status_shown=True,
        )

    async def authorize(self, payment: Payment, *, key: str) -> Answer:
        granted = Authorized(
            authorization_id=f"auth-{payment.order_code}",
            amount=payment.amount,
            authorized_at=now(),
            refs={"auth_id": f"auth-{payment.order_code}"},
        )
        return self._do("authorize", payment, key, granted)

    async def capture(self, payment: Payment, *, amount: int, key: str) -> Answer:
        taken = Captured(amount=amount, captured_at=now(), receipt_id=f"capture-{payment.order_code}-{key}")
        return self._do("capture", payment, key, taken)

    async def void(self, payment: Payment, *, key: str) -> Answer:
        return self._do("void", payment, key, Voided())

    async def refund(self, payment: Payment, *, amount: int, key: str) -> Answer:
        return self._do("refund", payment, key, Refunded(refund_ref=f"refund-{key}", amount=amount))

    async def look_up(self, payment: Payment) -> Sequence[Answer]:
        self.company.calls.append(("look_up", payment.order_code))
        if self.company.moods.get("look_up"):
            return (Unknown(reason=self.company.moods.pop("look_up")),)
        return tuple(self.company.done.get(payment.order_code, ()))

    def _do(self, operation: str, payment: Payment, key: str, effect: Answer) -> Answer:
        company = self.company
        company.calls.append((operation, payment.order_code))
        mood = company.moods.pop(operation, "")
        if mood == "decline":
            return Declined(reason="insufficient_balance")
        if mood == "refuse":
            return RefundDeclined(reason="too_late")
        if mood == "silence":
            return Unknown(reason="timeout")
        if key not in company.keys:
            company.keys[key] = effect
            company.done.setdefault(payment.order_code, []).append(effect)
        return Unknown(reason="timeout") if mood == "lost_answer" else company.keys[key]
