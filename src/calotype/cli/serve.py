"""`calotype serve`."""

import shlex
import sys
from contextlib import suppress

from calotype.config import Options, Settings
from calotype.domain.errors import Broken
from calotype.processes import parent
from calotype.processes.exits import CannotStart, Exit


def serve(*, settings: Options = Settings()) -> int:  # noqa: B008 -- frozen
    """Run the service until SIGTERM or SIGINT."""
    return parent.run(settings, prepare=prepare, announce=announce)


def prepare(settings: Settings, url: str) -> None:
    """Make the store, bring the catalogue to this release, make the first accounts, and write the files of credentials for *url*."""
    from calotype import app, credentials  # here, so that a busy port or a bad folder is told before heavy parts load
    from calotype.catalogue import deferred, schema
    from calotype.service.accounts import Accounts

    try:
        app.open_stores(settings)
    except Broken as error:
        raise CannotStart(Exit.STORE, f"Cannot use the store {app.blob_folder(settings)}: {error.__cause__}") from error
    catalogue = app.open_catalogue(settings)
    try:
        schema.prepare(catalogue, upgrade=settings.serve.upgrade)
        deferred.finish_interrupted(catalogue)
        base_url = settings.http.public_endpoint or url
        warning = credentials.prepare(settings.serve.data_dir, base_url, Accounts(catalogue, app.now))
    finally:
        catalogue.close()
    if warning is not None:
        print(f"calotype: {warning}", file=sys.stderr)


def announce(settings: Settings, url: str) -> None:
    """Say where the credentials are, a first command, and that the service answers."""
    folder = settings.serve.data_dir
    lines = [f"Calotype ready on {url}"]
    if (folder / "openrc").exists():
        lines = [
            f"Credentials are in {folder / 'openrc'} and {folder / 'clouds.yaml'}; a first command:",
            f"  . {shlex.quote(str(folder / 'openrc'))} && glance --os-image-api-version 1 image-list",
            *lines,
        ]
    with suppress(BrokenPipeError):  # a service goes on although nobody listens to what it says
        print("\n".join(lines), flush=True)
