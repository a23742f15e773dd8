"""Staff at the payment desk."""

from datetime import timedelta

import httpx

from harness.keys import Keys
from shared.ids import new_id
from shared.statements import COOKIE

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
