"""The demo's goods, made through the doors that staff use. A sandbox adds them at start; a second run changes nothing."""

import io
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files as resources

from checkout.catalogue.keep_pictures import add_pictures, store_picture
from checkout.catalogue.listing import ListingDetails, Picture, ProductDetails, SaleTerms
from checkout.catalogue.save_listing import create_listing
from checkout.stock.book_stock import Doer, receive_goods
from checkout.tax.labels import TaxClass
from shared.clock import now
from shared.database.transactions import Database, Tx
from shared.files.accepts import Incoming
from shared.files.store import Files

BY = Doer("見本")


@dataclass(frozen=True, slots=True)
class SampleVariant:
    """One of several products of a sample; ``unit_price`` in yen with tax."""

    sku: str
    value_1: str
    unit_price: int
    stock: int


@dataclass(frozen=True, slots=True)
class SampleProduct:
    """A listing of the demo; ``unit_price`` in yen with tax, ``stock`` in pieces. ``variants`` replace both."""

    sku: str
    name: str
    category: str
    maker: str
    image: str
    summary: str
    description: str
    facts: Sequence[tuple[str, str]]
    unit_price: int = 0
    stock: int = 0
    reading: str = ""
    tax_class: TaxClass = "standard"
    axis_1: str = ""
    variants: Sequence[SampleVariant] = ()

    @property
    def products(self) -> Sequence[SampleVariant]:
        """Return the products: the variants, or the only one."""
        only = SampleVariant(self.sku, "", self.unit_price, self.stock)
        return [SampleVariant(**one) for one in self.variants] if self.variants else [only]  # type: ignore[arg-type]

    def details(self) -> ListingDetails:
        """Return what staff would type."""
        return ListingDetails(
            self.name,
            [ProductDetails(one.sku, one.unit_price, one.value_1) for one in self.products],
            reading=self.reading,
            maker=self.maker,
            summary=self.summary,
            description=self.description,
            facts=[(label, value) for label, value in self.facts],
            axis_1=self.axis_1,
            categories=[self.category],
            terms=SaleTerms(tax_class=self.tax_class),
        )


def sample_products() -> list[SampleProduct]:
    """Return the products of ``samples.toml`` in the shop's order."""
    text = resources("checkout.product_desk").joinpath("samples.toml").read_text("utf-8")
    return [SampleProduct(**one) for one in tomllib.loads(text)["products"]]


async def add_sample_catalogue(db: Database, files: Files | None) -> int:
    """Add the missing products with pictures and stock. Return the number of added listings.

    Without ``files`` they get no pictures.
    """
    added = 0
    for sample in sample_products():
        async with db.transaction() as tx:
            if await _is_there(tx, sample):
                continue
        picture = await _picture(files, sample) if files is not None else None
        async with db.transaction() as tx:
            # Several processes of a service start at once.
            await tx.execute("SELECT pg_advisory_xact_lock(7, 0)")
            if not await _is_there(tx, sample):
                await _add(tx, sample, picture)
                added += 1
    return added


async def _is_there(tx: Tx, sample: SampleProduct) -> bool:
    skus = [one.sku for one in sample.products]
    return bool(await tx.value("SELECT EXISTS (SELECT 1 FROM products WHERE sku = ANY(:skus))", skus=skus))


async def _picture(files: Files, sample: SampleProduct) -> Picture:
    content = resources("checkout.product_desk").joinpath("samples", sample.image).read_bytes()
    return await store_picture(files, Incoming(io.BytesIO(content), "image/webp", sample.image))


async def _add(tx: Tx, sample: SampleProduct, picture: Picture | None) -> None:
    at = now()
    listing_id = await create_listing(tx, sample.details(), by={}, at=at, hidden=False)
    if picture is not None:
        await add_pictures(tx, listing_id, [picture], by={})
    for one in sample.products:
        await receive_goods(
            tx,
            sku=one.sku,
            pieces=one.stock,
            cause="仕入",
            memo="見本",
            key=f"sample-{one.sku}",
            by=BY,
            at=at,
        )
