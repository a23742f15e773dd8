"""Where files are kept, by one setting: `file:///folder`, or `s3://bucket/prefix?endpoint=https://…&region=…`.

The keys of an S3-compatible store are separate settings, so that logs may contain the address.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from obstore.store import LocalStore, S3Store
from pydantic import SecretStr

if TYPE_CHECKING:  # not there at run time
    from obstore.store import S3Config

_SECONDS_MAX = timedelta(seconds=10)


@dataclass(frozen=True)
class Location:
    """A folder, or a bucket with what is needed to reach it."""

    folder: Path | None = None
    bucket: str = ""
    prefix: str = ""
    endpoint: str = ""
    region: str = "us-east-1"

    @classmethod
    def read(cls, address: str) -> "Location":
        """Return the location that ``address`` names. Raises ValueError, which says what is wrong with it."""
        parts = urlsplit(address)
        if "@" in parts.netloc:
            raise ValueError("keys do not belong into the address: use FILES_ACCESS_KEY and FILES_SECRET_KEY")
        if parts.scheme == "file":
            return cls._folder(unquote(parts.path), parts.netloc or parts.query)
        if parts.scheme == "s3":
            return cls._bucket(
                parts.netloc, parts.path.strip("/"), parse_qs(parts.query, strict_parsing=bool(parts.query))
            )
        raise ValueError("it begins with neither file:/// nor s3://")

    @classmethod
    def _folder(cls, path: str, more: str) -> "Location":
        if more or not path.startswith("/") or path == "/":
            raise ValueError("a folder is written file:///absolute/path")
        return cls(folder=Path(path))

    @classmethod
    def _bucket(cls, bucket: str, prefix: str, options: dict[str, list[str]]) -> "Location":
        if not bucket:
            raise ValueError("a bucket is written s3://bucket?endpoint=https://…")
        if strange := set(options) - {"endpoint", "region"}:
            raise ValueError(f"it has options that nobody knows: {', '.join(sorted(strange))}")
        found = {name: values[-1] for name, values in options.items()}
        endpoint = urlsplit(found.get("endpoint", ""))
        if "@" in endpoint.netloc or (found.get("endpoint") and endpoint.scheme not in ("http", "https")):
            raise ValueError("the endpoint is written https://host, without keys")
        return cls(
            bucket=bucket,
            prefix=prefix,
            endpoint=found.get("endpoint", cls.endpoint),
            region=found.get("region", cls.region),
        )

    def store(
        self, part: str, access_key: SecretStr | None, secret_key: SecretStr | None
    ) -> LocalStore | S3Store:
        """Open the store of ``part``: the name that separates the files of several services in one place.

        Without keys an S3 store uses the role of the machine.
        """
        if self.folder is not None:
            return LocalStore(self.folder / part, mkdir=True)
        config: S3Config = {"region": self.region}
        if self.endpoint:
            config["endpoint"] = self.endpoint
        if access_key is not None and secret_key is not None:
            config["access_key_id"] = access_key.get_secret_value()
            config["secret_access_key"] = secret_key.get_secret_value()
        return S3Store(
            self.bucket,
            prefix=f"{self.prefix}/{part}" if self.prefix else part,
            config=config,
            client_options={"allow_http": self.endpoint.startswith("http://"), "timeout": _SECONDS_MAX},
            retry_config={"max_retries": 2, "retry_timeout": _SECONDS_MAX},
        )
