"""Stored second factors and recovery codes of staff, and the codes that a factor accepts."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import pyotp

from shared.database.transactions import Tx

STEP_SECONDS = 30
CODES = 10


@dataclass(frozen=True, slots=True)
class Factor:
    """The second factor of a member of staff. It counts from ``confirmed_at`` on."""

    member_id: UUID
    secret: str
    confirmed_at: datetime | None
    step: int

    def accepted_step(self, code: str) -> int | None:
        """Return the step of time whose code this is: the present one or a neighbour, and newer than the last one.

        Apps use real time, not the shop's clock.
        """
        present = int(datetime.now(UTC).timestamp()) // STEP_SECONDS
        app = pyotp.TOTP(self.secret, interval=STEP_SECONDS)
        for step in (present - 1, present, present + 1):
            if step > self.step and hmac.compare_digest(app.generate_otp(step).encode(), code.encode()):
                return step
        return None

    def address(self, *, name: str, shop: str) -> str:
        """Return the address that an app reads from a picture (otpauth)."""
        return pyotp.TOTP(self.secret, interval=STEP_SECONDS).provisioning_uri(name=name, issuer_name=shop)


_COLUMNS = "member_id, secret, confirmed_at, step"


async def factor_of(tx: Tx, member_id: UUID) -> Factor | None:
    """Lock and return the second factor of a member of staff, confirmed or only proposed."""
    return await tx.read_one(
        Factor,
        f"SELECT {_COLUMNS} FROM staff_second_factors WHERE member_id = :member_id FOR UPDATE",  # noqa: S608
        member_id=member_id,
    )


async def has_factor(tx: Tx, member_id: UUID) -> bool:
    """Return whether a login of this person needs a second step."""
    found = await tx.value(
        "SELECT 1 FROM staff_second_factors WHERE member_id = :member_id AND confirmed_at IS NOT NULL",
        member_id=member_id,
    )
    return found is not None


async def propose_factor(tx: Tx, member_id: UUID, *, anew: bool, at: datetime) -> Factor:
    """Return the confirmed second factor, or one that waits for its first code.

    ``anew`` replaces the secret of a waiting one: whoever saw it at an earlier set-up does not have the later factor.
    """
    await tx.execute(
        "INSERT INTO staff_second_factors AS f (member_id, secret, proposed_at) VALUES (:member_id, :secret, :at)"
        " ON CONFLICT (member_id) DO UPDATE SET secret = excluded.secret, proposed_at = excluded.proposed_at"
        " WHERE f.confirmed_at IS NULL AND :anew",
        member_id=member_id,
        secret=pyotp.random_base32(),
        at=at,
        anew=anew,
    )
    factor = await factor_of(tx, member_id)
    if factor is None:
        raise LookupError(member_id)
    return factor


async def accept_step(tx: Tx, factor: Factor, step: int, *, at: datetime) -> None:
    """Store that the code of ``step`` was accepted. The first one confirms the factor."""
    await tx.execute(
        "UPDATE staff_second_factors SET step = :step, confirmed_at = coalesce(confirmed_at, :at)"
        " WHERE member_id = :member_id",
        step=step,
        at=at,
        member_id=factor.member_id,
    )


async def delete_factor(tx: Tx, member_id: UUID) -> bool:
    """Delete the second factor with its recovery codes. Returns False if none was confirmed."""
    await tx.execute("DELETE FROM staff_recovery_codes WHERE member_id = :member_id", member_id=member_id)
    rows = await tx.rows(
        "DELETE FROM staff_second_factors WHERE member_id = :member_id RETURNING confirmed_at",
        member_id=member_id,
    )
    return any(row.confirmed_at is not None for row in rows)


async def make_codes(tx: Tx, member_id: UUID, *, at: datetime) -> list[str]:
    """Store new recovery codes in place of the former ones, as hashes. Return them: nobody can read them again."""
    await tx.execute("DELETE FROM staff_recovery_codes WHERE member_id = :member_id", member_id=member_id)
    codes = [f"{secrets.token_hex(4)}-{secrets.token_hex(4)}" for _ in range(CODES)]
    for code in codes:
        await tx.execute(
            "INSERT INTO staff_recovery_codes (code_hash, member_id, made_at) VALUES (:hash, :member_id, :at)",
            hash=_hashed(member_id, code),
            member_id=member_id,
            at=at,
        )
    return codes


async def use_code(tx: Tx, member_id: UUID, code: str, *, at: datetime) -> bool:
    """Use up a recovery code. Returns False for a code that is wrong or was used."""
    used = await tx.execute(
        "UPDATE staff_recovery_codes SET used_at = :at WHERE code_hash = :hash AND used_at IS NULL",
        at=at,
        hash=_hashed(member_id, code),
    )
    return used == 1


async def codes_left(tx: Tx, member_id: UUID) -> int:
    """Return the number of recovery codes that were not used."""
    return int(
        await tx.value(
            "SELECT count(*) FROM staff_recovery_codes WHERE member_id = :member_id AND used_at IS NULL",
            member_id=member_id,
        )
    )


def _hashed(member_id: UUID, code: str) -> str:
    """Return the stored form of a recovery code, which is too random to be guessed from its hash."""
    return sha256(f"{member_id}:{code}".encode()).hexdigest()
