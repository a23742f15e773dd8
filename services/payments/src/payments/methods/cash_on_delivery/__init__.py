"""代金引換: the carrier collects the money. Noren does not manage its deposit (PAY-13)."""

from typing import Self

from payments.methods.cash_on_delivery.settings import CashOnDeliverySettings
from payments.methods.method import Menu, Method, Shop
from payments.payment.rules.terms import Terms


class CashOnDelivery(Method):
    """A method without a provider and without payment events (PAY-13)."""

    kind = "cash_on_delivery"
    terms = Terms(flow="unmanaged", deposit="never", deposit_mail="never")

    def __init__(self, settings: CashOnDeliverySettings | None = None) -> None:
        self.settings = settings or CashOnDeliverySettings()

    @classmethod
    def from_environment(cls, shop: Shop) -> Self:
        """Return the method, made from ``CASH_ON_DELIVERY_*``."""
        return cls(CashOnDeliverySettings())

    def menu(self) -> Menu:
        """Return what checkout may offer."""
        return Menu(
            kind=self.kind,
            name="代金引換",
            group="cash_on_delivery",
            hint="商品のお受け取り時に、配達員へ現金でお支払いください。",
            when_paid="商品のお受け取り時",
            amount_max=self.settings.amount_max,
            deposit_mail=False,
        )


METHOD = CashOnDelivery
