"""Request and button signatures agree with the worked example and with each other."""

import hashlib
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from payments.methods.amazon_pay.signing import (
    Algorithm,
    Authorization,
    Signer,
    UnreadableAuthorization,
    canonical_request,
    sign,
    string_to_sign,
    verify,
)

BODY = (
    b'{"chargePermissionId":"S03-1234567-7654321","chargeAmount":{"amount":"1980","currencyCode":"JPY"},'
    b'"captureNow":false}'
)
HEADERS = {
    "accept": "application/json",
    "content-type": "application/json",
    "x-amz-pay-date": "20260401T030000Z",
    "x-amz-pay-host": "pay-api.amazon.jp",
    "x-amz-pay-idempotency-key": "0f8fad5bd9cb469fa16570867728950e",
    "x-amz-pay-region": "jp",
}


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def test_the_canonical_request_is_that_of_the_worked_example() -> None:
    text = canonical_request(
        method="post",
        path="/v2/charges",
        query="",
        headers=HEADERS,
        signed_headers=";".join(HEADERS),
        body=BODY,
    )

    digest = "f9a41ef5b0e254e17e21bfccf77f163272e796dc63f7b099320d4d0c5f915b2b"
    assert hashlib.sha256(text.encode()).hexdigest() == digest
    assert string_to_sign(Algorithm.PSS, text) == f"AMZN-PAY-RSASSA-PSS\n{digest}"


def test_the_case_of_signed_headers_is_kept_in_the_list_only() -> None:
    text = canonical_request(
        method="GET",
        path="/v2/charges/S03/",
        query="",
        headers={"accept": "a", "x-amz-pay-date": "d"},
        signed_headers="Accept;X-Amz-Pay-Date",
        body=b"",
    )

    assert "\naccept:a\nx-amz-pay-date:d\n\nAccept;X-Amz-Pay-Date\n" in text


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_signature_verifies_only_with_its_own_salt_length(key: RSAPrivateKey, algorithm: Algorithm) -> None:
    (other,) = set(Algorithm) - {algorithm}
    signature = sign(key, algorithm, "text")

    assert verify(key.public_key(), algorithm, "text", signature)
    assert not verify(key.public_key(), other, "text", signature)
    assert not verify(key.public_key(), algorithm, "texts", signature)
    assert not verify(key.public_key(), algorithm, "text", "no base64!")


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_signed_headers_verify_on_the_other_side(key: RSAPrivateKey, algorithm: Algorithm) -> None:
    signer = Signer(key, "SANDBOX-ABC", algorithm=algorithm)
    headers = signer.headers(
        method="POST",
        host="pay-api.amazon.jp",
        path="/v2/charges",
        query="a=b",
        body=BODY,
        at=datetime(2026, 4, 1, 3, tzinfo=UTC),
        extra={"X-Amz-Pay-Idempotency-Key": "0f8fad5bd9cb469fa16570867728950e"},
    )

    authorization = Authorization.read(headers["authorization"])
    text = canonical_request(
        method="POST",
        path="/v2/charges",
        query="a=b",
        headers=headers,
        signed_headers=authorization.signed_headers,
        body=BODY,
    )
    assert headers["x-amz-pay-date"] == "20260401T030000Z"
    assert "x-amz-pay-idempotency-key" in authorization.signed_headers
    assert authorization.public_key_id == "SANDBOX-ABC"
    assert verify(key.public_key(), authorization.algorithm, text, authorization.signature)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer abc",
        "AMZN-PAY-RSASSA-PSS PublicKeyId=a",
        "AMZN-PAY-RSASSA-PSS-V3 PublicKeyId=a, SignedHeaders=b, Signature=c",
    ],
)
def test_an_unreadable_authorization_is_refused(value: str) -> None:
    with pytest.raises(UnreadableAuthorization):
        Authorization.read(value)
