"""Plays the buyer and Amazon, for the tests that every method has to pass (tests/payments/methods)."""

import json
from dataclasses import replace
from pathlib import Path

import httpx
from fastapi import APIRouter
from starlette.applications import Starlette

from payments.methods.amazon_pay import demo
from payments.methods.amazon_pay.method import AmazonPay
from payments.methods.amazon_pay.settings import AmazonPaySettings
from payments.methods.amazon_pay.simulator.__main__ import make_keys
from payments.methods.amazon_pay.simulator.app import make_app
from payments.methods.amazon_pay.simulator.behaviours import ANY, ask_for
from payments.methods.amazon_pay.simulator.bodies import CreateCharge, CreateSession, WebCheckoutDetails
from payments.methods.amazon_pay.simulator.charges import capture_charge, create_charge, get_charge
from payments.methods.amazon_pay.simulator.ipn import Sealer, post
from payments.methods.amazon_pay.simulator.sessions import create_session, get_session
from payments.methods.amazon_pay.simulator.settings import AmazonSimulatorSettings
from payments.methods.amazon_pay.simulator.store import Store
from payments.methods.method import Counter, Method, Shop
from payments.payment.rules.payment import Operation, Payment

_CALLS = {"authorize": "complete", "void": "cancel", "look_up": "get"}
_DECLINES = {"authorize": "Declined", "capture": "AmazonRejected", "refund": "AmazonRejected"}
_MOODS = {"silence": "drop", "lost_answer": "lose_answer"}


class WatchedAmazonPay(AmazonPay):
    """Amazon Pay, with access for the driver to its pages when the buyer returns to them."""

    counter: Counter | None = None

    def router(self, counter: Counter) -> APIRouter:
        """Keep the counter of the pages."""
        self.counter = counter
        return super().router(counter)


class AmazonDriver:
    """The simulator as a test sees it."""

    sends_notices = True
    first_call_is_asked = True

    def app(self, folder: Path, notice_url: str) -> Starlette:
        """Return the simulator with its ledger in ``folder``. A second call continues with the same ledger."""
        self._folder = folder / "amazon_pay"
        make_keys(self._folder)
        settings = AmazonSimulatorSettings(
            directory=folder,
            public_key_file=self._folder / "amazon_pay.pub",
            notice_url=notice_url,
            hang_seconds=0.6,
            refund_seconds=0,
        )
        self._app = make_app(settings)
        return self._app

    def method(self, url: str, shop: Shop) -> Method:
        """Return the method with short time limits. It calls the simulator at ``url``."""
        self._url = url
        key_file = self._folder / "amazon_pay.key"
        settings = AmazonPaySettings(url=url, private_key_file=key_file, sandbox=True, timeout_seconds=0.5)
        self._method = WatchedAmazonPay(settings, shop, httpx.AsyncClient())
        return self._method

    def choice(self) -> dict[str, str]:
        """Return what a buyer chooses at the order: a session with account, address and instrument."""
        details = WebCheckoutDetails.model_validate({"checkoutReviewReturnUrl": "http://shop.test/review"})
        body = CreateSession.model_validate({"storeId": demo.STORE_ID, "webCheckoutDetails": details})
        with self._store.transaction() as tx:
            session = create_session(tx, body)
            session.own |= {"account": "hanako", "address": "hanako-home", "instrument": "visa"}
            tx.save(session)
        return {"checkout_session_id": session.id}

    async def approve(self, payment: Payment) -> None:
        """Agree on Amazon's page as the buyer, and return to the shop's page, which triggers a look-up."""
        with self._store.transaction() as tx:
            session = get_session(tx, payment.choice["checkout_session_id"])
            session.own["returned"] = "approved"
            tx.save(session)
        if self._method.counter is not None:
            await self._method.counter.hasten(payment.order_code)

    async def pay(self, payment: Payment, *, amount: int | None = None, tell: bool = True) -> None:
        """Capture as the merchant in the console. ``tell=False`` loses the notice."""
        with self._store.transaction() as tx:
            charge = get_charge(tx, payment.refs["charge_id"])
            if not tell:
                ask_for(tx, charge.id, "notice:notice_never")
            capture_charge(tx, charge, amount or payment.amount, source="console", pending_seconds=0)

    def charge_beside(self, payment: Payment, amount: int, *, capture: bool, tell: bool = True) -> str:
        """Charge the payment's permission as order-management software. Return the id of the charge."""
        money = {"amount": str(amount), "currencyCode": "JPY"}
        permission = payment.refs["charge_permission_id"]
        body = CreateCharge.model_validate(
            {"chargePermissionId": permission, "chargeAmount": money, "captureNow": capture}
        )
        with self._store.transaction() as tx:
            if not tell:
                ask_for(tx, permission, "notice:notice_never")
            return create_charge(tx, body, None, None, pending_seconds=0).id

    def go_wrong(self, operation: Operation | str, mood: str) -> None:
        """Let the next call fail: decline, silence (not done, no answer) or lost_answer (done)."""
        call = _CALLS.get(operation, operation)
        name = _DECLINES[operation] if mood == "decline" else _MOODS[mood]
        with self._store.transaction() as tx:
            ask_for(tx, ANY, f"{call}:{name}")

    def notices(self) -> list[tuple[dict[str, str], bytes]]:
        """Return the notices written so far as Amazon would post them, oldest first."""
        with self._store.transaction() as tx:
            rows = tx.run("select * from notices where state <> 'withheld' order by number")
        return [({}, json.dumps(self._sealer.envelope(row)).encode()) for row in rows]

    def notice_saying(self, message: str, message_id: str = "0b6a1c3e") -> bytes:
        """Return a notice that Amazon signed, with any content."""
        with self._store.transaction() as tx:
            post(tx, "said by a test", message_id, message, "good", tx.now, "withheld")
            [row] = tx.run("select * from notices order by number desc limit 1")
        return json.dumps(self._sealer.envelope(row)).encode()

    @property
    def _sealer(self) -> Sealer:
        sealer: Sealer = self._app.state.sealer
        return replace(sealer, settings=sealer.settings.model_copy(update={"url": self._url}))

    def taken(self, payment: Payment) -> list[int]:
        """Return the amounts captured for the order, by Amazon's own ledger."""
        return self._amounts(payment, "captured")

    def returned(self, payment: Payment) -> list[int]:
        """Return the refunded amounts, by Amazon's own ledger."""
        return self._amounts(payment, "refunded")

    def _amounts(self, payment: Payment, kind: str) -> list[int]:
        with self._store.transaction() as tx:
            rows = tx.run(
                "select amount from entries where kind = ? and merchant_reference_id = ? order by number",
                kind,
                payment.order_code,
            )
        return [int(row["amount"]) for row in rows]

    @property
    def _store(self) -> Store:
        store: Store = self._app.state.store
        return store


DRIVER = AmazonDriver
