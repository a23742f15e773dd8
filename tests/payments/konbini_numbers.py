"""Numbers of the konbini company: issued, told of by notices, paid back in its console."""

import httpx

from harness.eventually import eventually
from payments.payment.rules.payment import Payment
from tests.payments.conftest import Shopping
from tests.payments.order_examples import placed, reserved


async def issued(shopping: Shopping, code: str = "N1", *, chain: str = "lawson") -> Payment:
    """Place an order and return its payment once it has a number."""
    await shopping.payments.hears(placed(code, "konbini", choice={"chain": chain}), reserved(code))

    async def number_is_there() -> Payment:
        # A company that does not answer in time is asked again, seconds later.
        await shopping.payments.work()
        payment = await shopping.payments.payment(code)
        assert payment.number is not None
        return payment

    found: Payment = await eventually(number_is_there, seconds=30, every=0.5)
    return found


async def notify(shopping: Shopping, times: int = 1) -> list[int]:
    """Post every notice of the company to the shop; return the answers."""
    answers = []
    for headers, body in shopping.konbini.notices() * times:
        answer = await shopping.payments.browser.post(
            "/payments/konbini/notices", content=body, headers=headers
        )
        answers.append(answer.status_code)
    await shopping.payments.work()
    return answers


async def give_back_by_hand(shopping: Shopping, payment: Payment, amount: int) -> None:
    """Staff give money back in the company's console; nobody tells the shop."""
    company = httpx.AsyncClient(
        transport=httpx.ASGITransport(shopping.konbini._app), base_url="http://company"
    )
    number = payment.refs["number_id"]
    answer = await company.post(f"/console/numbers/{number}/refunds", data={"amount": str(amount)})
    assert answer.status_code == 303
