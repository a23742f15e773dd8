"""Make the keys an installation needs, once: never overwrites one that is there.

    python keys.py FOLDER SERVICE...

Writes for each service `<service>/signing.pem` (Ed25519, its private key), for all of them `trusted.json`
(JWKS of the public keys, `kid` = service), and `amazon_pay/merchant.pem` with `amazon_pay/merchant.pub.pem`
(RSA 2048: the merchant signs requests with the one, the sandbox simulator checks them with the other).
"""

import base64
import json
import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def make_keys(folder: Path, services: list[str]) -> None:
    """Create every missing key under the folder; the key set is rewritten from the keys that are there."""
    key_set = [_public_jwk(service, _signing_key(folder / service / "signing.pem")) for service in services]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trusted.json").write_text(json.dumps({"keys": key_set}, indent=1) + "\n")
    _merchant_key(folder / "amazon_pay")


def _signing_key(file: Path) -> Ed25519PrivateKey:
    if file.exists():
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise SystemExit(f"{file} is not an Ed25519 key")
        return key
    key = Ed25519PrivateKey.generate()
    _write_private_key(file, key)
    return key


def _public_jwk(service: str, key: Ed25519PrivateKey) -> dict[str, str]:
    public = key.public_key().public_bytes_raw()
    encoded = base64.urlsafe_b64encode(public).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": service, "x": encoded}


def _merchant_key(folder: Path) -> None:
    if (folder / "merchant.pem").exists():
        return
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    _write_private_key(folder / "merchant.pem", key)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (folder / "merchant.pub.pem").write_bytes(public)


def _write_private_key(file: Path, key: Ed25519PrivateKey | rsa.RSAPrivateKey) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(pem)


if __name__ == "__main__":
    make_keys(Path(sys.argv[1]), sys.argv[2:])
