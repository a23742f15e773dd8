"""Notices: their content, the SNS envelope, and its signature.

A notice names an object and never its state: the receiver has to ask. The stored parts get a new envelope for every
sending. The signature (RSA PKCS#1 v1.5) is the same each time, as with real retries.
"""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import Row
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.x509.oid import NameOID

from payments.methods.amazon_pay.signing import private_key
from payments.methods.amazon_pay.simulator.behaviours import NOTICES, take
from payments.methods.amazon_pay.simulator.settings import AmazonSimulatorSettings
from payments.methods.amazon_pay.simulator.store import Transaction, moment

CERTIFICATE_PATH = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
LATE = timedelta(seconds=60)
SIGNED = ("Message", "MessageId", "Timestamp", "TopicArn", "Type")


def say(tx: Transaction, object_type: str, object_id: str, permission_id: str, targets: set[str]) -> None:
    """Store a notice about a change, to be sent."""
    behaviour = take(tx, "notice", targets | {object_id}, NOTICES)
    due = tx.now + (LATE if behaviour == "notice_late" else timedelta(0))
    state = {"notice_never": "withheld", "notice_early": "early"}.get(behaviour or "", "waiting")
    message = {
        "MerchantID": tx.switch("merchant_id", "A1NORENDEMO"),
        "ObjectType": object_type,
        "ObjectId": object_id,
        "ChargePermissionId": permission_id,
        "NotificationType": "STATE_CHANGE",
        "NotificationId": str(uuid4()),
        "NotificationVersion": "V2",
    }
    message_id = str(uuid4())
    for _ in range(2 if behaviour == "notice_twice" else 1):
        post(tx, object_id, message_id, json.dumps(message), "good", due, state)


def post(
    tx: Transaction, object_id: str, message_id: str, message: str, flavour: str, due: datetime, state: str
) -> None:
    """Store one copy to send. `flavour` is good, forged (with another signature) or wrong_topic."""
    if tx.switch("notices", "on") != "on":
        state = "not configured"
    tx.run(
        "insert into notices (at, object_id, message_id, message, flavour, due_at, state)"
        " values (?, ?, ?, ?, ?, ?, ?)",
        moment(tx.now), object_id, message_id, message, flavour, moment(due), state,
    )  # fmt: skip


def send_again(tx: Transaction, object_id: str, flavour: str) -> bool:
    """Send the last notice about an object once more: with the same message id, or as a bad copy."""
    rows = tx.run("select * from notices where object_id = ? order by number desc limit 1", object_id)
    if rows:
        row = rows[0]
        post(tx, object_id, row["message_id"], row["message"], flavour, tx.now, "waiting")
    return bool(rows)


@dataclass(frozen=True, slots=True)
class Sealer:
    """Puts messages into signed envelopes."""

    key: RSAPrivateKey
    certificate: bytes
    settings: AmazonSimulatorSettings

    def envelope(self, notice: Row) -> dict[str, str]:
        """Return the SNS envelope of a stored notice."""
        at = datetime.fromisoformat(notice["at"])
        topic = self.settings.topic_arn
        if notice["flavour"] == "wrong_topic":
            topic += "OfSomebodyElse"
        parts = {
            "Type": "Notification",
            "MessageId": notice["message_id"],
            "TopicArn": topic,
            "Message": notice["message"],
            "Timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z",
            "SignatureVersion": self.settings.signature_version,
        }
        text = "".join(f"{name}\n{parts[name]}\n" for name in SIGNED)
        # Version 1 of the SNS signature is SHA-1 by definition. It proves only the origin of a hint.
        digest = hashes.SHA1() if self.settings.signature_version == "1" else hashes.SHA256()  # noqa: S303
        key = generate_private_key(65537, 2048) if notice["flavour"] == "forged" else self.key
        signature = key.sign(text.encode(), padding.PKCS1v15(), digest)
        return parts | {
            "Signature": base64.b64encode(signature).decode(),
            "SigningCertURL": self.settings.url + CERTIFICATE_PATH,
            "UnsubscribeURL": f"{self.settings.url}/?Action=Unsubscribe",
        }


def make_sealer(settings: AmazonSimulatorSettings) -> Sealer:
    """Return the sealer with the key in the simulator's directory. The first start makes the key."""
    key_file, certificate_file = settings.folder / "notices.key", settings.folder / "notices.pem"
    if not certificate_file.exists():
        make_certificate(key_file, certificate_file)
    key = private_key(key_file.read_bytes())
    return Sealer(key, certificate_file.read_bytes(), settings)


def make_certificate(key_file: Path, certificate_file: Path) -> None:
    """Make the key that signs notices, and its self-signed certificate (PEM)."""
    key_file.parent.mkdir(parents=True, exist_ok=True)
    key = generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in ("localhost", "pay-api.amazon.jp")]
    start = datetime(2020, 1, 1, tzinfo=UTC)  # demo clocks move; the certificate must not run out on them
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365 * 30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    key_file.chmod(0o600)
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
