"""The pages where the buyer leaves for Amazon and returns.

They read and trigger look-ups; they never settle (hazard 16).
"""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends

from payments.methods.amazon_pay.client import AmazonPayClient
from payments.methods.amazon_pay.payment_pages import PaymentPages
from payments.methods.amazon_pay.settings import AmazonPaySettings
from payments.methods.amazon_pay.wallet_pages import WalletPages
from payments.methods.method import Counter
from shared.web.session import viewer


def router(settings: AmazonPaySettings, client: AmazonPayClient, counter: Counter, prefix: str) -> APIRouter:
    """Return all routes below `prefix` (`/payments/amazon_pay`). The service itself has the route for notices."""
    routes = APIRouter(prefix=prefix, dependencies=[Depends(viewer)], include_in_schema=False)
    choosing, paying = WalletPages(settings, client, counter, prefix), PaymentPages(counter, prefix)
    pages: dict[str, Callable[..., Any]] = {
        "/start": choosing.start,
        "/change": choosing.change,
        "/review": choosing.review,
        "/signin": choosing.sign_in,
        "/signed-in": choosing.signed_in,
        "/confirm": paying.confirm,
        "/result": paying.result,
        "/button.js": choosing.script,
    }
    for path, page in pages.items():
        routes.add_api_route(path, page, methods=["GET"])
    return routes
