"""Limits how often a person or an address may do something. Each action is counted before it runs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from members.sessions.attempts import TooManyAttempts, Tries, hashed
from shared.database.transactions import Tx
from shared.ids import new_id

_KEEP = timedelta(days=1)


@dataclass(frozen=True)
class Pace:
    """At most ``most`` actions of one kind and key within ``window``. ``message`` is the refusal."""

    kind: str
    most: int
    window: timedelta
    message: str


_MAILS = "メールの送信が続いたため、しばらくの間受け付けられません。30分ほど待ってからお試しください。"
SIGN_UPS = Pace(
    "sign_up",
    30,
    timedelta(hours=1),
    "短い時間に会員登録が続いたため、受け付けられません。1時間ほど待ってからお試しください。",
)
# Counted per mailbox: a +tag does not make another mailbox.
RESETS_OF_ADDRESS = Pace("reset_of_address", 3, timedelta(minutes=30), _MAILS)
RESETS_FROM_CLIENT = Pace("reset_from_client", 10, timedelta(minutes=30), _MAILS)
VERIFICATIONS = Pace("verification", 3, timedelta(minutes=30), _MAILS)
# This limits only the log entries, not the attempts.
REFUSALS_NOTED = Pace("refusal_noted", 1, timedelta(minutes=10), "")
SECOND_STEPS = Pace(
    "second_step",
    5,
    timedelta(minutes=10),
    "コードの入力が続いたため、受け付けられません。10分ほど待ってからお試しください。",
)
NEW_PASSWORDS = Pace(
    "new_password",
    5,
    timedelta(hours=1),
    "パスワードの変更が続いたため、受け付けられません。1時間ほど待ってからお試しください。",
)


async def keep_pace(tx: Tx, pace: Pace, key: str, *, at: datetime) -> None:
    """Count one action. Raises TooManyAttempts if it exceeds the limit."""
    key_hash = hashed(key)
    await tx.execute("SELECT pg_advisory_xact_lock(3, hashtext(:name))", name=f"{pace.kind}:{key_hash}")
    done = await tx.read_one(
        Tries,
        "SELECT count(*) AS tries, min(done_at) AS first_at FROM paced_deeds"
        " WHERE kind = :kind AND key_hash = :key_hash AND done_at > :since",
        kind=pace.kind,
        key_hash=key_hash,
        since=at - pace.window,
    )
    if done is not None and done.first_at is not None and done.tries >= pace.most:
        seconds = int((done.first_at + pace.window - at).total_seconds()) + 1
        raise TooManyAttempts(max(1, seconds), pace.message)
    await tx.execute("DELETE FROM paced_deeds WHERE done_at < :before", before=at - _KEEP)
    await tx.execute(
        "INSERT INTO paced_deeds (deed_id, kind, key_hash, done_at) VALUES (:deed_id, :kind, :key_hash, :at)",
        deed_id=new_id(),
        kind=pace.kind,
        key_hash=key_hash,
        at=at,
    )
