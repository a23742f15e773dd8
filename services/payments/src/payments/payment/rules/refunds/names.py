"""The names under which refunds are booked, and their routes. Pure.

The first booking of a refund has the provider's id as its name. Every further booking has the id and the version of
the payment. The version rises with each booking, so no two bookings have one name.
"""

from uuid import UUID, uuid5

from payments.payment.rules.answers import RefundRoute
from payments.payment.rules.drafting import Draft
from payments.payment.rules.payment import Payment

SUM = "total:"
"""The prefix of the name of yen that are known only by the provider's sum. As a reference it means all of them."""


def next_name(payment: Payment, ref: str) -> str:
    """Return the name of the next booking about ``ref``, which no other booking has."""
    return f"{ref}:{payment.version}"


def is_about(name: str, ref: str) -> bool:
    """Return whether the booking ``name`` is about the refund ``ref``: the provider's id, or :data:`SUM`."""
    return name == ref or name.startswith(ref if ref == SUM else f"{ref}:")


def route_of(payment: Payment, ref: str) -> RefundRoute:
    """Return the route of a booked refund. ``ref`` is the provider's id, or :data:`SUM`."""
    named = (route for name, route in payment.refund_routes.items() if is_about(name, ref))
    return next(named, "provider")


def keep_route(draft: Draft, ref: str, route: RefundRoute) -> None:
    """Keep the route of a refund. The event that takes it back names the same route."""
    if route != "provider":
        draft.change(refund_routes={**draft.payment.refund_routes, ref: route})


def refund_id_of(payment: Payment, ref: str) -> UUID:
    """Return the id in events of the refund that is booked by ``ref``."""
    return uuid5(payment.payment_id, ref)
