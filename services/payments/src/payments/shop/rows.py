"""The settings of payments in force."""

from collections.abc import Mapping
from dataclasses import dataclass

from payments.payment.rules.terms import CapturePolicy
from payments.shop.rules import CaptureSettings, MethodSettings
from shared.database.transactions import Tx
from shared.shop.settings.rows import of_stored, read, read_each


@dataclass(frozen=True)
class PaymentSettings:
    """The capture policy, and the settings of single methods by their kinds."""

    capture: CaptureSettings
    methods: Mapping[str, MethodSettings]

    @property
    def capture_policy(self) -> CapturePolicy:
        """Return who captures, and when."""
        return self.capture.capture_policy

    def method(self, kind: str) -> MethodSettings:
        """Return the settings of a method."""
        return self.methods.get(kind) or MethodSettings()

    def name_of(self, kind: str, default: str) -> str:
        """Return the name under which the method is shown."""
        return self.method(kind).name or default

    def offers(self, kind: str) -> bool:
        """Return whether buyers may choose the method."""
        return self.method(kind).offered


async def read_payment_settings(tx: Tx) -> PaymentSettings:
    """Return the settings of staff, with defaults for everything that they did not change."""
    stored = await read_each(tx, MethodSettings)
    methods = {kind: of_stored(MethodSettings(), values) for kind, values in stored.items()}
    return PaymentSettings(await read(tx, CaptureSettings), methods)
