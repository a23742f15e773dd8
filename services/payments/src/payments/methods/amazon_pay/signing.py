"""Signatures of the Amazon Pay API v2: every request and every button payload carries one.

A signature is RSASSA-PSS (SHA-256, MGF1 with SHA-256) over `<algorithm>\\n<hex digest>`. Two algorithms
differ only in the length of the salt, and each verifies only with its own. PSS is randomised: never
compare signatures.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key


class Algorithm(StrEnum):
    """Amazon's names of the two signature algorithms."""

    PSS = "AMZN-PAY-RSASSA-PSS"
    PSS_V2 = "AMZN-PAY-RSASSA-PSS-V2"


SALT_BYTES = {Algorithm.PSS: 20, Algorithm.PSS_V2: 32}


class UnreadableAuthorization(ValueError):
    """The header does not have the form `<algorithm> PublicKeyId=…, SignedHeaders=…, Signature=…`."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """The parts of an Authorization header, each exactly as received."""

    algorithm: Algorithm
    public_key_id: str
    signed_headers: str
    signature: str

    @classmethod
    def read(cls, value: str) -> Authorization:
        """Return the parts of the header. Raises `UnreadableAuthorization` if a part is missing or unknown."""
        name, _, rest = value.strip().partition(" ")
        parts: dict[str, str] = {}
        for part in rest.split(","):
            key, separator, text = part.strip().partition("=")
            if not separator:
                raise UnreadableAuthorization(part)
            parts[key.lower()] = text
        try:
            return cls(Algorithm(name), parts["publickeyid"], parts["signedheaders"], parts["signature"])
        except (ValueError, KeyError) as missing:
            raise UnreadableAuthorization(str(missing)) from missing

    def __str__(self) -> str:
        return (
            f"{self.algorithm} PublicKeyId={self.public_key_id}, "
            f"SignedHeaders={self.signed_headers}, Signature={self.signature}"
        )


def canonical_request(
    *, method: str, path: str, query: str, headers: Mapping[str, str], signed_headers: str, body: bytes
) -> str:
    """Return the text whose digest is signed.

    `path` and `query` are as on the wire. `headers` has lower-case names. `signed_headers` is used unchanged: SDKs
    keep the caller's upper and lower case in it, and some leave headers out. A header that was signed but did not
    arrive counts as empty, so that the signature fails and not the verifier.
    """
    lines = [method.upper(), path, query]
    lines += [f"{name.lower()}:{headers.get(name.lower(), '')}" for name in signed_headers.split(";")]
    lines += ["", signed_headers, hashlib.sha256(body).hexdigest()]
    return "\n".join(lines)


def string_to_sign(algorithm: Algorithm, text: str) -> str:
    r"""Return `<algorithm>\n<hex SHA-256 of the text>` for a canonical request or a payload."""
    return f"{algorithm}\n{hashlib.sha256(text.encode()).hexdigest()}"


def sign(key: RSAPrivateKey, algorithm: Algorithm, text: str) -> str:
    """Return the base64 signature of `text`."""
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=SALT_BYTES[algorithm])
    signature = key.sign(string_to_sign(algorithm, text).encode(), pss, hashes.SHA256())
    return base64.b64encode(signature).decode()


def verify(key: RSAPublicKey, algorithm: Algorithm, text: str, signature: str) -> bool:
    """Return whether `signature` (base64) is over `text`, with this key and exactly this algorithm's salt length."""
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=SALT_BYTES[algorithm])
    try:
        raw = base64.b64decode(signature, validate=True)
        key.verify(raw, string_to_sign(algorithm, text).encode(), pss, hashes.SHA256())
    except (InvalidSignature, binascii.Error):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs as one merchant with one key pair."""

    key: RSAPrivateKey
    public_key_id: str
    region: str = "jp"
    algorithm: Algorithm = Algorithm.PSS_V2

    def headers(
        self,
        *,
        method: str,
        host: str,
        path: str,
        query: str,
        body: bytes,
        at: datetime,
        extra: Mapping[str, str],
    ) -> dict[str, str]:
        """Return all headers that a request must carry, including Authorization.

        `at` is the moment of signing (UTC). `extra` are further headers to sign, such as the idempotency key.
        """
        headers = {name.lower(): value for name, value in extra.items()}
        headers |= {
            "accept": "application/json",
            "content-type": "application/json",
            "x-amz-pay-date": at.strftime("%Y%m%dT%H%M%SZ"),
            "x-amz-pay-host": host,
            "x-amz-pay-region": self.region,
        }
        signed_headers = ";".join(sorted(headers))
        text = canonical_request(
            method=method, path=path, query=query, headers=headers, signed_headers=signed_headers, body=body
        )
        signature = sign(self.key, self.algorithm, text)
        authorization = Authorization(self.algorithm, self.public_key_id, signed_headers, signature)
        return headers | {"authorization": str(authorization)}

    def payload_signature(self, payload: str) -> str:
        """Return the signature of a button payload. The browser must get exactly the same bytes."""
        return sign(self.key, self.algorithm, payload)


def private_key(pem: bytes) -> RSAPrivateKey:
    """Return an RSA private key from PEM (`PRIVATE KEY` or `RSA PRIVATE KEY`). Raises `ValueError` for any other text."""
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("Amazon Pay wants an RSA key")  # noqa: TRY004 - a wrong file, not a wrong type in code
    return key


def public_key(pem: bytes) -> RSAPublicKey:
    """Return an RSA public key from PEM. Raises `ValueError` for any other text."""
    key = load_pem_public_key(pem)
    if not isinstance(key, RSAPublicKey):
        raise ValueError("Amazon Pay wants an RSA key")  # noqa: TRY004 - a wrong file, not a wrong type in code
    return key
