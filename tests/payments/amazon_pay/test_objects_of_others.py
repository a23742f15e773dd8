"""What Amazon says counts for a payment only where the object itself names that payment's permission or charge."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.keys import Keys
from harness.postgres import MakeDatabase
from payments.methods.amazon_pay.method import AmazonPay
from payments.methods.amazon_pay.simulator.driving import AmazonDriver
from payments.methods.method import Shop
from payments.payment.rules.answers import OtherHold
from payments.payment.rules.contradictions.disown import disown
from payments.payment.rules.order_wishes import cancel
from payments.payment.rules.payment import Payment
from payments.tables import metadata
from shared.events import PaymentRefunded, ReauthorizationRequested
from tests.payments.amazon_pay.world import World
from tests.payments.false_answers import FalseAnswers
from tests.payments.order_examples import cancelled, shipped
from tests.payments.payment_examples import AT, payment
from tests.payments.payments_service import ORIGIN, make_payments, served
from tests.payments.staff import press, sign_in

AMAZON = AmazonPay.terms


@dataclass
class Odd(World):
    """The world with an Amazon that may tell of another order's objects."""

    false_answers: FalseAnswers

    async def pays(self, code: str) -> Payment:
        """An order whose money was taken when it was shipped."""
        await self.order(code)
        await self.payments.hears(shipped(code))
        await self.payments.work()
        return await self.payments.payment(code)

    async def at_the_console(self, charge_id: str, do: str, amount: int = 0) -> None:
        """Somebody presses a button in Seller Central, and its notices get lost."""
        await self.provider.post(
            f"/console/charges/{charge_id}", data={"do": do, "amount": str(amount or "")}
        )
        await self.provider.get("/ledger")
        self.amazon.notices()

    async def works(self) -> None:
        """Workers do what is due, and look again at what they had put off."""
        await self.payments.work()
        await self.soon()

    async def ledger_of(self, charge_id: str, kind: str) -> list[int]:
        """Amounts of one kind that Amazon has of one charge."""
        rows = (await self.provider.get("/ledger")).json()["entries"]
        return [row["amount"] for row in rows if (row["charge_id"], row["kind"]) == (charge_id, kind)]


@pytest.fixture
async def odd(make_db: MakeDatabase, keys: Keys, tmp_path: Path) -> AsyncIterator[Odd]:
    db = await make_db("payments", metadata)
    amazon = AmazonDriver()
    false_answers = FalseAnswers(amazon.app(tmp_path, f"{ORIGIN}/unused"))
    async with served(false_answers) as url:
        method = amazon.method(url, Shop(ORIGIN, sandbox=True))
        payments = make_payments(db, keys, tmp_path, method)
        async with httpx.AsyncClient(base_url=url) as provider, payments.browser:
            yield Odd(payments, amazon, provider, keys, false_answers)
        await method.close()


def naming(name: str, value: str) -> Callable[[str], str]:
    """Make an answer name another object of its kind."""
    return lambda body: re.sub(rf'"{name}": ?"[^"]*"', f'"{name}":"{value}"', body)


async def refund_under_anothers_id(odd: Odd) -> tuple[Payment, str]:
    """The refund of the cancelled order N1 is answered with the id of a refund of N2."""
    mine, other = await odd.pays("N1"), await odd.pays("N2")
    await odd.at_the_console(other.refs["charge_id"], "refund", 3_300)
    rows = (await odd.provider.get("/ledger")).json()["entries"]
    [theirs] = [row["refund_id"] for row in rows if row["kind"] == "refunded"]
    answer = (
        f'{{"refundId":"{theirs}","chargeId":"{mine.refs["charge_id"]}","refundAmount":{{"amount":"3300",'
        '"currencyCode":"JPY"},"creationTimestamp":"20261130T220000Z","statusDetails":{"state":'
        '"RefundInitiated","reasonCode":null,"reasonDescription":null,"lastUpdatedTimestamp":'
        '"20261130T220000Z"}}'
    )
    odd.false_answers.tell("POST", "/refunds$", lambda _: answer)
    await odd.payments.hears(cancelled("N1"))
    await odd.works()
    return mine, theirs


async def test_a_refund_under_anothers_id_is_not_believed(odd: Odd) -> None:
    await refund_under_anothers_id(odd)
    now = await odd.payments.payment("N1")
    assert (now.state, now.refunded_amount, now.calls) == ("refunding", 0, ("answer_mismatch",))
    assert await odd.payments.said(PaymentRefunded) == []


async def test_staff_end_a_refund_that_is_anothers(odd: Odd) -> None:
    mine, theirs = await refund_under_anothers_id(odd)
    sign_in(odd.payments.browser, odd.keys)
    page = (await odd.payments.browser.get("/desk/payments/N1")).text
    assert "依頼は成立していない" in page

    assert (await press(odd.payments, "N1", "deny")).status_code == 303

    ended = await odd.payments.payment("N1")
    assert (ended.state, ended.calls, [*ended.disowned]) == ("owed", ("refund_failed",), [theirs])
    # Amazon had done what was asked, and answered with another's id: a look finds it by the sum.
    await odd.works()
    assert (await odd.payments.payment("N1")).state == "refunded"
    assert await odd.ledger_of(mine.refs["charge_id"], "refunded") == [3_300]


async def test_notices_with_swapped_permissions_book_nothing(odd: Odd) -> None:
    mine, other = await odd.pays("N1"), await odd.pays("N2")
    await odd.at_the_console(other.refs["charge_id"], "refund", 300)
    rows = (await odd.provider.get("/ledger")).json()["entries"]
    [theirs] = [row["refund_id"] for row in rows if row["kind"] == "refunded"]
    named = {f"named_charge_{other.refs['charge_id']}": other.refs["charge_id"], f"refund_{theirs}": theirs}
    method: Any = odd.payments.methods["amazon_pay"]

    told = await method.look_up(mine.changed(refs={**mine.refs, **named}))

    assert [type(one).__name__ for one in told] == ["Authorized", "Captured"]


async def test_a_hold_on_anothers_charge_is_not_accepted(odd: Odd) -> None:
    await odd.order("N2")
    theirs = (await odd.payments.payment("N2")).authorization_id
    odd.false_answers.tell("POST", "/complete$", naming("chargeId", theirs))

    await odd.order("N1")

    doubted = await odd.payments.payment("N1")
    assert (doubted.authorization_id, doubted.calls) == ("", ("answer_mismatch",))
    await odd.works()
    found = await odd.payments.payment("N1")
    assert (found.state, found.calls) == ("authorized", ())
    assert found.authorization_id != theirs


async def test_a_new_hold_on_anothers_charge_is_not_accepted(odd: Odd) -> None:
    await odd.order("N2")
    await odd.order("N1")
    theirs = (await odd.payments.payment("N2")).authorization_id
    await odd.at_the_console((await odd.payments.payment("N1")).authorization_id, "cancel")
    sign_in(odd.payments.browser, odd.keys)
    await press(odd.payments, "N1", "look-up")
    await odd.payments.work()
    odd.false_answers.tell("POST", "/charges$", naming("chargeId", theirs))

    await odd.payments.hears(ReauthorizationRequested(order_code="N1", by="staff"))
    await odd.works()

    doubted = await odd.payments.payment("N1")
    assert (doubted.state, doubted.calls) == ("reauthorizing", ("authorization_ended", "answer_mismatch"))
    assert doubted.refs_of_others == (theirs,)
    assert (await press(odd.payments, "N1", "deny")).status_code == 303
    ended = await odd.payments.payment("N1")
    assert (ended.state, ended.calls) == ("declined", ("authorization_ended",))


async def test_a_hold_that_turns_out_to_be_anothers_is_not_captured(odd: Odd) -> None:
    await odd.order("N1")
    await odd.order("N2")
    mine, other = await odd.payments.payment("N1"), await odd.payments.payment("N2")
    hold = mine.authorization_id
    told = naming("chargePermissionId", other.refs["charge_permission_id"])
    odd.false_answers.tell("GET", f"/charges/{hold}$", told, times=100)
    sign_in(odd.payments.browser, odd.keys)
    await press(odd.payments, "N1", "look-up")
    await odd.payments.work()

    await odd.payments.hears(shipped("N1"))
    await odd.works()

    kept = await odd.payments.payment("N1")
    assert (kept.state, kept.calls, kept.refs_of_others) == ("authorized", ("answer_mismatch",), (hold,))
    assert await odd.ledger_of(hold, "captured") == []
    assert (await press(odd.payments, "N1", "seen")).status_code != 303
    assert (await press(odd.payments, "N1", "void")).status_code != 303
    assert (await press(odd.payments, "N1", "disown", ref=hold)).status_code == 303
    ended = await odd.payments.payment("N1")
    assert (ended.state, ended.calls) == ("voided", ("authorization_ended",))


async def disowned_hold(odd: Odd) -> Payment:
    """Staff say of the hold of N1 that it is N2's, of whose permission Amazon tells it to be."""
    await odd.order("N1")
    await odd.order("N2")
    mine, other = await odd.payments.payment("N1"), await odd.payments.payment("N2")
    told = naming("chargePermissionId", other.refs["charge_permission_id"])
    odd.false_answers.tell("GET", f"/charges/{mine.authorization_id}$", told, times=1_000)
    sign_in(odd.payments.browser, odd.keys)
    await press(odd.payments, "N1", "look-up")
    await odd.payments.work()
    assert (await press(odd.payments, "N1", "disown", ref=mine.authorization_id)).status_code == 303
    return mine


async def state_at_amazon(odd: Odd, charge_id: str) -> str:
    """How a charge stands at Amazon, whatever it tells of its permission."""
    return (await odd.payments.methods["amazon_pay"].client.charge(charge_id)).state  # type: ignore[attr-defined,no-any-return]


async def test_a_disowned_hold_is_not_cancelled_with_the_order(odd: Odd) -> None:
    mine = await disowned_hold(odd)
    # Somebody else holds money on N1's own agreement: that goes back with the order.
    method: Any = odd.payments.methods["amazon_pay"]
    permission = mine.refs["charge_permission_id"]
    others = await method.client.create_charge(permission, 500, key="k" * 32)
    named = {f"named_charge_{others.charge_id}": others.charge_id}
    stands = OtherHold(authorization_id=others.charge_id, amount=500)
    now = await odd.payments.payment("N1")
    void = now.changed(order_cancelled=True, other_holds=(stands,), refs={**now.refs, **named})

    await method.void(void, key="v" * 32)

    assert await state_at_amazon(odd, others.charge_id) == "Canceled"
    assert await state_at_amazon(odd, mine.authorization_id) == "Authorized"


async def test_an_order_is_held_anew_after_its_hold_was_anothers(odd: Odd) -> None:
    mine = await disowned_hold(odd)

    assert (await press(odd.payments, "N1", "reauthorize")).status_code == 303
    await odd.works()
    await press(odd.payments, "N1", "look-up")
    await odd.works()

    held = await odd.payments.payment("N1")
    assert (held.state, held.calls) == ("authorized", ())
    assert held.authorization_id != mine.authorization_id
    assert mine.authorization_id not in held.refs.values()
    assert await state_at_amazon(odd, mine.authorization_id) == "Authorized"
    await odd.payments.hears(cancelled("N1"))
    await odd.works()
    assert (await odd.payments.payment("N1")).state == "voided"
    assert await state_at_amazon(odd, held.authorization_id) == "Canceled"
    assert await state_at_amazon(odd, mine.authorization_id) == "Authorized"


def test_holds_of_others_stay_while_it_is_not_certain_whose() -> None:
    stands = OtherHold(authorization_id="C9", amount=500)
    doubted = payment("authorized", authorization_id="C1", refs_of_others=("C1",), calls=("answer_mismatch",))
    doubted = doubted.changed(other_holds=(stands,))

    ended = cancel(doubted, AT)
    assert ended.requests == ()

    disowned = disown(ended.payment, AMAZON, AT, ref="C1", by="佐藤")
    assert [one.operation for one in disowned.requests] == ["void"]


async def test_a_capture_goes_on_once_the_hold_is_told_right(odd: Odd) -> None:
    await odd.order("N1")
    hold = (await odd.payments.payment("N1")).authorization_id
    odd.false_answers.tell("GET", f"/charges/{hold}$", naming("chargePermissionId", "S03-0-0"))
    sign_in(odd.payments.browser, odd.keys)
    await press(odd.payments, "N1", "look-up")
    await odd.payments.work()
    await odd.payments.hears(shipped("N1"))
    await odd.payments.work()
    assert (await odd.payments.payment("N1")).state == "authorized"

    await press(odd.payments, "N1", "look-up")
    await odd.works()

    taken = await odd.payments.payment("N1")
    assert (taken.state, taken.calls) == ("captured", ())


async def test_a_smaller_sum_of_refunds_calls_a_person(odd: Odd) -> None:
    mine = await odd.pays("N1")
    charge = mine.refs["charge_id"]
    await odd.at_the_console(charge, "refund", 3_300)
    sign_in(odd.payments.browser, odd.keys)
    await press(odd.payments, "N1", "look-up")
    await odd.works()
    assert (await odd.payments.payment("N1")).state == "refunded"

    def none_back(body: str) -> str:
        return re.sub(r'"refundedAmount": ?\{[^}]*\}', '"refundedAmount":null', body)

    odd.false_answers.tell("GET", f"/charges/{charge}$", none_back, times=50)
    await press(odd.payments, "N1", "look-up")
    await odd.works()

    doubted = await odd.payments.payment("N1")
    assert "answer_mismatch" in doubted.calls
    assert doubted.refunded_amount == 3_300
    assert (await press(odd.payments, "N1", "seen")).status_code == 303
    assert (await odd.payments.payment("N1")).refunded_amount == 0


async def test_a_denied_capture_that_was_done_is_found(odd: Odd) -> None:
    await odd.order("N1")
    hold = (await odd.payments.payment("N1")).authorization_id
    odd.false_answers.tell("POST", f"/charges/{hold}/capture$", naming("chargePermissionId", "S03-0-0"))
    odd.false_answers.tell("GET", f"/charges/{hold}$", naming("chargePermissionId", "S03-0-0"), times=2)
    await odd.payments.hears(shipped("N1"))
    await odd.works()
    doubted = await odd.payments.payment("N1")
    assert (doubted.state, doubted.refs_of_others) == ("capturing", (hold,))
    sign_in(odd.payments.browser, odd.keys)

    assert (await press(odd.payments, "N1", "deny")).status_code == 303
    denied = await odd.payments.payment("N1")
    assert (denied.disowned, denied.refs["charge_id"]) == ({}, hold)
    await press(odd.payments, "N1", "look-up")
    await odd.works()
    await press(odd.payments, "N1", "look-up")
    await odd.works()

    found = await odd.payments.payment("N1")
    assert (found.state, found.held_amount, found.contradicted) == ("captured", 3_300, False)


async def hold_told_right_again(odd: Odd) -> Payment:
    """Staff disown the hold of N1 by mistake. Amazon told once of another permission, and tells right again."""
    await odd.order("N1")
    mine = await odd.payments.payment("N1")
    odd.false_answers.tell(
        "GET", f"/charges/{mine.authorization_id}$", naming("chargePermissionId", "S03-0-0")
    )
    sign_in(odd.payments.browser, odd.keys)
    await press(odd.payments, "N1", "look-up")
    await odd.payments.work()
    assert (await press(odd.payments, "N1", "disown", ref=mine.authorization_id)).status_code == 303
    return mine


async def look_again(odd: Odd) -> Payment:
    await press(odd.payments, "N1", "look-up")
    await odd.works()
    return await odd.payments.payment("N1")


async def test_a_capture_of_a_disowned_hold_is_heard(odd: Odd) -> None:
    mine = await hold_told_right_again(odd)
    await odd.at_the_console(mine.authorization_id, "capture", 3_300)

    told = await look_again(odd)
    assert (told.held_amount, told.contradicted) == (0, True)
    page = (await odd.payments.browser.get("/desk/payments/N1")).text
    assert "この注文の与信として数え直す" in page
    assert "決済会社がこの注文のものとして示しています" in page

    assert (await press(odd.payments, "N1", "count-again", ref=mine.authorization_id)).status_code == 303
    await odd.works()

    paid = await odd.payments.payment("N1")
    assert (paid.state, paid.held_amount, paid.contradicted) == ("captured", 3_300, False)


async def test_a_hold_counted_beside_a_new_one_ends_with_the_order(odd: Odd) -> None:
    mine = await hold_told_right_again(odd)
    assert (await press(odd.payments, "N1", "reauthorize")).status_code == 303
    await odd.works()
    told = await look_again(odd)
    assert (told.state, told.contradicted) == ("authorized", True)

    assert (await press(odd.payments, "N1", "count-again", ref=mine.authorization_id)).status_code == 303
    await odd.works()
    beside = await odd.payments.payment("N1")
    assert [one.authorization_id for one in beside.other_holds if one.stands] == [mine.authorization_id]
    await odd.payments.hears(cancelled("N1"))
    await odd.works()

    assert (await odd.payments.payment("N1")).state == "voided"
    assert await state_at_amazon(odd, mine.authorization_id) == "Canceled"
    assert await state_at_amazon(odd, beside.authorization_id) == "Canceled"


async def test_a_release_in_which_the_charge_stands_is_doubted(odd: Odd) -> None:
    await odd.order("N1")
    hold = (await odd.payments.payment("N1")).authorization_id
    odd.false_answers.tell(
        "DELETE", f"/charges/{hold}/cancel$", lambda body: re.sub('"Canceled"', '"Authorized"', body)
    )

    await odd.payments.hears(cancelled("N1"))
    await odd.payments.work()

    assert (await odd.payments.payment("N1")).state == "voiding"
    await odd.works()
    assert (await odd.payments.payment("N1")).state == "voided"
