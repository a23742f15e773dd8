"""Uploaded files: read piece by piece into temporary files, checked, and deleted at the end of the block.

    @router.post("/desk/items/{code}/pictures/upload")
    async def add_picture(request: Request, code: str, staff: Staff, parts: CurrentParts) -> Response:
        async with received(request, "picture", PICTURES, label="商品画像") as [picture]:
            kept = await parts.files.keep("pictures", chunks(picture.content))
        ...  # a transaction with the row that names kept.key

The path ends in `/upload`. Only there a body may have 20 MB (`shared.web.edge`). Take no `UploadFile` as a parameter:
FastAPI would read the whole body before it checks the viewer.
"""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import UploadFile
from starlette.requests import Request

from shared.errors import Refused
from shared.files.accepts import Accepts, Incoming
from shared.web.forms import FIELDS_MAX, FILES_MAX

# Converting a large picture takes a hundred megabytes, so pictures are converted one at a time.
_ONE_AT_A_TIME = CapacityLimiter(1)


@asynccontextmanager
async def received(
    request: Request, field: str, accepts: Accepts, *, label: str, required: bool = True
) -> AsyncIterator[list[Incoming]]:
    """Lend the files that were sent as ``field`` until the block ends. ``label`` is the field's Japanese name.

    Raises Refused with the field if a file is missing, does not match ``accepts``, or is one too many. The
    other fields of the same form are read with `read_form`, inside the block.
    """
    form = await request.form(max_files=FILES_MAX, max_fields=FIELDS_MAX)
    with ExitStack() as taken:
        try:
            sent = [each for each in form.getlist(field) if isinstance(each, UploadFile) and each.filename]
            _count(len(sent), field, accepts, label, required)
            files = []
            for each in sent:
                take = partial(
                    accepts.take, each.file, each.filename or "", each.size or 0, field=field, label=label
                )
                file = await to_thread.run_sync(take, limiter=_ONE_AT_A_TIME)
                taken.callback(file.close)
                files.append(file)
            yield files
        finally:
            await request.close()


def _count(sent: int, field: str, accepts: Accepts, label: str, required: bool) -> None:
    if sent == 0 and required:
        raise Refused("file_missing", f"{label}のファイルを選択してください", field=field, status=422)
    if sent > accepts.files_max:
        text = f"{label}は{accepts.files_max}件以内にしてください"
        raise Refused("too_many_files", text, field=field, status=422)
