"""Preparation of files at the start of a process: open the store, test it, set the folder of uploads."""

import tempfile

import structlog
from obstore.exceptions import BaseError, GenericError

from shared.files.store import Files
from shared.process.settings import ServiceSettings

log = structlog.get_logger()


def open_files(service: str, settings: ServiceSettings) -> Files:
    """Return the files of ``service``. Raises SystemExit if FILES_URL is not set, or its folder cannot be made."""
    if settings.files_location is None:
        raise SystemExit("FILES_URL is not set: this service keeps files")
    keys = settings.files_access_key, settings.files_secret_key
    try:
        return Files(settings.files_location.store(service, *keys))
    except OSError as error:
        raise SystemExit(f"FILES_URL={settings.files_url} cannot be written: {error}") from error


def prepare_files(service: str, settings: ServiceSettings) -> None:
    """Check that files can be kept as the settings say. Raises SystemExit with the reason.

    An unreachable store does not prevent the start, because orders need no files.
    """
    if settings.uploads_folder is not None:
        try:
            settings.uploads_folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=settings.uploads_folder).close()
        except OSError as error:
            raise SystemExit(
                f"UPLOADS_FOLDER={settings.uploads_folder} cannot be written: {error}"
            ) from error
        # From now on the standard library, and so Starlette, creates temporary files here.
        tempfile.tempdir = str(settings.uploads_folder)
    if settings.files_location is None:
        return
    try:
        open_files(service, settings).check()
    except (BaseError, OSError) as error:
        reason = str(error).partition("\n")[0]
        if settings.files_location.folder is None and isinstance(error, GenericError):
            log.warning("files.store_away", address=settings.files_url, reason=reason)
            return
        raise SystemExit(f"FILES_URL={settings.files_url} cannot be written: {reason}") from error
