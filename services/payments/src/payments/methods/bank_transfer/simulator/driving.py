"""Plays the payer and the bank, for the tests that every method has to pass (tests/payments/methods)."""

from pathlib import Path

from fastapi import FastAPI

from payments.methods.bank_transfer.method import BankTransfer
from payments.methods.bank_transfer.settings import BankTransferSettings
from payments.methods.bank_transfer.simulator.app import Bank, BankSimulatorSettings, make_app
from payments.methods.method import Method, Shop
from payments.payment.rules.payment import Operation, Payment


class BankDriver:
    """The simulator as a test sees it."""

    sends_notices = False
    first_call_is_asked = False

    def app(self, folder: Path, notice_url: str) -> FastAPI:
        """Return the simulator with its ledger in ``folder``. A bank sends no notices."""
        self._app = make_app(BankSimulatorSettings(bank_transfer_simulator_folder=folder), hang_seconds=0.6)
        return self._app

    def method(self, url: str, shop: Shop) -> Method:
        """Return the method with short time limits. It calls the simulator at ``url``."""
        settings = BankTransferSettings(url=url, timeout_seconds=0.3, sandbox=True)
        return BankTransfer.at(settings)

    def choice(self) -> dict[str, str]:
        """Return what a buyer chooses at the order."""
        return {}

    async def approve(self, payment: Payment) -> None:
        """Do nothing: no step of the buyer comes before the provider's first answer."""

    async def pay(self, payment: Payment, *, amount: int | None = None, tell: bool = True) -> None:
        """Transfer as the buyer. Only the statement shows it."""
        self._bank.deposit(payment.payer_name, payment.amount if amount is None else amount)

    def go_wrong(self, operation: Operation | str, mood: str) -> None:
        """Let the next call fail: decline, silence (not done, no answer) or lost_answer (done)."""
        self._bank.set_mood(operation, mood)

    def notices(self) -> list[tuple[dict[str, str], bytes]]:
        """Return what the provider posted: nothing."""
        return []

    def taken(self, payment: Payment) -> list[int]:
        """Return the deposits on the statement."""
        return [int(one["amount"]) for one in self._bank.entries() if one["kind"] == "deposit"]

    def returned(self, payment: Payment) -> list[int]:
        """Return the refunds to the payer."""
        return [int(one["amount"]) for one in self._bank.payouts(payment.payment_id.hex)]

    @property
    def _bank(self) -> Bank:
        bank: Bank = self._app.state.bank
        return bank


DRIVER = BankDriver
