"""Counts look-ups of orders by guests before they are answered, so that nobody can guess a code and its contact."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from shared.database.transactions import Tx
from shared.errors import Refused
from shared.ids import new_id

PER_CODE_AND_CLIENT_MAX = 10
# High, because a stranger who uses it up also locks out the buyer. It is still too low to guess a contact.
PER_CODE_MAX = 100
PER_CLIENT_MAX = 30
WINDOW = timedelta(minutes=10)
_KEEP = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _LookUps:
    """The look-ups within the window: of this code, of it from this client, and of all codes from this client."""

    of_code: int
    of_both: int
    of_client: int


async def count_look_up(tx: Tx, *, code: str, client_address: str, at: datetime) -> None:
    """Count a look-up of ``code`` from ``client_address``.

    Raises Refused(too_many_look_ups) above one of three limits within ten minutes:

    - ten look-ups of a code from one client address
    - a hundred look-ups of a code from all clients
    - thirty look-ups of any codes, known or unknown, from one client address
    """
    code_sha256 = sha256(code.encode()).hexdigest()
    # Look-ups of the same code or from the same address wait here for each other.
    await tx.execute("SELECT pg_advisory_xact_lock(3, hashtext(:name))", name=code_sha256)
    await tx.execute("SELECT pg_advisory_xact_lock(4, hashtext(:name))", name=client_address)
    counted = await tx.read_one(
        _LookUps,
        "SELECT (SELECT count(*) FROM order_look_ups WHERE code_sha256 = :code AND at > :since) AS of_code,"
        " (SELECT count(*) FROM order_look_ups WHERE code_sha256 = :code AND client_address = :client"
        " AND at > :since) AS of_both,"
        " (SELECT count(*) FROM order_look_ups WHERE client_address = :client AND at > :since) AS of_client",
        code=code_sha256,
        client=client_address,
        since=at - WINDOW,
    )
    assert counted is not None
    limits = (
        (counted.of_both, PER_CODE_AND_CLIENT_MAX),
        (counted.of_code, PER_CODE_MAX),
        (counted.of_client, PER_CLIENT_MAX),
    )
    if any(tries >= most for tries, most in limits):
        raise Refused(
            "too_many_look_ups",
            "ご注文の確認が続いたため、しばらくの間受け付けられません。10分ほど待ってからお試しください。",
            status=429,
        )
    await tx.execute("DELETE FROM order_look_ups WHERE at < :before", before=at - _KEEP)
    await tx.execute(
        "INSERT INTO order_look_ups (look_up_id, code_sha256, client_address, at)"
        " VALUES (:id, :code, :client, :at)",
        id=new_id(),
        code=code_sha256,
        client=client_address,
        at=at,
    )
