"""Orders that wait for a bank transfer."""

from datetime import date
from uuid import UUID

from payments.payment.rules.payment import Payment
from shared.clock import in_japan, now
from tests.payments.conftest import Shopping
from tests.payments.order_examples import placed, reserved


def today() -> date:
    """Return the day of the order in Japan."""
    return in_japan(now()).date()


async def awaited(shopping: Shopping, *, member_id: UUID | None = None) -> Payment:
    """Place the order N1 and return its payment, which waits for the transfer."""
    await shopping.payments.hears(placed("N1", "bank_transfer", member_id=member_id), reserved("N1"))
    await shopping.payments.work()
    return await shopping.payments.payment("N1")
