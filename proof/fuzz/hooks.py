"""Hooks of Schemathesis for facts that the document does not contain (SCHEMATHESIS_HOOKS)."""

import schemathesis
from hypothesis import strategies as st

_WORD = "abcdefghijklmnopqrstuvwxyz0123456789"
_DOMAINS = ("example.jp", "mail.example.com", "example.co.jp")

# RFC 5321 allows more in an address than any shop takes; these are of the kind that people have.
schemathesis.openapi.format(
    "email", st.builds("{}@{}".format, st.text(_WORD, min_size=1, max_size=30), st.sampled_from(_DOMAINS))
)
