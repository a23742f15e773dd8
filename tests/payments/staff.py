"""Staff at the payment desk."""

from datetime import timedelta
from typing import Any

import httpx

from harness.keys import Keys
from shared.ids import new_id
from shared.shop.statements import COOKIE
from tests.payments.payments_service import Payments

STAFF = new_id()
SESSION = new_id()


def sign_in(browser: httpx.AsyncClient, keys: Keys, *, staff: str | None = "owner") -> None:
    """Give the browser a session, of staff unless ``staff`` is None."""
    claims = {
        "sub": str(STAFF),
        "sid": str(SESSION),
        "name": "佐藤 店長",
        "amazon_linked": False,
        "staff": staff,
    }
    token = keys.issuers["members"].issue("session", claims, valid_for=timedelta(hours=1))
    browser.cookies.set(COOKIE["session"], token, domain="shop.test")


async def press(payments: Payments, order_code: str, deed: str, **form: Any) -> httpx.Response:
    """Do a deed at the desk to the payment as it stands, unless ``form`` names another version."""
    payment = await payments.payment(order_code)
    told = {"version": str(payment.version)} | {name: str(value) for name, value in form.items()}
    return await payments.browser.post(f"/desk/payments/{order_code}/{deed}", data=told)
