"""Plays the buyer and the till, for the tests that every method has to pass (tests/payments/methods)."""

from pathlib import Path

from fastapi import FastAPI

from payments.methods.konbini.method import Konbini
from payments.methods.konbini.settings import KonbiniSettings
from payments.methods.konbini.simulator.app import NoticeSender, make_app
from payments.methods.konbini.simulator.ledger import Facts, Ledger
from payments.methods.konbini.simulator.settings import KonbiniSimulatorSettings
from payments.methods.method import Method, Shop
from payments.payment.rules.payment import Operation, Payment

_CALLS = {"issue": "issue", "void": "close", "refund": "refund"}


class KonbiniDriver:
    """The simulator as a test sees it."""

    sends_notices = True
    first_call_is_asked = True

    def app(self, folder: Path, notice_url: str) -> FastAPI:
        """Return the simulator with its ledger in ``folder``. A second call continues with the same ledger."""
        settings = KonbiniSimulatorSettings(konbini_simulator_folder=folder, konbini_notice_url=notice_url)
        self._app = make_app(settings, hang_seconds=0.6)
        return self._app

    def method(self, url: str, shop: Shop) -> Method:
        """Return the method with short time limits. It calls the simulator at ``url``."""
        settings = KonbiniSettings(url=url, timeout_seconds=0.3, sandbox=True)
        return Konbini.at(settings)

    def choice(self) -> dict[str, str]:
        """Return what a buyer chooses at the order."""
        return {"chain": "lawson"}

    async def approve(self, payment: Payment) -> None:
        """Do nothing: no step of the buyer comes before the provider's first answer."""

    async def pay(self, payment: Payment, *, amount: int | None = None, tell: bool = True) -> None:
        """Pay as the buyer at a till. ``tell=False`` loses the notice."""
        receipt = self._ledger.pay(self._story(payment)["number_id"], amount)
        if tell:
            self._ledger.write_notice(self._story(payment)["number_id"], receipt)

    async def take_back(self, payment: Payment) -> None:
        """Take the till's last receipt back (速報取消)."""
        number_id = self._story(payment)["number_id"]
        self._ledger.write_notice(number_id, self._ledger.reverse(number_id), kind="reversed")

    def go_wrong(self, operation: Operation | str, mood: str) -> None:
        """Let the next call fail: decline, silence (not done, no answer) or lost_answer (done)."""
        self._ledger.set_mood(_CALLS.get(operation, operation), mood)

    def notices(self) -> list[tuple[dict[str, str], bytes]]:
        """Return the notices written so far as the provider would post them, oldest first."""
        sender: NoticeSender = self._app.state.sender
        bodies = [str(one["body"]).encode() for one in reversed(self._ledger.notices())]
        return [({"X-Konbini-Signature": sender.sign(body)}, body) for body in bodies]

    def taken(self, payment: Payment) -> list[int]:
        """Return the amounts that came in for the payment, by the provider's own ledger."""
        return [int(one["amount"]) for one in self._story(payment)["receipts"]]

    def returned(self, payment: Payment) -> list[int]:
        """Return the refunded amounts, by the provider's own ledger."""
        return [int(one["amount"]) for one in self._story(payment)["refunds"]]

    @property
    def _ledger(self) -> Ledger:
        ledger: Ledger = self._app.state.ledger
        return ledger

    def _story(self, payment: Payment) -> Facts:
        return self._ledger.by_reference(payment.payment_id.hex) or {"receipts": [], "refunds": []}


DRIVER = KonbiniDriver
