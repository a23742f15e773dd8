"""The form that leads a buyer to the provider, in a real browser, under the page's own content security policy."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse

from harness.chromium import PHONE, Chromium, missing
from harness.keys import Keys
from payments.methods.method import Visit
from tests.payments.order_examples import placed
from tests.payments.payments_service import Payments, served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(bool(missing()), reason=f"not on this machine: {missing()}; make setup installs it"),
]


async def test_the_form_sends_itself_with_the_order(service: Payments, later: Any, keys: Keys) -> None:
    company, heard = FastAPI(), []

    @company.post("/begin")
    async def begin(request: Request) -> HTMLResponse:
        heard.append(dict(await request.form()))
        return HTMLResponse("<!doctype html><title>決済会社</title><h1>決済会社の画面</h1>")

    await service.hears(placed("N1", "later"))
    later.by_form = True
    await service.work()
    shop_app: Any = service.browser._transport
    async with served(shop_app.app) as shop, served(company) as there:
        fields = {"name": "山田 花子", "sum": "3300"}
        later.visit = lambda payment: Visit(f"{there}/begin", fields)
        await asyncio.to_thread(_go, shop, keys)
    assert heard == [fields]


def _go(shop: str, keys: Keys) -> None:
    claims = {"codes": ["N1"]}
    statement = keys.issuers["checkout"].issue("order", claims, valid_for=timedelta(days=1))
    with Chromium(shop, PHONE) as buyer:
        buyer.driver.get(f"{shop}/static/icon.svg")
        buyer.driver.add_cookie({"name": "noren_order", "value": statement})
        buyer.driver.get(f"{shop}/payments/later/go?order=N1&turn=1")
        buyer.wait_for("決済会社の画面")
