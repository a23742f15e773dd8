"""Buyers and staff of a run: a few orders, each with a story drawn from the seed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from checkout.orders.cancel_order import cancel_order
from checkout.orders.request_capture import request_capture
from checkout.placing.claims import ReservedBenefit, Wallet
from checkout.placing.order_wish import OrderWish
from checkout.placing.placements import Placement
from checkout.placing.till import Busy, Till
from checkout.shipping.ship_order import ShipWish, ship_order
from members.benefits.reserve_benefit import reserve_benefit
from payments.main import make_pages
from payments.methods.konbini.chains import CHAINS
from payments.orders.counter import PaymentCounter
from payments.payment.rules.payment import Payment
from payments.shop.rules import CaptureSettings
from proof.simulation.before import MEMBERS, SKUS
from proof.simulation.nodes import NoAnswer, Node
from proof.simulation.post import post_notice
from proof.simulation.troubles import troubles
from proof.simulation.world import World
from shared import clock
from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import Address, Orderer
from shared.ids import new_id
from shared.shop.settings.change_settings import change

HOME = {
    "postal_code": "1500001",
    "prefecture": "東京都",
    "address1": "渋谷区神宮前1-2-3",
    "phone": "09012345678",
}
TRIES_MAX = 9
PRESENT_SECONDS = 30.0


async def play(world: World) -> None:
    """Let everybody act, and troubles happen beside, until the stories are over or the time is."""
    chance = world.chance
    if chance.happens(0.25):
        await _staff(world, "payments", _capture_by_staff)
    stories = [Story(world, number) for number in range(1, chance.number(1, 3) + 1)]
    acting = [asyncio.ensure_future(story.run()) for story in stories]
    acting.append(asyncio.ensure_future(troubles(world)))
    await asyncio.wait(acting, timeout=PRESENT_SECONDS * 3)
    for task in acting:
        task.cancel()
    await asyncio.gather(*acting, return_exceptions=True)
    for task in acting:
        if not task.cancelled() and (error := task.exception()):
            raise error


async def _capture_by_staff(tx: Tx) -> None:
    await change(tx, CaptureSettings(capture_policy="by_staff"), by="staff", at=now())


async def _staff(world: World, service: str, act: Callable[[Tx], Awaitable[None]]) -> bool:
    """Let a person do something in one transaction; return whether it was done and answered."""
    node = world.node(service)

    async def do() -> None:
        async with node.db.transaction() as tx:
            await act(tx)

    try:
        await node.ask(do)
    except (NoAnswer, ConnectionError):
        return False
    return True


@lru_cache(maxsize=1)
def _pages() -> Any:
    return make_pages()


class Story:
    """One order and who has to do with it."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.chance = world.chance
        self.number = number
        self.kind = self.chance.one_of(world.parts.kinds)
        self.email = f"buyer{number}@example.jp"
        self.posts: list[asyncio.Future[None]] = []

    async def run(self) -> None:
        """Buy, pay, and be served."""
        await asyncio.sleep(self.chance.seconds(0, 4))
        placement = await self.place(await self.wish())
        if placement is None:
            return
        self.code = placement.order_code
        self.world.orders.append(self.code)
        self.chance.sometimes(f"order paid by {self.kind}")
        await asyncio.gather(self.pay(), self.serve())

    async def wish(self) -> OrderWish:
        """Fill the cart and the form."""
        chance = self.chance
        sku = chance.one_of(list(SKUS))
        name = f"試験 {self.number}"
        orderer = Orderer(name=name, **HOME, email=self.email)
        choice = {"chain": chance.one_of(list(CHAINS))} if self.kind == "konbini" else {}
        member_id = chance.one_of(MEMBERS) if chance.happens(0.5) else None
        wallet = None
        if self.kind == "amazon_pay":
            self.session = self.world.providers.amazon.open_session()
            wallet = Wallet(
                kind=self.kind, checkout_session_id=self.session.session_id, buyer_id=f"buyer{self.number}"
            )
        return OrderWish(
            key=new_id().hex,
            lines=((sku, chance.number(1, 2) if sku != "noren" else 1),),
            orderer=orderer,
            address=Address(name=name, **HOME),
            payment_kind=self.kind,
            payment_choice=choice,
            member_id=member_id,
            benefit=await self.points(member_id) if member_id and chance.happens(0.6) else None,
            wallet=wallet,
            registers=member_id is None and chance.happens(0.3),
        )

    async def points(self, member_id: UUID) -> ReservedBenefit | None:
        """Set points aside, if there are enough."""
        node, points = self.world.node("members"), self.chance.number(1, 400)

        async def reserve() -> ReservedBenefit:
            async with node.db.transaction() as tx:
                held = await reserve_benefit(tx, member_id=member_id, points=points, at=now())
            return ReservedBenefit.model_validate(held.claims())

        try:
            reserved = await node.ask(reserve)
        except (NoAnswer, Refused, ConnectionError):
            return None
        self.chance.sometimes("points set aside")
        return reserved

    async def place(self, wish: OrderWish) -> Placement | None:
        """Press the button until an answer comes, always with the same key; sometimes twice at once."""
        if self.chance.happens(0.2, "button pressed twice at once"):
            found = await asyncio.gather(self._press(wish), self._press(wish))
            return found[0] or found[1]
        return await self._press(wish)

    async def _press(self, wish: OrderWish) -> Placement | None:
        wanted = {"lines": [{"sku": sku, "quantity": n} for sku, n in wish.lines]}
        for _ in range(TRIES_MAX):
            node = self.world.node("checkout")
            try:
                placed = await node.ask(partial(self._place_at, node, wish))
            except (NoAnswer, Busy):
                self.world.journal.silent(wish.key, wanted, "no answer")
                await asyncio.sleep(self.chance.seconds(0.2, 3))
                continue
            except Refused as refused:
                self.world.journal.answered(wish.key, wanted, refused.status, {"code": refused.code})
                self.chance.sometimes(f"order refused: {refused.code}")
                return None
            if placed.repeated:
                self.chance.sometimes("order found again by its key")
            answer = {"order_code": placed.order_code, "total": placed.total}
            self.world.journal.answered(wish.key, wanted, 201, answer)
            return placed
        return None

    async def _place_at(self, node: Node, wish: OrderWish) -> Placement:
        return await self.world.parts.place(node.resources[Till], wish)

    async def payment(self) -> Payment | None:
        """Look at the page of the payment."""
        found: Payment | None = await self._at_payments(lambda counter: counter.find(self.code))
        return found

    async def _at_payments(self, look: Callable[[PaymentCounter], Awaitable[Any]]) -> Any:
        node, gateway = self.world.node("payments"), self.world.gateway

        async def do() -> Any:
            return await look(PaymentCounter(gateway.shop, _pages(), node.db, gateway.methods))

        try:
            return await node.ask(do)
        except (NoAnswer, ConnectionError):
            return None

    async def pay(self) -> None:
        """Do what the method wants of the buyer."""
        if self.kind == "amazon_pay":
            await self._agree_at_amazon()
        elif self.kind == "konbini":
            await self._pay_at_konbini()

    async def _agree_at_amazon(self) -> None:
        for _ in range(TRIES_MAX):
            await asyncio.sleep(self.chance.seconds(0.3, 2))
            payment = await self.payment()
            if payment is None or payment.state != "waiting_for_buyer":
                continue
            if self.chance.happens(0.08, "buyer backed out at Amazon"):
                self.session.back_out()
            else:
                self.session.approved = True
            await self._at_payments(lambda counter: counter.hasten(self.code))
            if self.session.charge_id:
                break
        if self.session.charge_id:
            for _ in range(self.chance.number(0, 3)):
                await asyncio.sleep(self.chance.seconds(0, 10))
                notice = {"notice_id": new_id().hex, "reference": f"P-{self.session.charge_id}"}
                await post_notice(self.world, "amazon_pay", notice)
            if self.chance.happens(0.1):
                await self._charged_by_software(self.session.charge_id)

    async def _charged_by_software(self, charge_id: str) -> None:
        """Order-management software takes the money beside the shop, on what the buyer agreed to."""
        await asyncio.sleep(self.chance.seconds(0, 10))
        if (notice := self.world.providers.amazon.charge_beside(charge_id)) is not None:
            self.chance.sometimes("charged by order-management software")
            await post_notice(self.world, "amazon_pay", notice, until_heard=True)

    async def _pay_at_konbini(self) -> None:
        number = None
        for _ in range(TRIES_MAX):
            await asyncio.sleep(self.chance.seconds(0.3, 2))
            payment = await self.payment()
            if payment is not None and payment.state == "waiting":
                number = self.world.providers.konbini.by_reference(payment.payment_id.hex)
                break
        if number is None:
            return
        plan = self.chance.one_of(("in time", "in time", "in time", "twice", "short", "at the end", "never"))
        if plan in ("at the end", "never"):
            # The deadline and its grace: six days and a half (KON-16, KON-18).
            clock.clock.move(timedelta(days=6, hours=12, seconds=-self.chance.number(-5, 15)))
            self.chance.sometimes("konbini deadline reached")
            await asyncio.sleep(self.chance.seconds(0, 12))
        if plan == "never":
            return
        amounts = {"twice": [number.amount] * 2, "short": [number.amount - 500, 500]}
        for amount in amounts.get(plan, [number.amount]):
            await asyncio.sleep(self.chance.seconds(0, 4))
            if number.closed_at is not None:
                self.chance.sometimes("till refused a closed number")
                return
            notice = self.world.providers.konbini.pay(number, amount)
            self.chance.sometimes(f"paid at a till: {plan}")
            self.posts.append(asyncio.ensure_future(post_notice(self.world, "konbini", notice, plan=plan)))
        await asyncio.gather(*self.posts)

    async def serve(self) -> None:
        """Staff ship, note deposits, and sometimes cancel, at the wrong moment too."""
        plan = self.chance.one_of(self.world.parts.plans)
        if plan == "cancel at any moment":
            await asyncio.gather(self._cancel(), self._ship())
            return
        await self._ship()
        if plan == "cancel when all is done":
            await self._cancel()

    async def _ship(self) -> None:
        for _ in range(TRIES_MAX):
            await asyncio.sleep(self.chance.seconds(0.3, 3))
            if self.kind == "bank_transfer" and self.chance.happens(0.5):
                await self._desk(self._deposit)
            if await self._desk(self._ship_now):
                if self.kind == "amazon_pay" and self.chance.happens(0.4):
                    await self._desk(self._deposit)
                return

    async def _ship_now(self, tx: Tx) -> None:
        wish = ShipWish(source="admin_single", by="staff", at=now(), send_mail=True)
        await ship_order(tx, order_code=self.code, sent=None, wish=wish)

    async def _deposit(self, tx: Tx) -> None:
        await request_capture(tx, order_code=self.code, by="staff", at=now(), send_mail=True)

    async def _cancel(self) -> None:
        await asyncio.sleep(self.chance.seconds(0, 22))
        for _ in range(3):
            if await self._desk(self._cancel_now):
                self.chance.sometimes("order cancelled by staff")
                return
            await asyncio.sleep(self.chance.seconds(0.3, 3))

    async def _cancel_now(self, tx: Tx) -> None:
        await cancel_order(tx, order_code=self.code, note="", by="staff", at=now(), although_shipped=True)

    async def _desk(self, act: Callable[[Tx], Awaitable[None]]) -> bool:
        try:
            return await _staff(self.world, "checkout", act)
        except Refused:
            return False
