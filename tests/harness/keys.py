"""Keys for signed statements, made afresh for a test session."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.shop.statements import Issuer, Verifier


class Keys:
    """One issuer per service and a verifier that trusts them all."""

    def __init__(self) -> None:
        names = ("checkout", "payments", "members", "notifications")
        self.issuers = {name: Issuer(name, Ed25519PrivateKey.generate()) for name in names}
        self.jwks = {"keys": [issuer.public_jwk() for issuer in self.issuers.values()]}
        self.verifier = Verifier(self.jwks)
