"""The demo's catalogue. A sandbox adds it at start; a second run changes nothing."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import orjson

from checkout.tax.labels import TaxClass
from shared.clock import now
from shared.database.transactions import Tx
from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class SampleProduct:
    """A product of the demo; ``unit_price`` in yen with tax, ``stock`` in pieces."""

    sku: str
    name: str
    category: str
    maker: str
    image: str
    unit_price: int
    stock: int
    summary: str
    description: str
    facts: Sequence[tuple[str, str]]
    tax_class: TaxClass = "standard"


def sample_products() -> list[SampleProduct]:
    """Return the products of ``samples.toml`` in the shop's order."""
    text = files("checkout.catalogue").joinpath("samples.toml").read_text("utf-8")
    return [SampleProduct(**one) for one in tomllib.loads(text)["products"]]


async def add_sample_catalogue(tx: Tx) -> int:
    """Add the missing products with their initial stock. Return the number of added products."""
    added = 0
    for position, product in enumerate(sample_products()):
        new = await tx.row(
            "INSERT INTO products (sku, name, category, maker, summary, description, facts, image, unit_price,"
            " position, tax_class) VALUES (:sku, :name, :category, :maker, :summary, :description,"
            " CAST(:facts AS jsonb), :image, :unit_price, :position, :tax_class) ON CONFLICT DO NOTHING RETURNING sku",
            sku=product.sku,
            name=product.name,
            category=product.category,
            maker=product.maker,
            summary=product.summary,
            description=product.description,
            facts=orjson.dumps(product.facts).decode(),
            image=product.image,
            unit_price=product.unit_price,
            position=position,
            tax_class=product.tax_class,
        )
        if new is not None:
            await _initial_stock(tx, product.sku, product.stock)
            added += 1
    return added


async def _initial_stock(tx: Tx, sku: str, quantity: int) -> None:
    await tx.execute(
        "INSERT INTO stock (sku, available) VALUES (:sku, :quantity)", sku=sku, quantity=quantity
    )
    await tx.execute(
        "INSERT INTO stock_entries (entry_id, sku, reason, reference, available_change, reserved_change, at)"
        " VALUES (:id, :sku, 'initial', 'catalogue', :quantity, 0, :at)",
        id=new_id(),
        sku=sku,
        quantity=quantity,
        at=now(),
    )
