"""The state table: whatever is asked of an order, it only ever goes where NEXT leads."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.domain.order import AXIS_OF, NEXT, Order, Parcel, check_capturable, check_shippable
from checkout.domain.steps import STEPS, WORKFLOW, next_step
from shared.errors import Refused

GROUPS = ("card_like", "konbini", "transfer", "cash_on_delivery")


def order(group: str = "card_like", **changes: object) -> Order:
    values = {
        "code": "X1",
        "version": 1,
        "status": "in_progress",
        "deposit": "unpaid",
        "shipping": "unshipped",
        "payment": "awaited",
        "payment_group": group,
        "total": 3_500,
        "points_used": 0,
        "placed_at": datetime(2026, 11, 22, tzinfo=UTC),
        "parcels": (Parcel(UUID(int=1), "試験 花子"),),
        **changes,
    }
    return Order(**values)  # type: ignore[arg-type]


moves = st.lists(st.sampled_from(sorted(AXIS_OF)), max_size=30)


@given(group=st.sampled_from(GROUPS), asked=moves)
def test_every_walk_keeps_to_the_edges_and_counts_versions_without_gaps(group: str, asked: list[str]) -> None:
    now, cancelled_as = order(group), None
    for move in asked:
        axis = AXIS_OF[move]  # type: ignore[index]
        before = now
        try:
            now = now.moved(move)  # type: ignore[arg-type]
        except Refused:
            assert not before.may(move)  # type: ignore[arg-type]
            continue
        assert now.version == before.version + 1
        assert getattr(now, axis) == NEXT[axis][getattr(before, axis)][move]  # type: ignore[index]
        untouched = {"status", "deposit", "shipping", "payment"} - {axis}
        assert all(getattr(now, other) == getattr(before, other) for other in untouched)
        if cancelled_as is not None:
            assert (now.status, now.deposit, now.shipping) == cancelled_as
        if now.status == "cancelled":
            cancelled_as = (now.status, now.deposit, now.shipping)


def test_every_edge_leads_to_a_state_of_its_axis() -> None:
    for states in NEXT.values():
        for edges in states.values():
            assert set(edges.values()) <= set(states)


@given(asked=moves)
def test_a_prepaid_order_never_becomes_shippable_unpaid(asked: list[str]) -> None:
    now = order("konbini")
    for move in asked:
        if now.may(move) and move not in ("ship", "ship_part"):  # type: ignore[arg-type]
            now = now.moved(move)  # type: ignore[arg-type]
        if now.deposit == "unpaid":
            with pytest.raises(Refused):
                check_shippable(now)


@pytest.mark.parametrize(
    ("group", "first"), [("card_like", "A"), ("konbini", "C"), ("transfer", "F"), ("cash_on_delivery", "E")]
)
def test_the_next_step_of_a_new_order_depends_on_how_it_is_paid(group: str, first: str) -> None:
    step = next_step(order(group)).step
    assert step is not None
    assert step.code == first


def test_a_wallet_order_is_captured_after_shipping_and_a_prepaid_one_before() -> None:
    authorized = order("card_like", payment="authorized")
    assert next_step(authorized).step == STEPS["E"]
    assert next_step(authorized.moved("ship")).step == STEPS["F"]
    paid = order("transfer").moved("capture").moved("deposit")
    assert next_step(paid).step == STEPS["E"]


def test_the_workflow_knows_twelve_steps_in_three_groups() -> None:
    assert set(STEPS) == set("ABCDEFGHabcd")
    assert {step.group for step in STEPS.values()} == {"common", "deposit", "shipping"}
    assert set().union(*WORKFLOW.values()) == set(STEPS)


@pytest.mark.parametrize("group", ["konbini", "cash_on_delivery"])
def test_a_deposit_that_staff_may_not_set_is_refused(group: str) -> None:
    with pytest.raises(Refused) as refused:
        check_capturable(order(group))
    assert refused.value.code == "deposit_not_by_staff"
