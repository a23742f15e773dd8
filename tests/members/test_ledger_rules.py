"""Each posting of the points ledger in full, and what the balance makes of it."""

from dataclasses import replace
from uuid import UUID

import pytest

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
from shared.errors import Refused

MEMBER, GRANT = UUID(int=7), UUID(int=8)
BALANCE = Balance(MEMBER, waiting=100, active=1_500, reserved=200, entries=3)
EARNED = Grant(GRANT, MEMBER, 100, "purchase", "waiting", order_code="N1")
VALID = replace(EARNED, state="active")


def test_a_new_balance_is_empty() -> None:
    empty = Balance(MEMBER)
    assert (empty.waiting, empty.active, empty.reserved, empty.entries, empty.available) == (0, 0, 0, 0, 0)


def test_points_are_granted_waiting_or_active() -> None:
    waiting = Posting("granted", "purchase", 100, 0, order_code="N1", grant_id=GRANT)
    assert grant_posting(EARNED) == waiting
    assert grant_posting(VALID) == replace(waiting, waiting=0, active=100)
    assert BALANCE.after(waiting) == Balance(MEMBER, waiting=200, active=1_500, reserved=200, entries=4)


def test_waiting_points_become_active_by_themselves_or_by_staff() -> None:
    posting = Posting("activated", "purchase", -100, 100, order_code="N1", grant_id=GRANT)
    assert activate_posting(EARNED) == posting
    assert activate_posting(EARNED, by="店長") == replace(posting, by="店長")
    assert BALANCE.after(posting) == Balance(MEMBER, waiting=0, active=1_600, reserved=200, entries=4)


@pytest.mark.parametrize(("wanted", "taken"), [(1, 1), (1_300, 1_300), (1_301, 1_300), (9_000, 1_300)])
def test_an_order_spends_what_is_free_and_the_rest_is_noted(wanted: int, taken: int) -> None:
    assert use_posting(BALANCE, wanted, order_code="N2") == Posting(
        "used", "order", 0, -taken, order_code="N2", shortage=wanted - taken
    )


def test_a_cancelled_order_returns_what_it_took() -> None:
    assert return_posting(30, order_code="N2") == Posting("returned", "order", 0, 30, order_code="N2")


def test_a_grant_is_revoked_where_it_stands() -> None:
    posting = Posting("revoked", "purchase", -100, 0, order_code="N1", grant_id=GRANT)
    assert revoke_posting(BALANCE, EARNED) == posting
    assert revoke_posting(BALANCE, VALID) == replace(posting, waiting=0, active=-100)
    poor = replace(BALANCE, active=240)
    assert revoke_posting(poor, VALID) == replace(posting, waiting=0, active=-40, shortage=60)


@pytest.mark.parametrize(
    ("lapsed", "consumed", "points"),
    [(500, 0, 500), (500, 499, 1), (500, 500, 0), (500, 501, 0), (9_000, 0, 1_300)],
)
def test_unspent_points_lapse_but_never_what_is_set_aside(lapsed: int, consumed: int, points: int) -> None:
    assert points_to_expire(BALANCE, lapsed=lapsed, consumed=consumed) == points


def test_expired_points_belong_to_a_grant() -> None:
    assert expire_posting(9, VALID) == Posting("expired", "purchase", 0, -9, grant_id=GRANT)


@pytest.mark.parametrize(
    ("waiting", "active", "fits"),
    [(-100, 0, True), (-101, 0, False), (0, -1_300, True), (0, -1_301, False)],
)
def test_no_line_takes_more_than_there_is(waiting: int, active: int, fits: bool) -> None:
    line = Posting("revoked", "purchase", waiting, active)
    if fits:
        assert BALANCE.after(line).entries == 4
        return
    with pytest.raises(NotEnoughPoints) as refused:
        BALANCE.after(line)
    assert isinstance(refused.value, Refused)
    assert refused.value.code == "not_enough_points"
    assert refused.value.message == "ご利用ポイントは0〜1,300の範囲で入力してください"
    assert refused.value.field == "points"


def test_points_are_set_aside_to_the_last_and_not_beyond() -> None:
    assert BALANCE.reserve(1_300) == replace(BALANCE, reserved=1_500)
    assert BALANCE.release(150) == replace(BALANCE, reserved=50)
    with pytest.raises(NotEnoughPoints, match="0〜1,300の範囲"):
        BALANCE.reserve(1_301)
