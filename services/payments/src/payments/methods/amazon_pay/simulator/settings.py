"""What the simulator is told at start: environment variables with the prefix AMAZON_PAY_SIMULATOR_."""

from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pydantic_settings import BaseSettings, SettingsConfigDict

from payments.methods.amazon_pay.signing import public_key


class SimulatorSettings(BaseSettings):
    """One merchant, one key, one place for notices."""

    model_config = SettingsConfigDict(
        env_prefix="AMAZON_PAY_SIMULATOR_", extra="ignore", frozen=True, env_ignore_empty=True
    )

    host: str = "127.0.0.1"
    port: int = 8201
    tls: bool = False
    """Serve https with the self-signed certificate in `directory`; some SDKs know nothing else."""
    directory: Path = Path(".amazon_pay_simulator")
    """Holds the ledger (SQLite) and the certificate of the notices; survives restarts."""
    origin_url: str = "http://127.0.0.1:8201"
    """How browsers and the shop reach it; part of the addresses it hands out."""
    public_key_file: Path
    """The merchant's public key (PEM)."""
    public_key_id: str = "SANDBOX-NORENDEMONORENDEMO000001"
    merchant_id: str = "A1NORENDEMO"
    notice_url: str | None = None
    """Where notices go. None: the shop has not configured the notification function (AP-40)."""
    topic_arn: str = "arn:aws:sns:ap-northeast-1:000000000000:NorenDemo"
    signature_version: str = "1"
    notice_retry_seconds: float = 20
    pending_seconds: float = 30
    """Until a pending authorization or a slow capture is decided."""
    refund_seconds: float = 3
    hang_seconds: float = 40
    clock_skew_max_seconds: float = 900

    @cached_property
    def merchant_key(self) -> RSAPublicKey:
        """The key with which requests and button payloads are verified."""
        return public_key(self.public_key_file.read_bytes())
