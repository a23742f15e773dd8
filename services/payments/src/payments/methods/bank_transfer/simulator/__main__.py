"""``python -m payments.methods.bank_transfer.simulator`` serves the bank's interface and its console."""

import uvicorn

from payments.methods.bank_transfer.simulator.app import BankSimulatorSettings, make_app

settings = BankSimulatorSettings()
uvicorn.run(make_app(settings), host=settings.http_host, port=settings.http_port, log_level="warning")
