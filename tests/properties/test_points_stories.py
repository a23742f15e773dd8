"""Any story of a member's points: postings against a purse of plain numbers."""

from collections import Counter
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from typing import ClassVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from members.points.rules import (
    Balance,
    Grant,
    NotEnoughPoints,
    Posting,
    activate_posting,
    expire_posting,
    grant_posting,
    points_to_expire,
    return_posting,
    revoke_posting,
    use_posting,
)
from members.shop_rules.rules import Rules
from tests.properties.profile import stories

MEMBER = UUID(int=7)
numbers = st.integers(0, 900)


@dataclass
class Purse:
    """The model: points as coins in heaps; ``net`` are valid ones less what is owed."""

    waiting: int = 0
    net: int = 0
    reserved: int = 0

    @property
    def free(self) -> int:
        """What is neither set aside nor owed."""
        return max(0, self.net - self.reserved)


class PointsStory(RuleBasedStateMachine):
    """One member, grants in any state, reservations, orders that spend and give back."""

    seen: ClassVar[Counter[str]] = Counter()

    @initialize()
    def a_member_registers(self) -> None:
        self.balance, self.purse = Balance(MEMBER), Purse()
        self.ledger: list[Posting] = []
        self.grants: list[Grant] = []
        self.spent: list[int] = []
        self.lapsed = 0

    def post(self, posting: Posting) -> None:
        """Add a line, as the tables would take it."""
        debt, brought = self.balance.debt, max(posting.active, 0)
        posting = self.balance.netted(posting)
        assert posting.repaid == min(debt, brought), "a debt is paid first"
        self.balance = self.balance.after(posting)
        self.ledger.append(posting)
        self.seen[posting.kind] += 1
        self.seen["shortage"] += posting.shortage > 0
        self.seen["repaid"] += posting.repaid > 0

    @rule(points=numbers, waits=st.booleans(), reason=st.sampled_from(["registration", "purchase"]))
    def points_are_granted(self, points: int, waits: bool, reason: str) -> None:
        grant = Grant(
            grant_id=UUID(int=len(self.grants)),
            member_id=MEMBER,
            points=points,
            reason=reason,  # type: ignore[arg-type]
            state="waiting" if waits else "active",
            order_code=f"N{len(self.grants)}",
        )
        posting = grant_posting(grant)
        assert (posting.grant_id, posting.order_code, posting.reason) == (
            grant.grant_id,
            grant.order_code,
            reason,
        )
        self.post(posting)
        self.grants.append(grant)
        if waits:
            self.purse.waiting += points
        else:
            self.purse.net += points

    @rule(pick=st.integers(0, 9))
    def waiting_points_become_valid(self, pick: int) -> None:
        waiting = [grant for grant in self.grants if grant.state == "waiting"]
        if not waiting:
            return
        grant = waiting[pick % len(waiting)]
        posting = activate_posting(grant, by="店長")
        assert (posting.by, posting.grant_id, posting.order_code) == (
            "店長",
            grant.grant_id,
            grant.order_code,
        )
        self.post(posting)
        self.grants[self.grants.index(grant)] = replace(grant, state="active")
        self.purse.waiting -= grant.points
        self.purse.net += grant.points

    @rule(pick=st.integers(0, 9), lapses=st.booleans())
    def a_grant_ends(self, pick: int, lapses: bool) -> None:
        """Its order is cancelled, or its days are over."""
        living = [grant for grant in self.grants if grant.state != "revoked"]
        if not living:
            return
        grant = living[pick % len(living)]
        if lapses and grant.state == "active":
            self.lapsed += grant.points
            consumed = -sum(one.active for one in self.ledger if one.kind in ("used", "returned", "expired"))
            consumed += sum(one.repaid for one in self.ledger if one.kind in ("granted", "activated"))
            points = points_to_expire(self.balance, lapsed=self.lapsed, consumed=consumed)
            assert points == max(0, min(self.lapsed - consumed, self.purse.free))
            posting = expire_posting(points, grant)
            assert (posting.grant_id, posting.shortage) == (grant.grant_id, 0)
            self.post(posting)
            self.purse.net -= points
            self.grants[self.grants.index(grant)] = replace(grant, state="revoked")
            return
        posting = revoke_posting(self.balance, grant)
        assert (posting.grant_id, posting.order_code) == (grant.grant_id, grant.order_code)
        assert posting.waiting + posting.active - posting.shortage == -grant.points, (
            "all of it, or written down"
        )
        self.post(posting)
        self.grants[self.grants.index(grant)] = replace(grant, state="revoked")
        if grant.state == "waiting":
            self.purse.waiting -= grant.points
            assert posting.shortage == 0
        else:
            taken = min(grant.points, self.purse.free)
            self.purse.net -= grant.points
            assert posting.shortage == grant.points - taken

    @rule(points=numbers)
    def points_are_set_aside(self, points: int) -> None:
        if points > self.purse.free:
            with pytest.raises(
                NotEnoughPoints,
                match=f"〜{self.purse.free:,}の範囲" if self.purse.free else "は0ポイントです",
            ) as refused:
                self.balance.reserve(points)
            assert refused.value.field == "points"
            self.seen["too many wanted"] += 1
            return
        self.balance = self.balance.reserve(points)
        self.purse.reserved += points

    @precondition(lambda self: self.purse.reserved)
    @rule(data=st.data())
    def points_set_aside_are_freed(self, data: st.DataObject) -> None:
        points = data.draw(st.integers(0, self.purse.reserved))
        self.balance = self.balance.release(points)
        self.purse.reserved -= points

    @rule(wanted=numbers)
    def an_order_spends_points(self, wanted: int) -> None:
        posting = use_posting(self.balance, wanted, order_code="N1")
        taken = min(wanted, self.purse.free)
        assert (posting.active, posting.shortage, posting.order_code) == (-taken, wanted - taken, "N1")
        self.post(posting)
        self.purse.net -= wanted
        self.spent.append(wanted)

    @precondition(lambda self: self.spent)
    @rule()
    def the_last_order_is_cancelled(self) -> None:
        points = self.spent.pop()
        posting = return_posting(points, order_code="N1")
        assert posting.order_code == "N1"
        self.post(posting)
        self.purse.net += points

    @rule(more=st.integers(1, 900), waiting=st.booleans())
    def a_line_that_takes_too_much_is_refused(self, more: int, waiting: bool) -> None:
        own = self.purse.waiting if waiting else self.balance.active - self.balance.reserved
        taken = -(own + more)
        line = Posting("expired", "order", waiting=taken if waiting else 0, active=0 if waiting else taken)
        before = self.balance
        with pytest.raises(NotEnoughPoints):
            self.balance.after(line)
        assert self.balance == before

    @invariant()
    def the_balance_is_the_purse_and_the_sum_of_the_ledger(self) -> None:
        balance, purse = self.balance, self.purse
        assert (balance.waiting, balance.available, balance.reserved) == (
            purse.waiting,
            purse.free,
            purse.reserved,
        )
        assert balance.active == sum(line.active for line in self.ledger), "P1"
        assert balance.debt == sum(line.shortage - line.repaid for line in self.ledger), (
            "what is owed is told"
        )
        assert balance.active - balance.debt == purse.net, "all movements make the balance less the debt"
        assert balance.waiting == sum(line.waiting for line in self.ledger), "P1"
        assert balance.entries == len(self.ledger)
        assert min(balance.waiting, balance.active, balance.available, balance.reserved, balance.debt) >= 0, (
            "P1"
        )
        assert all(line.shortage >= 0 for line in self.ledger), "PNT-20"


def test_points_add_up_after_any_story() -> None:
    PointsStory.seen.clear()
    run_state_machine_as_test(PointsStory, settings=stories(short=100))
    rare = {
        "granted",
        "activated",
        "used",
        "returned",
        "revoked",
        "expired",
        "shortage",
        "repaid",
        "too many wanted",
    }
    assert rare <= {name for name, count in PointsStory.seen.items() if count}


@stories(short=200, long=10_000)
@given(
    percent=st.decimals(0, 100, places=2),
    items=st.integers(0, 10**7),
    points=st.integers(0, 10**7),
    coupon=st.integers(0, 10**6),
    enabled=st.booleans(),
)
def test_an_order_earns_its_rate_rounded_down(
    percent: Decimal, items: int, points: int, coupon: int, enabled: bool
) -> None:
    rules = Rules(purchase_percent=percent, points_enabled=enabled)
    earned = rules.purchase_points(items=items, point_discount=points, coupon_discount=coupon)
    paid = items - points - coupon
    # Hundredths of a percent in whole numbers: another way to the same.
    expected = paid * int(percent * 100) // 10_000 if enabled and paid > 0 else 0
    assert earned == expected
    assert Decimal(earned) == (Decimal(max(paid, 0)) * percent / 100).quantize(1, ROUND_DOWN) or not enabled


@pytest.mark.parametrize(
    ("enabled", "mode", "given_", "at_once"),
    [(True, "immediate", 500, 500), (True, "manual", 500, 0), (False, "immediate", 0, 0)],
)
def test_sign_up_points_are_spent_at_once_only_where_valid_then(
    enabled: bool, mode: str, given_: int, at_once: int
) -> None:
    rules = Rules.model_validate({"points_enabled": enabled, "registration_activation": mode})
    assert (rules.registration_grant(), rules.registration_points_usable_at_once()) == (given_, at_once)


def test_goods_that_points_and_coupons_paid_for_earn_nothing() -> None:
    rules = Rules(purchase_percent=Decimal(100))
    for points, coupon in ((300, 700), (0, 1_000), (900, 700)):
        assert rules.purchase_points(items=1_000, point_discount=points, coupon_discount=coupon) == 0
    assert rules.purchase_points(items=1_000, point_discount=299, coupon_discount=700) == 1
