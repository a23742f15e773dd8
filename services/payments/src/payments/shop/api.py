"""The menu of methods for checkout: what buyers may choose. This route changes nothing."""

from typing import Any

from fastapi import APIRouter

from payments.methods.method import Method
from payments.methods.registry import Methods
from payments.shop.rows import PaymentSettings, read_payment_settings
from shared.web.parts import CurrentParts

router = APIRouter(prefix="/api/payments")


@router.get("/methods")
async def list_methods(parts: CurrentParts) -> dict[str, Any]:
    """Return the menu, in order, without the methods that staff have switched off."""
    async with parts.db.transaction() as tx:
        settings = await read_payment_settings(tx)
    offered = [method for kind, method in parts[Methods].items() if settings.offers(kind)]
    return {
        "capture_policy": settings.capture_policy,
        "methods": [_entry(method, settings) for method in offered],
    }


def _entry(method: Method, settings: PaymentSettings) -> dict[str, Any]:
    """Return the menu entry of a method, with the shop's name for it and the terms of its orders."""
    entry, terms = method.menu(), method.terms
    return entry.as_json() | {
        "name": settings.name_of(entry.kind, entry.name),
        "flow": terms.flow,
        "deposit": terms.deposit,
        "paid_before_shipping": terms.paid_before_shipping,
    }
