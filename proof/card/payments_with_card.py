"""The payments service, with the card among its methods: one more folder is all it takes."""

from pathlib import Path

import payments.methods
from payments.main import make
from shared.process.app import run

if __name__ == "__main__":
    payments.methods.__path__.append(str(Path(__file__).parent / "methods"))
    run(make)
