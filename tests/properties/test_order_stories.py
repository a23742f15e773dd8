"""Any story of an order: what staff do and what payments says, against a few dictionaries of plain rules."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from checkout.orders.labels import DEPOSIT_LABEL, PAYMENT_LABEL, SHIPPING_LABEL, STATUS_LABEL
from checkout.orders.rules.allowed_deeds import check_cancellable, check_capturable, check_shippable
from checkout.orders.rules.order import Order, Parcel
from checkout.orders.rules.states import BEFORE_ITS_TIME, NEXT
from checkout.orders.rules.steps import (
    cancel_effects,
    capture_warnings,
    next_step,
    processed_warnings,
)
from shared.errors import Refused
from shared.shop.labels import Labels
from tests.checkout.payment_terms import GROUPS, TERMS, Group
from tests.properties.profile import LONG, stories

AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
PARCELS = tuple(Parcel(UUID(int=number), f"お届け先{number}") for number in (1, 2, 3))

# What payments says, as (from, what is said, to): written out once more, by hand, not read from the service.
PAYMENT_EDGES = {
    ("awaited", "authorize"): "authorized",
    ("awaited", "issue_number"): "number_issued",
    ("awaited", "capture"): "captured",
    ("awaited", "fail"): "failed",
    ("awaited", "expire"): "expired",
    ("awaited", "void"): "voided",
    ("awaited", "refund"): "refunded",
    ("authorized", "capture"): "captured",
    ("authorized", "void"): "voided",
    ("authorized", "refund"): "refunded",
    ("number_issued", "capture"): "captured",
    ("number_issued", "expire"): "expired",
    ("number_issued", "fail"): "failed",
    ("number_issued", "void"): "voided",
    ("number_issued", "refund"): "refunded",
    ("captured", "refund"): "refunded",
    ("failed", "capture"): "captured",
    ("expired", "capture"): "captured",
    ("voided", "capture"): "captured",
    ("refunded", "refund"): "refunded",
    ("authorized", "lapse"): "lapsed",
    ("lapsed", "authorize"): "authorized",
    ("lapsed", "capture"): "captured",
    ("lapsed", "void"): "voided",
    ("lapsed", "refund"): "refunded",
    ("lapsed", "refund_part"): "lapsed",
    ("refunded_in_part", "refund"): "refunded",
    **{(state, "undo_refund"): "captured" for state in ("refunded_in_part", "refunded")},
    **{(state, "undo_refund_part"): "refunded_in_part" for state in ("refunded_in_part", "refunded")},
    ("voided", "authorize"): "authorized",
    ("voided", "lapse"): "lapsed",
    ("captured", "take_back"): "short",
    ("refunded_in_part", "take_back"): "short",
    ("short", "authorize"): "authorized",
    ("short", "lapse"): "lapsed",
    ("short", "capture"): "captured",
    ("short", "expire"): "expired",
    ("short", "void"): "voided",
    ("short", "refund_part"): "short",
    ("short", "refund"): "refunded",
    **{
        (state, "refund_part"): "refunded_in_part"
        for state in ("awaited", "authorized", "number_issued", "captured", "refunded_in_part")
    },
    **{
        (state, "call"): state
        for state in (
            *("awaited", "authorized", "lapsed", "number_issued", "captured", "failed", "expired", "voided"),
            *("refunded_in_part", "refunded", "short"),
        )
    },
}
SAID_BY_PAYMENTS = sorted({said for _, said in PAYMENT_EDGES})


class OrderStory(RuleBasedStateMachine):
    """One order and a model of it: four words, the shipped parcels, and the number of changes."""

    seen: ClassVar[Counter[str]] = Counter()

    @initialize(
        group=st.sampled_from(GROUPS),
        parcels=st.integers(1, 3),
    )
    def an_order_is_placed(self, group: Group, parcels: int) -> None:
        self.group = group
        self.order = Order(
            code="N1",
            version=1,
            status="in_progress",
            deposit="unpaid",
            shipping="unshipped",
            payment="awaited",
            **TERMS[group],
            total=3_500,
            points_used=0,
            placed_at=AT,
            parcels=PARCELS[:parcels],
        )
        self.model = {
            "status": "in_progress",
            "deposit": "unpaid",
            "shipping": "unshipped",
            "payment": "awaited",
            "asked": False,
        }
        self.changes = 0
        self.left = parcels

    @rule(said=st.sampled_from(SAID_BY_PAYMENTS))
    def payments_says(self, said: str) -> None:
        """As checkout's consumers follow it: noted, put off, or taken as far as the table allows."""
        order, model = self.order, self.model
        key = (order.payment, said)
        if model["status"] != "cancelled" and key in BEFORE_ITS_TIME:
            assert said in ("refund", "refund_part") or key == ("awaited", "lapse")
            self.seen["came too early"] += 1
            return
        outdated = (model["status"], model["payment"]) == ("cancelled", "voided") and said in (
            "authorize",
            "lapse",
        )
        allowed = None if outdated else PAYMENT_EDGES.get((str(model["payment"]), said))
        assert order.may(said) == (allowed is not None)  # type: ignore[arg-type]
        if allowed is None:
            with pytest.raises(Refused, match="order_move_not_allowed"):
                order.moved(said)  # type: ignore[arg-type]
            return
        self.move(said)
        model["payment"] = allowed
        if said in ("capture", "lapse"):
            self.order = replace(self.order, capture_requested_at=None)
            model["asked"] = False
        if said == "capture":
            self.order = replace(self.order, capture_requested_at=None)
            model["asked"] = False
            if model["status"] != "cancelled" and model["deposit"] == "unpaid":
                self.move("deposit")
                model["deposit"] = "paid"
                self.close_if_complete()
        gone = model["payment"] in ("short", "refunded") and model["deposit"] == "paid"
        if gone and model["status"] != "cancelled":
            self.move("undeposit")
            model["deposit"] = "unpaid"
            self.seen["unpaid again"] += 1
        if said in ("fail", "expire") and model["status"] != "cancelled":
            self.cancel()

    def move(self, move: str) -> None:
        """Take an edge that must be there."""
        self.order = self.order.moved(move)  # type: ignore[arg-type]
        self.changes += 1

    def cancel(self) -> None:
        """End the order in both worlds."""
        self.move("cancel")
        self.model["status"] = "cancelled"
        self.seen["cancelled"] += 1

    def close_if_complete(self) -> None:
        """処理済み by itself, once nothing is left (ORD-01)."""
        model = self.model
        paid = model["deposit"] == "paid" or self.group == "cash_on_delivery"
        complete = paid and model["shipping"] == "shipped"
        assert self.order.is_complete == complete
        if complete and model["status"] == "in_progress":
            self.move("process")
            model["status"] = "processed"
            self.seen["closed by itself"] += 1

    @rule(parcels=st.integers(1, 3))
    def staff_ship_parcels(self, parcels: int) -> None:
        model, group = self.model, self.group
        allowed = model["status"] != "cancelled" and model["shipping"] == "unshipped"
        allowed &= group not in ("konbini", "transfer") or model["deposit"] == "paid"
        secured = ("authorized", "captured", "refunded_in_part")
        allowed &= group != "card_like" or model["payment"] in secured
        allowed &= model["payment"] not in ("lapsed", "short", "refunded")
        if not allowed:
            with pytest.raises(Refused):
                check_shippable(self.order)
            self.seen["may not be shipped"] += 1
            return
        check_shippable(self.order)
        sent = min(parcels, self.left)
        self.left -= sent
        gone = len(self.order.parcels) - self.left
        now = tuple(
            replace(parcel, ship_date=date(2026, 11, 23)) if number < gone else parcel
            for number, parcel in enumerate(self.order.parcels)
        )
        self.order = replace(self.order, parcels=now)
        self.move("ship_part" if self.left else "ship")
        if not self.left:
            model["shipping"] = "shipped"
            self.close_if_complete()
        self.seen["shipped" if not self.left else "shipped in part"] += 1

    @rule()
    def staff_want_the_money(self) -> None:
        model = self.model
        allowed = model["status"] != "cancelled" and model["deposit"] == "unpaid"
        allowed &= self.group in ("card_like", "transfer") and not model["asked"]
        allowed &= model["payment"] not in ("lapsed", "refunded")
        if not allowed:
            with pytest.raises(Refused):
                check_capturable(self.order)
            return
        check_capturable(self.order)
        self.order = replace(self.order, capture_requested_at=AT)
        model["asked"] = True

    @rule()
    def payments_will_not_capture(self) -> None:
        if self.model["deposit"] == "unpaid":
            self.order = replace(self.order, capture_requested_at=None)
            self.model["asked"] = False

    @rule(although_shipped=st.booleans(), really=st.sampled_from([False, False, False, True]))
    def staff_cancel(self, although_shipped: bool, really: bool) -> None:
        if not really:
            return
        some_gone = self.left < len(self.order.parcels)
        if self.model["status"] == "cancelled" or (some_gone and not although_shipped):
            with pytest.raises(Refused, match="already"):
                check_cancellable(self.order, although_shipped=although_shipped)
            return
        check_cancellable(self.order, although_shipped=although_shipped)
        self.cancel()

    @rule()
    def staff_close_the_order(self) -> None:
        if self.model["status"] != "in_progress":
            with pytest.raises(Refused):
                self.order.moved("process")
            return
        self.move("process")
        self.model["status"] = "processed"

    @invariant()
    def the_order_is_what_the_model_is(self) -> None:
        for axis in ("status", "deposit", "shipping", "payment"):
            assert getattr(self.order, axis) == self.model[axis]
        assert self.order.version == 1 + self.changes, "O4: versions without gaps"

    @invariant()
    def nothing_leaves_unpaid_that_must_be_paid_first(self) -> None:
        group, model = self.group, self.model
        if group in ("konbini", "transfer") and self.left < len(self.order.parcels):
            assert model["deposit"] == "paid", "KON-35"

    @invariant()
    def staff_read_what_is_true(self) -> None:
        order, model = self.order, self.model
        labels: tuple[Labels[Any], ...] = (STATUS_LABEL, DEPOSIT_LABEL, SHIPPING_LABEL, PAYMENT_LABEL)
        values = (order.status, order.deposit, order.shipping, order.payment)
        assert all(label.get(value) for label, value in zip(labels, values, strict=True))
        step = next_step(order)
        assert step.text
        if model["status"] == "cancelled":
            assert (step.step, step.kind) == (None, "note")
        elif step.kind == "done":
            assert order.status == "processed"
            assert order.is_complete or self.group == "cash_on_delivery"
        unpaid_card = model["deposit"] == "unpaid" and self.group == "card_like"
        assert order.processed_but_unpaid == (unpaid_card and model["status"] == "processed")
        assert bool(capture_warnings(order)) == (
            self.group == "card_like" and model["shipping"] == "unshipped"
        )
        open_deposit = model["deposit"] == "unpaid" and self.group != "cash_on_delivery"
        assert len(processed_warnings(order)) == open_deposit + (model["shipping"] == "unshipped")
        assert len(cancel_effects(order)) == 3


def test_an_order_is_what_its_plain_rules_say_after_any_story() -> None:
    OrderStory.seen.clear()
    run_state_machine_as_test(OrderStory, settings=stories(short=100))
    rare = {"cancelled", "shipped", "may not be shipped"}
    if LONG:
        rare |= {"closed by itself", "shipped in part", "came too early", "unpaid again"}
    assert rare <= set(OrderStory.seen)


def test_the_table_of_payments_words_is_the_one_written_out_here() -> None:
    edges = {
        (state, move): after for state, moves in NEXT["payment"].items() for move, after in moves.items()
    }
    assert edges == PAYMENT_EDGES
