"""The effects of time: pending decisions, expiry of sessions, authorizations and permissions."""

from payments.methods.amazon_pay.simulator import charges, permissions, refunds, sessions
from payments.methods.amazon_pay.simulator.store import Transaction


def settle_due(tx: Transaction) -> None:
    """Update every object to the present moment. It is called before every answer and by a slow tick."""
    for thing in tx.due():
        match thing.kind:
            case "session":
                sessions.cancel_session(tx, thing, "expired")
            case "charge":
                charges.decide(tx, thing)
            case "refund":
                refunds.decide(tx, thing)
            case "permission":
                permissions.close_permission(tx, thing, "Expired")
