"""A provider's own truth about one payment, in a few dictionaries: what it did, whatever anybody heard of it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from payments.payment.rules.answers import (
    Answer,
    Authorized,
    Captured,
    CaptureDeclined,
    CaptureRefused,
    Chargeback,
    Declined,
    Expired,
    Issued,
    NeedsBuyer,
    RefundDeclined,
    Refunded,
    RefundedInAll,
    RefundWaiting,
    Unknown,
    Voided,
    Waiting,
)

AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
TOTAL = 3_300

Mood = Literal["ok", "decline", "silence", "lost_answer", "undecided", "late", "visit"]
SILENCE = Unknown(reason="timeout")


@dataclass
class Provider:
    """``done`` is what really happened, oldest first; ``answers`` what each idempotency key was told."""

    done: list[Answer] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    undecided: dict[str, tuple[str, int]] = field(default_factory=dict)
    under_way: dict[str, int] = field(default_factory=dict)
    newest_first: bool = False
    part_captures: bool = False
    lists_deposits: bool = True
    names_pending_refunds: bool = False
    at: datetime = AT
    unnamed: set[str] = field(default_factory=set)
    beside: int = 0
    too_much: int = 0
    most_at_once: int = 0

    def asked(self, operation: str, amount: int, key: str, mood: Mood) -> Answer:
        """Do ``operation`` once for ``key``, as ``mood`` has it, and answer, or fall silent."""
        if mood == "silence":
            return SILENCE
        if key in self.answers:
            return self.answers[key]
        if mood in ("late", "visit") and operation == "authorize":
            # What was sent is still on its way, or the buyer is at the provider's page.
            self.under_way[key] = amount
            return SILENCE if mood == "late" else NeedsBuyer()
        if operation == "void" and self.under_way and not self.holds:
            return Waiting()
        if key in self.undecided:
            return self._not_decided(operation, key)
        if mood == "undecided" and operation in ("authorize", "reauthorize", "capture", "refund"):
            self.undecided[key] = (operation, amount)
            return self._not_decided(operation, key)
        answer = self._decide(operation, amount, key, declined=mood == "decline")
        return SILENCE if mood == "lost_answer" else answer

    def decide(self, *, declined: bool) -> None:
        """Decide everything that was put off."""
        for key, (operation, amount) in list(self.undecided.items()):
            del self.undecided[key]
            self._decide(operation, amount, key, declined=declined)

    def arrive(self) -> None:
        """Do what was asked for long ago and had not arrived, unless it was asked for again meanwhile."""
        for key, amount in self.under_way.items():
            if key not in self.answers and key not in self.undecided:
                self._decide("authorize", amount, key, declined=False)
        self.under_way.clear()

    def known(self) -> list[Answer]:
        """Return what a look-up finds. Refunds stand at its end, in an order of the provider's own."""
        waiting = [self._not_decided(operation, key) for key, (operation, _) in self.undecided.items()]
        refunds = [one for one in self.done if isinstance(one, Refunded | RefundDeclined)]
        left_out = (Refunded, RefundDeclined) if self.lists_deposits else (Refunded, RefundDeclined, Captured)
        others = [one for one in self.done if not isinstance(one, left_out)]
        refunds.sort(key=lambda one: one.refund_ref, reverse=self.newest_first)
        named = [one for one in refunds if one.refund_ref not in self.unnamed]
        total = [RefundedInAll(amount=self.sums(Refunded))] if self.sums(Refunded) else []
        return [*others, *named, *total, *waiting]

    @property
    def unnamed_amount(self) -> int:
        """Return the yen of refunds of which only the sum is told."""
        return sum(
            one.amount for one in self.done if isinstance(one, Refunded) and one.refund_ref in self.unnamed
        )

    def give_back_by_hand(self, amount: int, *, named: bool = True, pending: bool = False) -> None:
        """Give money back in the provider's console, as often as there is money to give; ``pending``: decided later."""
        if 0 < amount <= self.money:
            ref = f"by-hand-{len(self.done)}-{len(self.undecided)}"
            if pending:
                self.undecided[ref] = ("refund", amount)
                return
            self.done.append(Refunded(refund_ref=ref, amount=amount, route="bank_transfer"))
            if not named:
                self.unnamed.add(ref)

    def give_back_too_much(self, amount: int) -> None:
        """Give back by hand more than there is."""
        self.too_much += amount - self.money
        self.done.append(
            Refunded(refund_ref=f"too-much-{len(self.done)}", amount=amount, route="bank_transfer")
        )

    def capture_in_console(self, amount: int) -> None:
        """Take part of what is held; the rest is over with it, unless holds are captured in parts here."""
        amount = min(amount, self.left) if self.part_captures else amount
        self.done.append(Captured(amount=amount, captured_at=AT, receipt_id=f"console-{len(self.done)}"))

    def charge_back(self, state: str, amount: int) -> None:
        """The buyer disputes the payment with the bank, or it is decided how that ended."""
        told = Chargeback(reference=f"chargeback-{len(self.done)}", amount=amount, state=state)  # type: ignore[arg-type]
        self.done.append(told)
        if state == "lost":
            self.taken_by_the_bank(amount)

    def decides_a_chargeback(self, reference: str, state: str, amount: int) -> None:
        """The provider tells that a chargeback ended, or ended otherwise than it told before."""
        for place, one in enumerate(self.done):
            if isinstance(one, Chargeback) and one.reference == reference:
                self.done[place] = replace(one, state=state, amount=amount)  # type: ignore[arg-type]

    def taken_by_the_bank(self, amount: int) -> None:
        """The bank took money, or more than there was; or, below 0, it had not."""
        self.too_much += max(amount - max(self.money, 0), 0)
        self.beside += amount

    def deposit(self, amount: int, receipt_id: str) -> None:
        """The buyer pays, whatever the number's state."""
        self.done.append(Captured(amount=amount, captured_at=AT, receipt_id=receipt_id))

    def end_authorization(self, how: Voided | Expired) -> None:
        """The hold runs out, or is given back in the provider's console."""
        if self.holds and not self.undecided:
            self.done.append(replace(how, authorization_id=self.hold_id))

    @property
    def hold_id(self) -> str:
        """Return the id of the last hold, empty where there was none."""
        granted = [one.authorization_id for one in self.done if isinstance(one, Authorized)]
        return granted[-1] if granted else ""

    @property
    def holds(self) -> bool:
        """Tell whether an authorization or a number is still open."""
        still = False
        for one in self.done:
            if isinstance(one, Authorized | Issued):
                still = True
            elif isinstance(one, Voided | Expired | CaptureDeclined):
                still = False
            elif isinstance(one, Captured):
                still = still and self.part_captures and self.left > 0
        return still

    @property
    def left(self) -> int:
        """Return the yen of the last hold that were not captured."""
        left = 0
        for one in self.done:
            if isinstance(one, Authorized):
                left = one.amount
            elif isinstance(one, Captured):
                left -= one.amount
        return left

    @property
    def money(self) -> int:
        """Return the buyer's money that the provider took for us and that nobody gave back, by whatever way."""
        return self.sums(Captured) - self.sums(Refunded) - self.beside

    def sums(self, kind: type[Authorized | Captured | Refunded]) -> int:
        """Return the yen of everything of a kind that really happened."""
        return sum(one.amount for one in self.done if isinstance(one, kind))

    def count(self, kind: type[Answer]) -> int:
        """Return how often something really happened."""
        return sum(isinstance(one, kind) for one in self.done)

    def _not_decided(self, operation: str, key: str) -> Answer:
        if operation != "refund":
            return Waiting()
        return RefundWaiting(refund_refs=(f"refund-{key}",) if self.names_pending_refunds else ())

    def _decide(self, operation: str, amount: int, key: str, *, declined: bool) -> Answer:
        held = self.holds
        answer = self._answer(operation, amount, key, declined=declined)
        self.answers[key] = answer
        if isinstance(answer, Authorized):
            self.most_at_once = max(self.most_at_once, 1 + held)
        if not any(answer is one for one in self.done):
            self.done.append(answer)
        return answer

    def _answer(self, operation: str, amount: int, key: str, *, declined: bool) -> Answer:
        match operation:
            case "authorize" if declined:
                return Declined(reason="insufficient_balance")
            case "reauthorize" if declined:
                return Declined(reason="insufficient_balance")
            case "authorize" | "reauthorize":
                refs = {"authorization": f"auth-{key}"}
                return Authorized(authorization_id=f"auth-{key}", amount=amount, authorized_at=AT, refs=refs)
            case "issue" if declined:
                return Declined(reason="declined")
            case "issue":
                due_at = self.at + timedelta(days=6)
                return Issued(number="12345678901", number_label="支払い番号", due_at=due_at)
            case "capture" if declined or not self.holds:
                return CaptureDeclined(reason="ProcessorDeclined", authorization_id=self.hold_id)
            case "capture" if self.part_captures and amount > self.left:
                return CaptureRefused(reason="more than is held")
            case "capture":
                return Captured(amount=amount, captured_at=AT, receipt_id=f"receipt-{key}")
            case "void":
                since = [one for one in self.done if isinstance(one, Authorized | Issued | Captured)]
                taken = (
                    self.lists_deposits and bool(since) and isinstance(since[-1], Captured) and not self.holds
                )
                captured = [since[-1]] if taken else []
                return captured[-1] if captured else Voided(authorization_id=self.hold_id)
            case "refund" if declined or amount > self.money:
                return RefundDeclined(reason="refused", refund_ref=f"refund-{key}")
            case "refund":
                return Refunded(refund_ref=f"refund-{key}", amount=amount)
            case _:
                raise AssertionError(operation)
