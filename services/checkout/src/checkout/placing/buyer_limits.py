"""The limit of a listing for one buyer (お一人様N点まで): what the buyer ordered before counts, unless it was cancelled.

A member is known by the account, and a buyer with a wallet by that of the wallet. A guest, and a member whose address is
not proved, is known by the mailbox at one client address: a stranger can type any mail address.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from uuid import UUID

from checkout.catalogue.rules import Product
from checkout.placing.order_wish import OrderWish
from checkout.placing.tables import limited_pieces
from shared.database.bulk import insert_all
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.text.mail_address import counted_mail

Counted = tuple[UUID, str]
"""A listing and a buyer."""


class BoughtBefore:
    """The pieces that the present buyers ordered before, with those of the same transaction."""

    def __init__(self, pieces: Mapping[Counted, int]) -> None:
        self._pieces = Counter(pieces)

    def check(self, wish: OrderWish, products: Mapping[str, Product]) -> None:
        """Raise Refused(buyer_limit) if the order exceeds the limit of a listing."""
        for listing_id, (product, wanted) in _limited(wish, products).items():
            before = max((self._pieces[listing_id, buyer] for buyer in known_as(wish)), default=0)
            limit = product.buyer_limit or 0
            if before + wanted > limit:
                text = f"「{product.name}」はお一人様{limit}点までの商品です（これまでのご注文を含みます）。"
                raise Refused(
                    "buyer_limit", f"{text}カートの数量を変更してください。", field="lines", status=422
                )

    def add(self, wish: OrderWish, products: Mapping[str, Product]) -> None:
        """Count an order that this transaction will store."""
        for listing_id, (_, wanted) in _limited(wish, products).items():
            for buyer in known_as(wish):
                self._pieces[listing_id, buyer] += wanted


async def read_limited(tx: Tx, wishes: Sequence[OrderWish], products: Mapping[str, Product]) -> BoughtBefore:
    """Return what these buyers ordered before of the limited listings that they want now.

    Costs nothing if no listing has a limit. Other orders of the same buyers for the same listings wait for the commit.
    """
    wanted = sorted(
        {
            (listing_id, buyer)
            for wish in wishes
            for listing_id in _limited(wish, products)
            for buyer in known_as(wish)
        }
    )
    if not wanted:
        return BoughtBefore({})
    await tx.rows(
        "SELECT pg_advisory_xact_lock(6, hashtext(key)) FROM (SELECT DISTINCT key FROM"
        " unnest(CAST(:keys AS text[])) AS k(key) ORDER BY key) AS ordered",
        keys=[f"{listing_id}{buyer}" for listing_id, buyer in wanted],
    )
    rows = await tx.rows(
        "SELECT n.listing_id, n.buyer, sum(n.pieces) AS pieces FROM limited_pieces AS n"
        " JOIN orders AS o ON o.code = n.order_code AND o.status <> 'cancelled'"
        " JOIN unnest(CAST(:listings AS uuid[]), CAST(:buyers AS text[])) AS w(listing_id, buyer)"
        " USING (listing_id, buyer) GROUP BY n.listing_id, n.buyer",
        listings=[listing_id for listing_id, _ in wanted],
        buyers=[buyer for _, buyer in wanted],
    )
    return BoughtBefore({(row.listing_id, row.buyer): row.pieces for row in rows})


async def note_limited(tx: Tx, placed: Mapping[str, OrderWish], products: Mapping[str, Product]) -> None:
    """Store by order code who ordered how many pieces of limited listings."""
    rows = [
        {"order_code": code, "listing_id": listing_id, "buyer": buyer, "pieces": pieces}
        for code, wish in placed.items()
        for listing_id, (_, pieces) in _limited(wish, products).items()
        for buyer in known_as(wish)
    ]
    if rows:
        await insert_all(tx, limited_pieces, rows)


def known_as(wish: OrderWish) -> list[str]:
    """Return by what the buyer of an order is known, as hashes."""
    return sorted(sha256(one.encode()).hexdigest() for one in _known_as(wish))


def _known_as(wish: OrderWish) -> Iterator[str]:
    if wish.member_id is not None:
        yield f"member:{wish.member_id}"
    if wish.wallet is not None:
        yield f"wallet:{wish.wallet.kind}:{wish.wallet.buyer_id}"
    if wish.counts_as_guest:
        yield f"mail:{counted_mail(wish.orderer.email)}:{wish.client_address}"


def _limited(wish: OrderWish, products: Mapping[str, Product]) -> dict[UUID, tuple[Product, int]]:
    """Return the wanted pieces of each listing with a limit, with one of its products."""
    found: dict[UUID, tuple[Product, int]] = {}
    for sku, pieces in wish.pieces.items():
        product = products.get(sku)
        if product is None or product.listing_id is None or product.buyer_limit is None:
            continue
        before = found[product.listing_id][1] if product.listing_id in found else 0
        found[product.listing_id] = (product, before + pieces)
    return found
