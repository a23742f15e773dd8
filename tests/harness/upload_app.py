"""A service that takes files and shows them again.

UPLOAD_APP_FILES=/a/folder python -m uvicorn --factory --app-dir tests harness.upload_app:app
"""

import os
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI, Request, Response
from starlette.responses import JSONResponse, PlainTextResponse

from shared.files.accepts import MEGABYTE, PICTURES, Accepts, Incoming
from shared.files.kinds import BMP, CSV, DOC, DOCX, GIF, JPEG, PDF, PNG, TEXT
from shared.files.location import Location
from shared.files.store import Files, Kept, chunks
from shared.shop.statements import Issuer, Verifier
from shared.web.pages import install_web, make_templates
from shared.web.session import Sessions, Staff
from shared.web.stored_files import file_answer
from shared.web.uploads import received

ORIGIN = "http://shop.test"
PAPERS = Accepts((TEXT, PDF, DOC, DOCX, JPEG, GIF, BMP, PNG), files_max=2)
TABLES = Accepts((CSV,), bytes_max=20 * MEGABYTE)


def make_app(files: Files) -> FastAPI:
    """The service, over ``files``."""
    app = FastAPI()
    kept: dict[str, tuple[Kept, Incoming]] = {}

    async def keep(kind: str, incoming: list[Incoming]) -> Response:
        told = []
        for each in incoming:
            stored = await files.keep(kind, chunks(each.content))
            kept[stored.key] = stored, each
            told.append({"key": stored.key, "size": stored.size, "type": each.media_type, "name": each.name})
        return JSONResponse(told)

    @app.post("/pictures/upload")
    @app.post("/api/pictures/upload")
    async def add_picture(request: Request) -> Response:
        async with received(request, "picture", PICTURES, label="商品画像") as incoming:
            return await keep("pictures", incoming)

    @app.post("/api/papers/upload")
    async def add_papers(request: Request) -> Response:
        async with received(request, "papers", PAPERS, label="添付ファイル", required=False) as incoming:
            return await keep("papers", incoming)

    @app.post("/api/tables/upload")
    async def add_table(request: Request) -> Response:
        async with received(request, "table", TABLES, label="CSV") as incoming:
            return await keep("tables", incoming)

    @app.post("/desk/pictures/upload")
    async def add_as_staff(request: Request, staff: Staff) -> Response:
        return PlainTextResponse(staff.name)

    @app.get("/files/{kind}/{number}")
    async def show(request: Request, kind: str, number: str, public: bool = False) -> Response:
        stored, incoming = kept[f"{kind}/{number}"]
        return await file_answer(
            request,
            files,
            stored.key,
            media_type=incoming.media_type,
            name=incoming.name,
            sha256=stored.sha256,
            public=public,
        )

    verifier = Verifier({"keys": [Issuer("members", Ed25519PrivateKey.generate()).public_jwk()]})
    install_web(app, make_templates(), Sessions(verifier, _never), origin=ORIGIN, secure=False)
    return app


async def _never(session_id: str, member_id: str, issued_at: datetime) -> bool:
    return False


def app() -> FastAPI:
    """For `uvicorn --factory`."""
    return make_app(
        Files(Location.read(f"file://{os.environ['UPLOAD_APP_FILES']}").store("shop", None, None))
    )
