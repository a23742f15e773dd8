"""Payments, terms and answers with telling values, for the tests of the rules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from payments.payment.rules.answers import Authorized, Captured
from payments.payment.rules.details import Number
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Payment, State
from payments.payment.rules.terms import Terms
from shared.events import Event

PLACED = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
AT = PLACED + timedelta(days=1)
DUE = PLACED + timedelta(days=6)
CARD = Terms(flow="authorized", deposit="capture", capture_days_max=30)
KONBINI = Terms(
    flow="prepaid", deposit="automatic", captured_source="provider_notice", deposit_mail="automatic"
)
BANK = Terms(flow="prepaid", deposit="by_hand", captured_source="manual_deposit")
RENEWABLE = Terms(flow="authorized", deposit="capture", capture_days_max=30, may_reauthorize=True)
CASH = Terms(flow="unmanaged", deposit="never")
NEW = Payment(payment_id=UUID(int=1), order_code="N1", method="any", amount=3_300, placed_at=PLACED)
ABOUT: dict[str, Any] = {"order_code": "N1", "payment_id": NEW.payment_id, "payment_kind": "any"}
NUMBER = Number(number="123", label="支払い番号", due_at=DUE, chain="lawson", confirmation_number="8888")
GRANTED = Authorized(
    authorization_id="a1",
    amount=3_300,
    authorized_at=PLACED,
    card_amount=3_000,
    gift_balance_amount=300,
    instrument="Visa 1111",
    provider_status="承認済",
    refs={"charge": "c1"},
)
HELD: dict[str, Any] = {"state": "authorized", "authorization_id": "a1", "provider_status": "承認済"}
PAID = Captured(amount=3_300, captured_at=PLACED, receipt_id="r1")


def payment(state: State = "requested", **more: Any) -> Payment:
    """A payment as it stood before."""
    return replace(NEW, **{"state": state, "version": 4, **more})


def told(settled: Settled) -> list[Event]:
    """The events, all said at AT, each without an id of its own."""
    assert all(event.occurred_at == AT for event in settled.events)
    return list(settled.events)


def says(settled: Settled, *expected: tuple[type[Event], dict[str, Any]]) -> None:
    """Check kind and every field of what was said."""
    said = [(type(event), event.model_dump()) for event in told(settled)]
    assert said == [(kind, kind(**ABOUT, **fields).model_dump()) for kind, fields in expected]
