"""Amazon Pay in memory: sessions, charges and refunds as the API v2 tells them, and Amazon's own ledger.

Signatures are left out: they are proved against Amazon's own SDK, and decide nothing here.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from payments.methods.amazon_pay.looking import NAMED
from proof.observers import Movement
from proof.simulation.chance import Chance
from proof.simulation.providers import ApiRequest, Json
from shared.clock import now
from shared.ids import new_id

PENDING_SECONDS = (1.0, 40.0)
PENDING_DECLINED = 0.25
KEY_CHARACTERS_MAX = 32
SESSION_LIVES = timedelta(hours=24)


@dataclass
class Session:
    """A checkout session; ``approved`` once the buyer agreed on Amazon's page."""

    session_id: str
    amount: int = 0
    reference: str = ""
    approved: bool = False
    state: str = "Open"
    reason: str | None = None
    charge_id: str | None = None
    opened_at: datetime = field(default_factory=now)

    def back_out(self) -> None:
        """End it as the buyer may, as long as nobody has completed it."""
        if self.state == "Open":
            self.state, self.reason = "Canceled", "BuyerCanceled"

    def lapse(self) -> None:
        """End it if nobody completed it within a day."""
        if self.state == "Open" and now() - self.opened_at >= SESSION_LIVES:
            self.state, self.reason = "Canceled", "Expired"

    def as_json(self) -> Json:
        """Return it as the interface tells it: once completed, most of it is null."""
        is_open = self.state == "Open" and bool(self.reference)
        return {
            "checkoutSessionId": self.session_id,
            "statusDetails": _status(self.state, now(), self.reason),
            "webCheckoutDetails": {"amazonPayRedirectUrl": f"https://amazon/{self.session_id}"}
            if is_open
            else None,
            "paymentDetails": {"chargeAmount": _yen(self.amount)} if is_open else None,
            "merchantMetadata": {"merchantReferenceId": self.reference} if is_open else None,
            "chargePermissionId": f"P-{self.charge_id}" if self.charge_id else None,
            "chargeId": self.charge_id,
        }


@dataclass
class Charge:
    """One authorization and at most one capture."""

    charge_id: str
    reference: str
    amount: int
    state: str
    at: datetime
    reason: str | None = None
    captured: int = 0
    refunded: int = 0
    permission_id: str = ""
    """Where others charged it: the permission of the charge before it."""
    changed_at: datetime = field(default_factory=now)

    def as_json(self) -> Json:
        """Return it as the interface tells it."""
        return {
            "chargeId": self.charge_id,
            "chargePermissionId": self.permission_id or f"P-{self.charge_id}",
            "chargeAmount": _yen(self.amount),
            "captureAmount": _yen(self.captured) if self.captured else None,
            "statusDetails": _status(self.state, self.changed_at, self.reason),
            "creationTimestamp": _moment(self.at),
        }

    def become(self, state: str, reason: str | None = None) -> None:
        """Change the state."""
        self.state, self.reason, self.changed_at = state, reason, now()


class Amazon:
    """The wallet. ``complaints`` is what it could not accept at all: a bug of the caller.

    ``undecided`` counts what it still has to decide.
    """

    name = "amazon_pay"

    def __init__(self, chance: Chance) -> None:
        self.ledger: list[Movement] = []
        self.sessions: dict[str, Session] = {}
        self.charges: dict[str, Charge] = {}
        self.refunds: dict[str, Json] = {}
        self.complaints: list[str] = []
        self.undecided = 0
        self._answers: dict[str, tuple[int, Json]] = {}
        self._chance = chance

    def open_session(self) -> Session:
        """The buyer pressed the button and chose address and instrument."""
        session = Session(f"S-{new_id().hex}")
        self.sessions[session.session_id] = session
        return session

    def charge_beside(self, charge_id: str) -> Json | None:
        """Order-management software cancels a hold and charges its amount anew, at once; return the notice of that, or
        None where nothing is held."""
        held = self.charges[charge_id]
        if held.state != "Authorized":
            return None
        self._cancel(held)
        permission_id = f"P-{charge_id}"
        made = Charge(f"C-{new_id().hex}", held.reference, held.amount, "Authorized", now())
        made.permission_id = permission_id
        self.charges[made.charge_id] = made
        self._note("authorized", made, made.amount)
        self._capture_now(made, made.amount, "")
        refs = {f"{NAMED}{made.charge_id}": made.charge_id}
        return {"notice_id": new_id().hex, "reference": permission_id, "refs": refs}

    def answer(self, call: ApiRequest) -> tuple[int, Json]:
        """Answer a call; the answer to a key is given again for that key."""
        if len(call.key) > KEY_CHARACTERS_MAX:
            self.complaints.append(f"idempotency key {call.key!r} is too long")
            return 400, {"reasonCode": "InvalidParameterValue"}
        if call.key in self._answers:
            self._chance.sometimes("provider saw a key again")
            return self._answers[call.key]
        answer = self._answer(call)
        if call.key and answer[0] < 500:
            self._answers[call.key] = answer
        return answer

    def _answer(self, call: ApiRequest) -> tuple[int, Json]:
        match call.verb, call.path[1:]:
            case verb, ("checkoutSessions", session_id, *rest) if session_id in self.sessions:
                return self._session(verb, self.sessions[session_id], bool(rest), call.body)
            case "GET", ("chargePermissions", permission_id):
                charge = self.charges[permission_id.removeprefix("P-")]
                metadata = {"merchantReferenceId": charge.reference}
                return 200, {"chargePermissionId": permission_id, "merchantMetadata": metadata}
            case "GET", ("charges", charge_id) if charge_id in self.charges:
                return 200, self.charges[charge_id].as_json()
            case "POST", ("charges", charge_id, "capture"):
                return self._capture(
                    self.charges[charge_id], int(call.body["captureAmount"]["amount"]), call.key
                )
            case "DELETE", ("charges", charge_id, "cancel"):
                return self._cancel(self.charges[charge_id])
            case "POST", ("refunds",):
                return self._refund(call)
            case "GET", ("refunds", refund_id) if refund_id in self.refunds:
                return 200, self.refunds[refund_id]
        return 404, {"reasonCode": "ResourceNotFound"}

    def _session(self, verb: str, session: Session, complete: bool, body: Json) -> tuple[int, Json]:
        session.lapse()
        if verb == "PATCH" and session.state == "Open":
            session.amount = int(body["paymentDetails"]["chargeAmount"]["amount"])
            session.reference = body["merchantMetadata"]["merchantReferenceId"]
        if complete and session.state == "Canceled":
            return 422, {"reasonCode": "CheckoutSessionCanceled"}
        if complete and session.state == "Open":
            if not session.approved:
                return 422, {"reasonCode": "InvalidCheckoutSessionStatus"}
            self._authorize(session)
            if session.state == "Canceled":
                return 422, {"reasonCode": session.reason or "Declined"}
        return 200, session.as_json()

    def _authorize(self, session: Session) -> None:
        if self._chance.happens(self._chance.dangers.decline, "authorization declined"):
            session.state, session.reason = "Canceled", "Declined"
            return
        charge = Charge(f"C-{new_id().hex}", session.reference, session.amount, "Authorized", now())
        self.charges[charge.charge_id] = charge
        session.state, session.charge_id = "Completed", charge.charge_id
        if self._chance.happens(self._chance.dangers.undecided, "authorization pending"):
            charge.become("AuthorizationInitiated")
            self._decide_later(self._decide_authorization, charge)
        else:
            self._note("authorized", charge, charge.amount)

    def _decide_authorization(self, charge: Charge) -> None:
        if charge.state != "AuthorizationInitiated":
            return
        if self._chance.happens(PENDING_DECLINED, "pending authorization declined"):
            charge.become("Declined", "TransactionTimedOut")
        else:
            charge.become("Authorized")
            self._note("authorized", charge, charge.amount)

    def _capture(self, charge: Charge, amount: int, key: str) -> tuple[int, Json]:
        if charge.state != "Authorized":
            return 422, {"reasonCode": "InvalidChargeStatus"}
        if self._chance.happens(self._chance.dangers.decline, "capture declined"):
            charge.become("Declined", "AmazonRejected")
        elif self._chance.happens(self._chance.dangers.undecided, "capture pending"):
            charge.become("CaptureInitiated")
            self._decide_later(self._capture_now, charge, amount, key)
        else:
            self._capture_now(charge, amount, key)
        return 200, charge.as_json()

    def _capture_now(self, charge: Charge, amount: int, key: str) -> None:
        charge.captured = amount
        charge.become("Captured")
        self._note("captured", charge, amount, key)

    def _cancel(self, charge: Charge) -> tuple[int, Json]:
        if charge.state not in ("Authorized", "AuthorizationInitiated"):
            return 422, {"reasonCode": "InvalidChargeStatus"}
        charge.become("Canceled", "MerchantCanceled")
        self._note("canceled", charge, 0)
        return 200, charge.as_json()

    def _refund(self, call: ApiRequest) -> tuple[int, Json]:
        charge = self.charges[call.body["chargeId"]]
        amount = int(call.body["refundAmount"]["amount"])
        if charge.state != "Captured":
            return 422, {"reasonCode": "TransactionAmountExceeded"}
        # Amazon takes back more than was captured, to make good: nothing here protects a shop from itself.
        charge.refunded += amount
        refund_id = f"R-{new_id().hex}"
        self._note("refund_initiated", charge, amount, call.key)
        self.refunds[refund_id] = {
            "refundId": refund_id,
            "chargeId": charge.charge_id,
            "refundAmount": _yen(amount),
            "statusDetails": _status("RefundInitiated", now()),
        }
        self._decide_later(self._refund_now, refund_id, charge, amount)
        return 201, dict(self.refunds[refund_id])

    def _refund_now(self, refund_id: str, charge: Charge, amount: int) -> None:
        self.refunds[refund_id]["statusDetails"] = _status("Refunded", now())
        self._note("refunded", charge, amount)

    def _decide_later(self, decide: Any, *about: Any) -> None:
        self.undecided += 1

        def now_decide() -> None:
            self.undecided -= 1
            decide(*about)

        asyncio.get_running_loop().call_later(self._chance.seconds(*PENDING_SECONDS), now_decide)

    def _note(self, kind: str, charge: Charge, amount: int, key: str = "") -> None:
        at = now().isoformat()
        self.ledger.append(Movement(self.name, kind, amount, charge.charge_id, charge.reference, key, at))


def _yen(amount: int) -> Json:
    return {"amount": str(amount), "currencyCode": "JPY"}


def _moment(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


def _status(state: str, at: datetime, reason: str | None = None) -> Json:
    return {"state": state, "reasonCode": reason, "lastUpdatedTimestamp": _moment(at)}
