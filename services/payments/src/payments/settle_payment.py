"""Answers of a provider into the database: one locked payment, all rules in ``domain/``, one commit."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from payments.domain.answers import Answer
from payments.domain.drafting import Settled
from payments.domain.payment import Operation, Payment
from payments.domain.settling import settle
from payments.domain.terms import Terms
from payments.method import Method
from payments.storage.payments import save
from shared.database import Tx


def settle_all(
    payment: Payment, operation: Operation | None, answers: Sequence[Answer], at: datetime, terms: Terms
) -> Settled:
    """Apply several answers, oldest first, and return the sum of what follows. Pure."""
    whole = Settled(payment)
    for answer in answers:
        part = settle(whole.payment, operation, answer, at, terms)
        whole = Settled(
            payment=part.payment,
            steps=whole.steps + part.steps,
            events=whole.events + part.events,
            asks=whole.asks + part.asks,
            entries=whole.entries + part.entries,
        )
    return whole


async def store(tx: Tx, settled: Settled, method: Method, at: datetime) -> None:
    """Save the payment with all that follows from it, and say its events."""
    await save(tx, settled, method, at)
    tx.say(*settled.events)


def with_attention(settled: Settled, attention: str) -> Settled:
    """Return ``settled`` with a payment that asks for a person's eye, unless it already does."""
    if settled.payment.attention:
        return settled
    return replace(settled, payment=replace(settled.payment, attention=attention))
