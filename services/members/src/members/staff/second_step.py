"""The second factor of staff: set, checked at a login, renewed and removed (STF-02)."""

from datetime import datetime
from uuid import UUID

from members.deeds.rows import DeedKind, Doer, Traces, note_deed
from members.sessions.pacing import SECOND_STEPS, keep_pace
from members.staff.factors import (
    Factor,
    accept_step,
    delete_factor,
    factor_of,
    make_codes,
    use_code,
)
from shared.clock import now
from shared.database.transactions import Database, Tx
from shared.errors import Refused

FIELD = "code"


class CodeWrong(Refused):
    """The code is wrong, too old, or was used before. The response does not say which."""

    def __init__(self) -> None:
        message = "コードが違います。アプリに表示されている新しいコードを入力してください。"
        super().__init__("code_wrong", message, field=FIELD, status=422)


async def confirm_factor(db: Database, code: str, *, by: Doer, member_id: UUID) -> list[str]:
    """Confirm the proposed factor with the first code of the app. Return the recovery codes.

    Raises CodeWrong and TooManyAttempts.
    """
    await _count_attempt(db, member_id)
    async with db.transaction() as tx:
        factor, at = await factor_of(tx, member_id), now()
        step = factor.accepted_step(code) if factor is not None and factor.confirmed_at is None else None
        if factor is None or step is None:
            raise CodeWrong
        await accept_step(tx, factor, step, at=at)
        await _note(tx, "second_factor_set", by, member_id, at=at)
        return await make_codes(tx, member_id, at=at)


async def check_code(db: Database, code: str, *, by: Doer, member_id: UUID) -> None:
    """Accept a code of the app, or use up a recovery code. Raises CodeWrong, which is recorded, and TooManyAttempts."""
    await _count_attempt(db, member_id)
    async with db.transaction() as tx:
        if await _accept(tx, await factor_of(tx, member_id), code, by, member_id):
            return
    async with db.transaction() as tx:
        await _note(tx, "second_step_failed", Doer(None, "", by.ip, by.device), member_id, by.name, at=now())
    raise CodeWrong


async def renew_codes(db: Database, code: str, *, by: Doer, member_id: UUID) -> list[str]:
    """Make new recovery codes with a code. The former ones end. Raises as :func:`check_code`."""
    await check_code(db, code, by=by, member_id=member_id)
    async with db.transaction() as tx:
        await _note(tx, "recovery_codes_made", by, member_id, at=now())
        return await make_codes(tx, member_id, at=now())


async def remove_own_factor(db: Database, code: str, *, by: Doer, member_id: UUID) -> None:
    """Remove the own factor with a code. Raises as :func:`check_code`."""
    await check_code(db, code, by=by, member_id=member_id)
    async with db.transaction() as tx:
        await remove_factor(tx, member_id, by=by, at=now())


async def remove_factor(tx: Tx, member_id: UUID, *, by: Doer, subject: str = "", at: datetime) -> bool:
    """Remove the factor of somebody who lost it. Returns False if there was none."""
    removed = await delete_factor(tx, member_id)
    if removed:
        await _note(tx, "second_factor_removed", by, member_id, subject, at=at)
    return removed


async def _accept(tx: Tx, factor: Factor | None, code: str, by: Doer, member_id: UUID) -> bool:
    if factor is None or factor.confirmed_at is None:
        return False
    step = factor.accepted_step(code)
    if step is not None:
        await accept_step(tx, factor, step, at=now())
        return True
    if await use_code(tx, member_id, code, at=now()):
        await _note(tx, "recovery_code_used", by, member_id, at=now())
        return True
    return False


async def _count_attempt(db: Database, member_id: UUID) -> None:
    async with db.transaction() as tx:
        await keep_pace(tx, SECOND_STEPS, str(member_id), at=now())


async def _note(
    tx: Tx, deed: DeedKind, by: Doer, member_id: UUID, subject: str = "", *, at: datetime
) -> None:
    await note_deed(tx, by, deed, subject or by.name, traces=Traces(about_id=member_id), at=at)
