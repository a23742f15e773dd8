"""A method by which the buyer agrees on the provider's page: a folder that a test writes."""

FOLDER = '''
"""掛け払い: the buyer agrees on the provider's page, reached by a redirect or by a form."""

from datetime import timedelta

from payments.payment.rules.answers import Authorized, NeedsBuyer, Voided, Waiting
from payments.payment.rules.terms import Terms
from payments.methods.method import Menu, Method, Visit
from shared.clock import now


class Later(Method):
    kind = "later"
    terms = Terms(flow="authorized", deposit="capture", visit=timedelta(minutes=30))

    def __init__(self, shop):
        self.shop, self.by_form, self.agreed, self.closed, self.voided = shop, False, {}, set(), []

    @classmethod
    def from_environment(cls, shop):
        return cls(shop)

    def menu(self):
        return Menu(
            kind="later", name="掛け払い", group="card", authorized_at_order=True, confirm_path=self.go_path
        )

    async def authorize(self, payment, *, key):
        return NeedsBuyer(redirect_url="" if self.by_form else f"https://pay.test/{payment.order_code}")

    def visit(self, payment):
        if not self.by_form:
            return super().visit(payment)
        fields = {
            "mail": payment.order.orderer.email,
            "name": payment.order.orderer.name,
            "sum": str(payment.amount),
            "back": self.back_url(self.shop, payment, "cancel"),
        }
        return Visit("https://form.test/begin", fields, form_origins=("https://pay.test",))

    def agree(self, payment):
        self.agreed[payment.order_code] = Authorized(
            authorization_id=f"later-{payment.order_code}", amount=payment.amount, authorized_at=now()
        )

    async def look_up(self, payment):
        found = self.agreed.get(payment.order_code)
        return (found,) if found else ()

    async def void(self, payment, *, key):
        if payment.order_code not in self.agreed and payment.order_code not in self.closed:
            return Waiting()
        self.voided.append(payment.order_code)
        return Voided()


METHOD = Later
'''
