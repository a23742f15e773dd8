"""How tests reach an S3-compatible store."""

from pydantic import SecretStr

KEYS = SecretStr("access"), SecretStr("secret")
