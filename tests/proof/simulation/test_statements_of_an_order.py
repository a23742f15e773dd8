"""What one order costs in SQL, from the button to money, parcel, points and mails, may not grow unseen.

The four services run in the simulated world in a calm hour, so the counts are those of the code and no time is in
them. `ACCEPT_STATEMENTS=1` in the environment writes the present counts into statements.toml.
"""

import asyncio
import os
import tomllib
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from checkout.placing.claims import ReservedBenefit, Wallet
from checkout.placing.order_wish import OrderWish
from checkout.shipping.ship_order import ShipWish, ship_order
from members.benefits.reserve_benefit import reserve_benefit
from members.points.rows import grant_waiting_for_proof, lock_known_balance, record_posting, set_grant_active
from members.points.rules import activate_posting
from members.registration.register_member import NewMember, register_member
from members.shop_rules.rows import rules_at
from proof.simulation.campaign import Campaign
from proof.simulation.parts import Parts
from proof.simulation.people import HOME, Story
from proof.simulation.world import World
from shared.clock import now
from shared.events import Address, Orderer
from shared.ids import new_id

pytestmark = pytest.mark.database

FILE = Path(__file__).with_name("statements.toml")
HEAD = "# Statements and written rows of one order, by service: alone, and as one of twenty. See the test beside.\n"
MANY = 20
POINTS = 10

DONE: Mapping[str, tuple[str, Mapping[tuple[str, ...], int]]] = {
    "checkout": ("SELECT payment, shipping FROM orders", {("captured", "shipped"): 1}),
    "members": ("SELECT state FROM point_grants WHERE order_code IS NOT NULL", {("active",): 1}),
    "notifications": ("SELECT state FROM mails WHERE order_code IS NOT NULL", {("sent",): 2}),
}

Counts = dict[str, dict[str, float]]


def _member(number: int) -> UUID:
    return UUID(int=0xD00 + number)


class Walk(Story):
    """An order of a member by Amazon Pay with points, on the straight way."""

    def __init__(self, world: World, number: int) -> None:
        super().__init__(world, number)
        self.kind = "amazon_pay"

    async def wish(self) -> OrderWish:
        """Fill the cart and the form."""
        self.session = self.world.providers.amazon.open_session()
        session_id = self.session.session_id
        return OrderWish(
            key=new_id().hex,
            lines=(("yunomi", 1),),
            orderer=Orderer(name="試験", **HOME, email=self.email),
            address=Address(name="試験", **HOME),
            payment_kind=self.kind,
            payment_choice={},
            member_id=_member(self.number),
            benefit=await self._benefit(),
            wallet=Wallet(kind=self.kind, checkout_session_id=session_id, buyer_id=f"buyer{self.number}"),
        )

    async def _benefit(self) -> ReservedBenefit:
        async with self.world.node("members").db.transaction() as tx:
            held = await reserve_benefit(tx, member_id=_member(self.number), points=POINTS, at=now())
        return ReservedBenefit.model_validate(held.claims())

    async def bought(self, wish: OrderWish) -> None:
        """Press the button."""
        placement = await self.place(wish)
        assert placement is not None
        self.code = placement.order_code
        self.world.orders.append(self.code)

    async def agreed(self) -> None:
        """Agree on Amazon's page and come back."""
        self.session.approved = True
        await self._at_payments(lambda counter: counter.hasten(self.code))

    async def shipped(self) -> None:
        """Let staff send the parcel."""
        wish = ShipWish(source="admin_single", by="staff", at=now(), send_mail=True)
        async with self.world.node("checkout").db.transaction() as tx:
            await ship_order(tx, order_code=self.code, sent=None, wish=wish)


async def _walk(orders: int, counts: Counts, world: World) -> None:
    """Let ``orders`` go all the way at once, and count."""
    for number in range(orders):
        await _member_has_points(world, number)
    await world.rest()
    before = await _counted(world)
    walks = [Walk(world, number) for number in range(orders)]
    wishes = [await walk.wish() for walk in walks]
    await asyncio.gather(*(walk.bought(wish) for walk, wish in zip(walks, wishes, strict=True)))
    await world.rest()
    await asyncio.gather(*(walk.agreed() for walk in walks))
    await world.rest()
    await asyncio.gather(*(walk.shipped() for walk in walks))
    await world.rest()
    await _all_is_done(world, orders)
    after = await _counted(world)
    for service in world.stores:
        counts[service] = {
            what: round((after[service][what] - before[service][what]) / orders, 2) for what in after[service]
        }


async def _member_has_points(world: World, number: int) -> None:
    async with world.node("members").db.transaction() as tx:
        member = NewMember(_member(number), f"会員 {number}", email=f"walker{number}@example.jp")
        await register_member(tx, member, rules=await rules_at(tx, now()), via="form", at=now())
        grant = await grant_waiting_for_proof(tx, member.member_id)
        assert grant is not None
        # The member stays unproved, so that no order of the walk makes a link.
        balance = await lock_known_balance(tx, member.member_id)
        await record_posting(tx, balance, activate_posting(grant), at=now())
        await set_grant_active(tx, grant, at=now())


async def _counted(world: World) -> Counts:
    async with world.loop.world_stopped():
        return {
            service: {"statements": store.statements, "rows": await store.written()}
            for service, store in world.stores.items()
        }


async def _all_is_done(world: World, orders: int) -> None:
    async with world.loop.world_stopped():
        for service, (question, answer) in DONE.items():
            assert Counter(map(tuple, await world.stores[service].rows(question))) == {
                row: orders * times for row, times in answer.items()
            }


def _count(campaign: Campaign, orders: int) -> Counts:
    """Run a calm world of so many orders."""
    counts: Counts = {}
    outcome = campaign.run(1, Parts(calm=True), play=partial(_walk, orders, counts))
    assert not outcome.broken
    return counts


def _table(counts: Mapping[str, Counts]) -> str:
    """Return the counts as TOML."""
    lines = [HEAD]
    for way, services in counts.items():
        lines += [f"[{way}]"]
        lines += [
            f"{service} = {{ " + ", ".join(f"{what} = {count:g}" for what, count in found.items()) + " }"
            for service, found in services.items()
        ]
        lines += [""]
    return "\n".join(lines)


def _moved(known: Mapping[str, Counts], found: Mapping[str, Counts]) -> list[str]:
    """Tell which counts are not what they were, and what to do about each."""
    return [
        f"{way}: {service} {'needs' if count > was else 'needs only'} {count:g} {what}, {was:g} before: "
        + ("mend it, or accept it if it is worth that" if count > was else "lower the number")
        for way, services in found.items()
        for service, counts in services.items()
        for what, count in counts.items()
        if count != (was := known[way][service][what])
    ]


def test_an_order_costs_the_statements_and_rows_it_did(campaign: Campaign) -> None:
    found = {"alone": _count(campaign, 1), "one_of_twenty": _count(campaign, MANY)}
    if os.environ.get("ACCEPT_STATEMENTS"):
        FILE.write_text(_table(found), encoding="utf-8")
    moved = _moved(tomllib.loads(FILE.read_text(encoding="utf-8")), found)
    assert not moved, "\n".join(
        [*moved, "Accept the present counts: ACCEPT_STATEMENTS=1 in the environment."]
    )


def test_a_count_that_grew_and_one_that_shrank_are_told() -> None:
    known = {"alone": {"checkout": {"statements": 37, "rows": 45.0}}}
    found = {"alone": {"checkout": {"statements": 38, "rows": 44.0}}}
    assert _moved(known, known) == []
    assert _moved(known, found) == [
        "alone: checkout needs 38 statements, 37 before: mend it, or accept it if it is worth that",
        "alone: checkout needs only 44 rows, 45 before: lower the number",
    ]
