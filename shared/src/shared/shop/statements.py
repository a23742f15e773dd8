"""Signed statements: facts that one service signs and another verifies without a call.

A statement is a JWS (RFC 7515) with Ed25519 (``alg`` EdDSA, RFC 8037). It is short-lived, and one service issues it for
one purpose. Others verify it offline with the public keys of ``TRUSTED_KEYS_FILE``.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from shared.clock import now
from shared.ids import new_id

Purpose = Literal[
    "session",
    "benefit",
    "wallet",
    "order",
    "password_reset",
    "email_verification",
    "staff_invitation",
    "desk_login",
]
OWNER: Mapping[Purpose, str] = {
    "session": "members",
    "benefit": "members",
    "wallet": "payments",
    "order": "checkout",
    "password_reset": "notifications",
    "email_verification": "notifications",
    "staff_invitation": "notifications",
    # The password was right: the second step of a login at the desk may follow.
    "desk_login": "members",
}
COOKIE: Mapping[Purpose, str] = {
    "session": "noren_session",
    "benefit": "noren_benefit",
    "wallet": "noren_wallet",
    "order": "noren_order",
    "password_reset": "noren_password_reset",
    "email_verification": "noren_email_verification",
    "staff_invitation": "noren_staff_invitation",
    "desk_login": "noren_desk_login",
}


STATEMENTS_KNOWN_MAX = 2048


class StatementInvalid(Exception):
    """The statement is forged, expired, for another purpose, or not signed by its owner."""


class Issuer:
    """Signs statements in the name of ``service`` with its private key."""

    def __init__(self, service: str, key: Ed25519PrivateKey) -> None:
        self.service = service
        self._key = key

    @classmethod
    def from_file(cls, service: str, file: Path) -> "Issuer":
        """Read the private key (PEM). Raises TypeError if the file holds another kind of key."""
        key = load_pem_private_key(file.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(f"{file} is not an Ed25519 private key")
        return cls(service, key)

    def issue(self, purpose: Purpose, claims: Mapping[str, Any], *, valid_for: timedelta) -> str:
        """Return a statement that is valid from now for ``valid_for``."""
        if OWNER[purpose] != self.service:
            raise ValueError(f"{self.service} may not issue {purpose} statements")
        at = now()
        # An own id makes the texts of all statements different, also of those issued in the same second.
        own = {"iss": self.service, "aud": purpose, "jti": str(new_id()), "iat": at, "exp": at + valid_for}
        body = {**claims, **own}
        return jwt.encode(body, self._key, algorithm="EdDSA", headers={"kid": self.service})

    def public_jwk(self) -> dict[str, Any]:
        """Return the public key as a JWK (RFC 7517), for the key set that this service publishes."""
        jwk = jwt.algorithms.OKPAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {**jwk, "kid": self.service, "use": "sig", "alg": "EdDSA"}


class Verifier:
    """Checks statements against the public keys of all services, without any call."""

    def __init__(self, keys: Mapping[str, Any]) -> None:
        self._keys = {key.key_id: key for key in map(jwt.PyJWK.from_dict, keys["keys"])}
        # A browser sends the same statement with every request, so the result of the signature check is cached.
        self._signed = lru_cache(maxsize=STATEMENTS_KNOWN_MAX)(self._check)

    @classmethod
    def from_file(cls, file: Path) -> "Verifier":
        """Read the trusted key set (JWKS)."""
        return cls(orjson.loads(file.read_bytes()))

    def verify(self, purpose: Purpose, statement: str) -> dict[str, Any]:
        """Return the claims of a valid statement. Raises StatementInvalid for any other."""
        claims = self._signed(purpose, statement)
        # Expiry is checked on our own clock, which tests and the demo may have moved.
        if claims["exp"] <= now().timestamp():
            raise StatementInvalid("expired")
        return dict(claims)

    def _check(self, purpose: Purpose, statement: str) -> dict[str, Any]:
        try:
            kid = jwt.get_unverified_header(statement).get("kid")
            if kid != OWNER[purpose] or kid not in self._keys:
                raise StatementInvalid(f"{purpose} statement is not signed by {OWNER[purpose]}")
            claims: dict[str, Any] = jwt.decode(
                statement,
                self._keys[kid],
                algorithms=["EdDSA"],
                audience=purpose,
                issuer=OWNER[purpose],
                options={"verify_exp": False, "verify_iat": False, "require": ["exp", "iat"]},
            )
        except jwt.PyJWTError as error:
            raise StatementInvalid(str(error)) from error
        return claims
