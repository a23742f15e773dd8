"""Every process dies at every named point while orders come in: nothing is lost, nothing is doubled.

In each round all four services die once, each at another point (K1 to K15). The points
of the core (relay and consumers) are gone through in several services.
"""

import pytest

from proof.load import Load
from proof.observers import Outside
from shared.crash import POINTS
from tests.journeys.dying import crash_under_load, nothing_lost_nothing_doubled
from tests.journeys.stack import Stack

ROUNDS = [
    {"checkout": "K1:3", "payments": "K10:3", "members": "K3:2", "notifications": "K13:3"},
    {"checkout": "K2:3", "payments": "K11:3", "members": "K4:2", "notifications": "K7:4"},
    {"checkout": "K3:3", "payments": "K12:3", "members": "K8:3", "notifications": "K9:4"},
    {"checkout": "K6:3", "payments": "K14:2", "members": "K9:3", "notifications": "K5:2"},
    {"checkout": "K8:4", "payments": "K15:2", "members": "K7:3", "notifications": "K4:3"},
]
ORDERS = 16


def test_every_crash_point_is_in_a_round() -> None:
    assert {point.partition(":")[0] for one in ROUNDS for point in one.values()} == set(POINTS)


@pytest.mark.broker
@pytest.mark.disruptive
@pytest.mark.feature("OPS-07")
@pytest.mark.parametrize("points", ROUNDS, ids=lambda points: "-".join(points.values()).replace(":", "x"))
async def test_a_crash_loses_and_doubles_nothing(
    stack: Stack, outside: Outside, load: Load, points: dict[str, str]
) -> None:
    run = await crash_under_load(stack, load, points, orders=ORDERS)

    assert all(run.died.values()), f"not all died where they should: {run.died}"
    assert len(run.orders) == ORDERS
    await nothing_lost_nothing_doubled(outside, mails=False)
