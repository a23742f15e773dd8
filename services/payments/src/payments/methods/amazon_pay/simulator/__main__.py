"""`python -m payments.methods.amazon_pay.simulator` serves; `... keys DIRECTORY` makes the demo's keys."""

import sys
from pathlib import Path

import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from payments.methods.amazon_pay.simulator.app import make_app
from payments.methods.amazon_pay.simulator.settings import AmazonSimulatorSettings


def make_keys(directory: Path) -> None:
    """Write `amazon_pay.key` and `amazon_pay.pub` (PEM) unless they exist."""
    directory.mkdir(parents=True, exist_ok=True)
    private, public = directory / "amazon_pay.key", directory / "amazon_pay.pub"
    if private.exists() and public.exists():
        return
    key = generate_private_key(public_exponent=65537, key_size=2048)
    private.touch(mode=0o600)
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def main(arguments: list[str]) -> int:
    """Serve until stopped, or make keys."""
    match arguments:
        case ["keys", directory]:
            make_keys(Path(directory))
            return 0
        case []:
            serve(AmazonSimulatorSettings())
            return 0
    sys.stderr.write(f"{__doc__}\n")
    return 2


def serve(settings: AmazonSimulatorSettings) -> None:
    """Serve on the port of the settings, with TLS by the self-signed certificate of the notices."""
    app = make_app(settings)
    certificate, key = settings.folder / "notices.pem", settings.folder / "notices.key"
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        ssl_certfile=str(certificate) if settings.tls else None,
        ssl_keyfile=str(key) if settings.tls else None,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
