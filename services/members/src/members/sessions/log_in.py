"""The shop's own login, by address and password."""

from members.accounts.hasher import PasswordHasher
from members.sessions.check_password import check_password
from members.sessions.enter import Browser, NewLogin, enter
from members.settings import Settings
from shared.clock import now
from shared.database.transactions import Database


async def log_in(
    db: Database, hasher: PasswordHasher, settings: Settings, browser: Browser, *, email: str, password: str
) -> NewLogin:
    """Check the password and open a session without rights at the desk. Raises Refused and TooManyAttempts."""
    member = await check_password(
        db, hasher, email=email, password=password, ip=browser.ip, device=browser.device
    )
    async with db.transaction() as tx:
        return await enter(tx, settings, browser, member, way="password", at=now())
