"""The check of a password, with a limit of attempts."""

from members.accounts.hasher import PasswordHasher
from members.accounts.rows import Member, email_key, member_by_email, renew_hash
from members.sessions.attempts import begin_attempt, forget_attempts
from shared.clock import now
from shared.database.transactions import Database
from shared.errors import Refused


class WrongCredentials(Refused):
    """The address is unknown, the password is wrong, or there is none. The response does not say which."""

    def __init__(self) -> None:
        super().__init__(
            "wrong_credentials",
            "メールアドレスまたはパスワードが違います。入力内容をご確認ください。",
            status=422,
        )


async def check_password(
    db: Database, hasher: PasswordHasher, *, email: str, password: str, ip: str, device: str
) -> Member:
    """Return the member with this address and password.

    Takes the same steps and the same time for every address. Raises WrongCredentials. Raises TooManyAttempts before the
    password is checked. No transaction is open while the hash is computed.
    """
    async with db.transaction() as tx:
        attempt_id = await begin_attempt(tx, key=email_key(email), ip=ip, device=device, at=now())
        member = await member_by_email(tx, email)
    right = await hasher.verify(member.password_hash if member else None, password)
    if member is None or member.password_hash is None or not right:
        raise WrongCredentials
    async with db.transaction() as tx:
        await forget_attempts(tx, attempt_id)
    if hasher.outdated(member.password_hash):
        renewed = await hasher.hash(password)
        async with db.transaction() as tx:
            await renew_hash(tx, member.member_id, member.password_hash, renewed)
    return member
