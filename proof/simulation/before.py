"""The state before the first order: products, the menu of methods, and a member with points."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from sqlalchemy.engine import URL

from checkout.payment_menu.rows import keep_menu
from checkout.payment_menu.rules import Method
from members.registration.register_member import NewMember, register_member
from members.shop_rules.rows import rules_at
from payments.methods.registry import Methods
from proof.simulation.services import METADATA
from proof.simulation.store import Store, StoreDatabase, create_database
from shared.clock import now
from shared.database.transactions import Tx

SKUS: Mapping[str, tuple[int, int]] = {"yunomi": (1_800, 500), "tetsubin": (12_000, 500), "noren": (9_800, 2)}
"""Product -> (price in yen, pieces); of one there are only two."""
MEMBERS: Sequence[UUID] = [UUID(int=0xA0), UUID(int=0xB0)]


async def create_databases(server_url: str, suffix: str) -> dict[str, URL]:
    """Create the databases of all services."""
    return {
        service: await create_database(server_url, f"{service}_{suffix}", metadata)
        for service, metadata in METADATA.items()
    }


async def fill(stores: Mapping[str, Store], methods: Methods) -> None:
    """Put into the stores what every run begins with, for good."""
    await _fill(stores["checkout"], lambda tx: _shop(tx, methods))
    await _fill(stores["members"], _people)


async def _fill(store: Store, write: Callable[[Tx], Awaitable[None]]) -> None:
    await store.begin()
    async with StoreDatabase(store).transaction() as tx:
        await write(tx)
    async with StoreDatabase(store).transaction() as tx:
        # Nobody else has to hear how it came about.
        await tx.execute("DELETE FROM outbox")
    await store.keep()


async def _shop(tx: Tx, methods: Methods) -> None:
    for position, (sku, (price, pieces)) in enumerate(SKUS.items()):
        await tx.execute(
            "INSERT INTO products (sku, name, category, maker, summary, description, facts, image, unit_price,"
            " position) VALUES (:sku, :sku, '器', '窯', '', '', '[]', 'a.svg', :price, :position)",
            sku=sku,
            price=price,
            position=position,
        )
        await tx.execute("INSERT INTO stock (sku, available) VALUES (:sku, :n)", sku=sku, n=pieces)
        await tx.execute(
            "INSERT INTO stock_entries (entry_id, sku, reason, reference, available_change, reserved_change,"
            " at) VALUES (:id, :sku, 'initial', 'catalogue', :n, 0, :at)",
            id=UUID(int=position + 1),
            sku=sku,
            n=pieces,
            at=now(),
        )
    menu = [Method.model_validate(method.menu().as_json()) for method in methods.values()]
    await keep_menu(tx, menu, at=now())


async def _people(tx: Tx) -> None:
    rules = await rules_at(tx, now())
    for number, member_id in enumerate(MEMBERS):
        await register_member(
            tx,
            # Registration points of an address that nobody proved wait: nobody could set any aside.
            NewMember(member_id, f"会員 {number}", email=f"member{number}@example.jp", email_proved=True),
            rules=rules,
            via="form",
            at=now(),
        )
