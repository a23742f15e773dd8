"""The providers of konbini numbers and of bank transfers, in memory, as their simulators behave.

Each keeps its own ledger, which no service can write: the truth about money.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from proof.observers import Movement
from proof.simulation.chance import Chance
from shared.clock import now
from shared.ids import new_id

Json = dict[str, Any]


@dataclass(frozen=True)
class ApiRequest:
    """One call of a provider's interface."""

    verb: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    body: Json
    key: str


class Provider(Protocol):
    """One provider."""

    name: str
    ledger: list[Movement]

    def answer(self, call: ApiRequest) -> tuple[int, Json]:
        """Do what is asked and return status and body."""


@dataclass
class KonbiniNumber:
    """A number and its story."""

    number_id: str
    reference: str
    amount: int
    facts: Json
    receipts: list[Json] = field(default_factory=list)
    refunds: list[Json] = field(default_factory=list)
    closed_at: str | None = None

    def as_json(self) -> Json:
        """Return it as the interface tells it."""
        return {
            **self.facts,
            "number_id": self.number_id,
            "reference": self.reference,
            "receipts": self.receipts,
            "refunds": self.refunds,
            "closed_at": self.closed_at,
        }


class KonbiniCompany:
    """Issues numbers, takes money at tills, pays back. Once per key."""

    name = "konbini"

    def __init__(self, chance: Chance) -> None:
        self.ledger: list[Movement] = []
        self.numbers: dict[str, KonbiniNumber] = {}
        self._keys: dict[str, str] = {}
        self._chance = chance

    def answer(self, call: ApiRequest) -> tuple[int, Json]:
        """Answer a call as the simulator in payments' folder does."""
        match call.verb, call.path:
            case "POST", ("numbers",):
                return self._issue(call)
            case "GET", ("numbers", "by-reference", reference):
                found = self.by_reference(reference)
                return (200, found.as_json()) if found else (404, {"code": "not_found"})
            case "POST", ("numbers", number_id, what) if number_id in self.numbers:
                number = self.numbers[number_id]
                return self._close(number) if what == "close" else self._refund(number, call)
        return 404, {"code": "not_found"}

    def by_reference(self, reference: str) -> KonbiniNumber | None:
        """Return the number of a payment."""
        return next((one for one in self.numbers.values() if one.reference == reference), None)

    def pay(self, number: KonbiniNumber, amount: int) -> Json:
        """Take money at a till; return the notice that tells of it."""
        receipt = {"receipt_id": f"kr_{new_id().hex}", "amount": amount, "paid_at": now().isoformat()}
        number.receipts.append(receipt)
        self._note("paid", number, amount)
        return {
            "notice_id": f"kt_{new_id().hex}",
            "kind": "paid",
            "reference": number.reference,
            "receipt_id": receipt["receipt_id"],
            "amount": amount,
        }

    def _issue(self, call: ApiRequest) -> tuple[int, Json]:
        if call.key in self._keys:
            return 200, self.numbers[self._keys[call.key]].as_json()
        if self._chance.happens(self._chance.dangers.decline, "number refused"):
            return 422, {"code": "refused"}
        digits = f"{self._chance.number(10**10, 10**11 - 1)}"
        facts = {
            "number_11": digits,
            "number_13": f"{self._chance.number(10, 99)}{digits}",
            "due_at": (now() + timedelta(days=int(call.body["due_days"]))).isoformat(),
        }
        number = KonbiniNumber(
            f"kn_{new_id().hex}", str(call.body["reference"]), int(call.body["amount"]), facts
        )
        self.numbers[number.number_id] = number
        self._keys[call.key] = number.number_id
        self._note("issued", number, number.amount, call.key)
        return 200, number.as_json()

    def _close(self, number: KonbiniNumber) -> tuple[int, Json]:
        if number.closed_at is None and not number.receipts:
            number.closed_at = now().isoformat()
            self._note("closed", number, 0)
        return 200, number.as_json()

    def _refund(self, number: KonbiniNumber, call: ApiRequest) -> tuple[int, Json]:
        if call.key not in self._keys:
            self._keys[call.key] = number.number_id
            amount, route = int(call.body["amount"]), call.body["route"]
            number.refunds.append({"refund_id": f"kf_{new_id().hex}", "amount": amount, "route": route})
            self._note("refunded", number, amount, call.key)
        return 200, number.as_json()

    def _note(self, kind: str, number: KonbiniNumber, amount: int, key: str = "") -> None:
        at = now().isoformat()
        self.ledger.append(Movement(self.name, kind, amount, number.number_id, number.reference, key, at))


class Bank:
    """Transfers money back, once per key. Deposits are seen by staff alone."""

    name = "bank_transfer"

    def __init__(self) -> None:
        self.ledger: list[Movement] = []
        self._payouts: dict[str, Json] = {}

    def answer(self, call: ApiRequest) -> tuple[int, Json]:
        """Answer a call as the simulator in payments' folder does."""
        if call.verb == "GET":
            mine = [one for one in self._payouts.values() if one["reference"] == call.query["reference"]]
            return 200, {"payouts": mine}
        if call.key not in self._payouts:
            reference, amount = str(call.body["reference"]), int(call.body["amount"])
            payout = {"payout_id": f"bp_{new_id().hex}", "amount": amount, "reference": reference}
            self._payouts[call.key] = payout
            at = now().isoformat()
            self.ledger.append(Movement(self.name, "payout", amount, reference, reference, call.key, at))
        return 200, self._payouts[call.key]
