"""Instant payment notifications: whether one is really from Amazon, and which object it is about.

A notice is a hint. It names an object and never its state. Its consumer asks Amazon first. The checks, in this order:
form, topic, address of the certificate (before any fetch), certificate, signature. A `SubscribeURL` is never fetched.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Literal

import httpx
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import NameOID
from pydantic import BaseModel, ConfigDict, Field, Json, ValidationError
from pydantic.alias_generators import to_pascal

from payments.methods.amazon_pay.labels import KIND_LABEL
from payments.methods.amazon_pay.settings import AmazonPaySettings
from payments.methods.method import NoticeRefused
from shared import clock

CERTIFICATE_NAME = r"/SimpleNotificationService-[0-9a-f]{4,64}\.pem"
SNS_TOPIC = re.compile(r"arn:aws(?:-cn)?:sns:(?P<region>[a-z]{2}(?:-[a-z]{2,12}){1,3}-\d{1,2}):.+")
CERTIFICATE_BYTES_MAX = 20_000
FAILURE_KEPT = timedelta(minutes=1)
FAILURES_MAX = 20
"""So many ids of failed certificates are tried within :data:`FAILURE_KEPT`. Then only known certificates are used."""
SIGNER_NAME = "sns.amazonaws.com"
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")]


class Envelope(BaseModel):
    """The SNS envelope. Fields that a kind does not have are None."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: Literal["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"] = Field(alias="Type")
    message_id: str = Field(alias="MessageId", min_length=1)
    topic_arn: str = Field(alias="TopicArn", max_length=300)
    message: str = Field(alias="Message", max_length=100_000)
    timestamp: str = Field(alias="Timestamp", max_length=40)
    signature_version: Literal["1", "2"] = Field(alias="SignatureVersion")
    signature: str = Field(alias="Signature", max_length=2000)
    signing_cert_url: str = Field(alias="SigningCertURL", max_length=500)
    subject: str | None = Field(None, alias="Subject")
    subscribe_url: str | None = Field(None, alias="SubscribeURL")
    token: str | None = Field(None, alias="Token")

    def signed_text(self) -> bytes:
        """Return the text that the signature covers: names and values in alphabetical order of the names."""
        pairs = [
            ("Message", self.message),
            ("MessageId", self.message_id),
            ("Subject", self.subject if self.kind == "Notification" else None),
            ("SubscribeURL", self.subscribe_url if self.kind != "Notification" else None),
            ("Timestamp", self.timestamp),
            ("Token", self.token if self.kind != "Notification" else None),
            ("TopicArn", self.topic_arn),
            ("Type", self.kind),
        ]
        return "".join(f"{name}\n{value}\n" for name, value in pairs if value is not None).encode()


class Hint(BaseModel):
    """The object of a notification. The names start with capitals in production.

    Ids that Amazon cannot have given (of 60,000 characters, with control characters) make it unreadable.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_pascal)

    object_type: Annotated[str, Field(pattern=r"^[A-Za-z_ -]{1,60}$")]
    object_id: Id
    charge_permission_id: Id | None = None

    @property
    def summary(self) -> str:
        """Return the object in words for the desk."""
        return f"{KIND_LABEL.of(self.object_type)} {self.object_id}"

    @property
    def is_known(self) -> bool:
        """Return whether the kind of object is known."""
        return self.object_type in KIND_LABEL


@dataclass(frozen=True, slots=True)
class NoticeReader:
    """Proves envelopes, or refuses them.

    Certificates are fetched once and kept. A failed fetch is kept for a while, too.
    """

    settings: AmazonPaySettings
    http: httpx.AsyncClient
    certificates: dict[str, x509.Certificate] = field(default_factory=dict)
    failures: dict[str, tuple[datetime, NoticeRefused]] = field(default_factory=dict)

    async def read(self, body: bytes) -> tuple[Envelope, Hint | None]:
        """Return the envelope, and for a notification its object. Raises `NoticeRefused`."""
        try:
            envelope = Envelope.model_validate_json(body)
        except ValidationError as error:
            raise NoticeRefused("unreadable") from error
        if envelope.topic_arn not in self.settings.topic_arns:
            raise NoticeRefused("unknown_topic", status=403)
        form = self._certificate_form(envelope.topic_arn)
        if form is None or not form.fullmatch(envelope.signing_cert_url):
            raise NoticeRefused("certificate_url")
        certificate = await self._certificate(envelope.signing_cert_url)
        if not _is_signed(envelope, certificate):
            raise NoticeRefused("signature")
        if envelope.kind != "Notification":
            return envelope, None
        try:
            return envelope, _Inner.model_validate({"message": envelope.message}).message
        except ValidationError as error:
            raise NoticeRefused("unreadable_message", genuine=True) from error

    def _certificate_form(self, topic_arn: str) -> re.Pattern[str] | None:
        """Return the form of a certificate's address: at SNS in the region of the topic.

        None if the topic is not one of SNS.
        """
        if self.settings.simulated:
            return re.compile(re.escape(self.settings.url) + CERTIFICATE_NAME)
        topic = SNS_TOPIC.fullmatch(topic_arn)
        if topic is None:
            return None
        region = topic["region"]
        host = f"https://sns.{region}.amazonaws.com" + (".cn" if region.startswith("cn-") else "")
        return re.compile(re.escape(host) + CERTIFICATE_NAME)

    async def _certificate(self, url: str) -> x509.Certificate:
        known = self.certificates.get(url)
        if known is None:
            known = await self._fetch_unless_in_vain(url)
        at = clock.now()
        if not known.not_valid_before_utc <= at <= known.not_valid_after_utc:
            raise NoticeRefused("certificate_expired")
        self.certificates[url] = known
        return known

    async def _fetch_unless_in_vain(self, url: str) -> x509.Certificate:
        at = clock.now()
        for name, (failed_at, _) in tuple(self.failures.items()):
            if failed_at + FAILURE_KEPT <= at:
                self.failures.pop(name, None)
        if url in self.failures:
            before = self.failures[url][1]
            raise NoticeRefused(before.code, status=before.status)
        if len(self.failures) >= FAILURES_MAX:
            raise NoticeRefused("certificate_unreachable", status=503)
        try:
            return await self._fetch(url)
        except NoticeRefused as refusal:
            self.failures[url] = at, refusal
            raise

    async def _fetch(self, url: str) -> x509.Certificate:
        """Fetch a certificate. TLS proves the host; the name in the certificate must be that of SNS."""
        try:
            response = await self.http.get(url, follow_redirects=False, timeout=5)
        except httpx.TransportError as error:
            raise NoticeRefused("certificate_unreachable", status=503) from error
        if response.status_code != 200 or len(response.content) > CERTIFICATE_BYTES_MAX:
            raise NoticeRefused("certificate_unreachable", status=503)
        try:
            certificate = x509.load_pem_x509_certificate(response.content)
        except ValueError as error:
            raise NoticeRefused("certificate_unreadable") from error
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        if [name.value for name in names] != [SIGNER_NAME]:
            raise NoticeRefused("certificate_of_somebody_else")
        return certificate


class _Inner(BaseModel):
    message: Json[Hint]


def _is_signed(envelope: Envelope, certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        return False
    # Version 1 is SHA-1 by SNS's definition. Amazon Pay still sends it.
    digest = hashes.SHA1() if envelope.signature_version == "1" else hashes.SHA256()  # noqa: S303
    try:
        signature = base64.b64decode(envelope.signature, validate=True)
        key.verify(signature, envelope.signed_text(), padding.PKCS1v15(), digest)
    except (InvalidSignature, binascii.Error):
        return False
    return True
