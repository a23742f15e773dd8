"""Counts new carts of guests by client address: a client without cookies gets a new cart with each request."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.database.transactions import Tx
from shared.errors import Refused
from shared.ids import new_id

WINDOW = timedelta(minutes=10)
TOO_MANY = (
    "短い時間に新しいカートが続けて作られたため、しばらくの間受け付けられません。"
    "10分ほど待ってからお試しください。会員の方は、ログインするとカートをご利用いただけます。"
)


@dataclass(frozen=True, slots=True)
class CartPace:
    """At most ``most`` new carts of guests from one client address in ten minutes; 0 is no limit."""

    most: int


async def count_new_cart(tx: Tx, pace: CartPace, *, client_address: str, at: datetime) -> None:
    """Count a new cart of a guest. Raises Refused(too_many_carts) if it exceeds the pace."""
    if not pace.most:
        return
    # New carts from one address wait for each other here.
    await tx.execute("SELECT pg_advisory_xact_lock(5, hashtext(:name))", name=client_address)
    opened = await tx.value(
        "SELECT count(*) FROM new_carts WHERE client_address = :client AND at > :since",
        client=client_address,
        since=at - WINDOW,
    )
    if int(opened) >= pace.most:
        raise Refused("too_many_carts", TOO_MANY, status=429)
    await tx.execute("DELETE FROM new_carts WHERE at <= :before", before=at - WINDOW)
    await tx.execute(
        "INSERT INTO new_carts (new_cart_id, client_address, at) VALUES (:id, :client, :at)",
        id=new_id(),
        client=client_address,
        at=at,
    )
