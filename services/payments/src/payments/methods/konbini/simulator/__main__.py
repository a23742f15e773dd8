"""``python -m payments.methods.konbini.simulator`` serves the company's interface and its console."""

import uvicorn

from payments.methods.konbini.simulator.app import make_app
from payments.methods.konbini.simulator.settings import KonbiniSimulatorSettings

settings = KonbiniSimulatorSettings()
uvicorn.run(
    make_app(settings),
    host=settings.http_host,
    port=settings.http_port,
    log_level="warning",
)
