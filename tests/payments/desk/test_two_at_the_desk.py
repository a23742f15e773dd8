"""Two members of staff do the same: the second one reads that it was done."""

from harness.keys import Keys
from shared.events import (
    AuthorizationEnded,
    CaptureRejected,
    PaymentVoided,
)
from tests.payments.conftest import Shopping
from tests.payments.order_examples import placed, reserved
from tests.payments.staff import press, sign_in


async def test_who_is_late_hears_that_a_deed_was_done_by_another(shopping: Shopping, keys: Keys) -> None:
    await shopping.payments.hears(placed("N1", "card"), reserved("N1"))
    await shopping.payments.work()
    sign_in(shopping.payments.browser, keys)
    seen = await shopping.payments.payment("N1")
    first = await press(shopping.payments, "N1", "void", version=seen.version)
    late = await press(shopping.payments, "N1", "void", version=seen.version)
    assert (first.status_code, late.status_code) == (303, 409)
    assert "この決済は他の操作で更新されました。" in late.text
    await shopping.payments.work()
    told = await shopping.payments.said(PaymentVoided, AuthorizationEnded, CaptureRejected)
    assert [type(event) for event in told] == [PaymentVoided, AuthorizationEnded]
