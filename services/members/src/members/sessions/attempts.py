"""Counts attempts to log in before the password is checked, so that a burst cannot exceed the limit."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from members.sessions.rows import device_is_known
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.ids import new_id

PER_ACCOUNT_MAX = 10
PER_ADDRESS_MAX = 50
WINDOW = timedelta(minutes=10)
_KEEP = timedelta(days=1)


_FAILED_LOGINS = (
    "ログインの失敗が続いたため、しばらくの間受け付けられません。10分ほど待ってからお試しください。"
)


class TooManyAttempts(Refused):
    """A limit is reached. ``retry_after_seconds`` is the time until the next attempt counts."""

    def __init__(self, retry_after_seconds: int, message: str = _FAILED_LOGINS) -> None:
        super().__init__("too_many_attempts", message, status=429)
        self.retry_after_seconds = retry_after_seconds


def hashed(text: str) -> str:
    """Return the stored form of typed addresses and device tokens."""
    return sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Tries:
    """The number of recent attempts, and the time of the first of them."""

    tries: int
    first_at: datetime | None


async def begin_attempt(tx: Tx, *, key: str, ip: str, device: str, at: datetime) -> UUID:
    """Count an attempt on the account ``key`` from ``ip``. It counts as failed until it is forgotten.

    The limit is ten failures per account and fifty per IP address within ten minutes (raises TooManyAttempts). A
    browser that the owner has used before has only its own count. A stranger who guesses in another browser or behind
    the same address therefore cannot lock out the owner.
    """
    account_hash = hashed(key)
    device_hash = hashed(device) if device else ""
    if device_hash and not await device_is_known(tx, device_hash, key):
        device_hash = ""
    # Attempts on the same account or from the same address wait here for each other.
    await tx.execute("SELECT pg_advisory_xact_lock(1, hashtext(:name))", name=account_hash + device_hash)
    await tx.execute("SELECT pg_advisory_xact_lock(2, hashtext(:name))", name=ip)
    since = at - WINDOW
    on_account = await tx.read_one(
        Tries,
        "SELECT count(*) AS tries, min(attempted_at) AS first_at FROM login_attempts WHERE attempted_at > :since"
        " AND account_hash = :account_hash AND device_hash = :device_hash",
        since=since,
        account_hash=account_hash,
        device_hash=device_hash,
    )
    from_address = await tx.read_one(
        Tries,
        "SELECT count(*) AS tries, min(attempted_at) AS first_at FROM login_attempts"
        " WHERE attempted_at > :since AND ip = :ip",
        since=since,
        ip=ip,
    )
    limits = [(on_account, PER_ACCOUNT_MAX)]
    if not device_hash:
        limits.append((from_address, PER_ADDRESS_MAX))
    for counted, most in limits:
        if counted is not None and counted.first_at is not None and counted.tries >= most:
            raise TooManyAttempts(max(1, int((counted.first_at + WINDOW - at).total_seconds()) + 1))
    attempt_id = new_id()
    await tx.execute("DELETE FROM login_attempts WHERE attempted_at < :before", before=at - _KEEP)
    await tx.execute(
        "INSERT INTO login_attempts (attempt_id, account_hash, device_hash, ip, attempted_at)"
        " VALUES (:attempt_id, :account_hash, :device_hash, :ip, :at)",
        attempt_id=attempt_id,
        account_hash=account_hash,
        device_hash=device_hash,
        ip=ip,
        at=at,
    )
    return attempt_id


async def forget_attempts(tx: Tx, attempt_id: UUID) -> None:
    """Delete the failures on the same account from the same kind of browser, after a success."""
    await tx.execute(
        "DELETE FROM login_attempts USING login_attempts mine WHERE mine.attempt_id = :attempt_id"
        " AND login_attempts.account_hash = mine.account_hash"
        " AND login_attempts.device_hash = mine.device_hash",
        attempt_id=attempt_id,
    )
