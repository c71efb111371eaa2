"""`calotype serve`."""

import shlex
import sys
from contextlib import suppress
from ipaddress import ip_address

from calotype.config import Options, Settings
from calotype.domain.errors import Broken
from calotype.processes import parent
from calotype.processes.exits import CannotStart, Exit


def serve(*, settings: Options = Settings()) -> int:  # noqa: B008 -- frozen
    """Run the service until SIGTERM or SIGINT."""
    return parent.run(settings, prepare=prepare, announce=announce)


def prepare(settings: Settings, url: str) -> None:
    """Make the stores, bring the catalogue to this release, make the first accounts, and write the files of credentials for *url*."""
    from calotype import app, credentials  # here, so that a busy port or a bad folder is told before heavy parts load
    from calotype.catalogue import deferred, health, schema
    from calotype.cli.opening import open_audit
    from calotype.service.accounts import Accounts

    try:
        app.open_stores(settings, is_checked=True)
    except Broken as error:
        raise CannotStart(Exit.STORE, str(error)) from error
    catalogue = app.open_catalogue(settings)
    try:
        health.wait_for(catalogue, settings.database.database_wait_s, _warn)
        schema.prepare(catalogue, upgrade=settings.serve.upgrade)
        deferred.finish_interrupted(catalogue)
        base_url = settings.http.public_endpoint or url
        with open_audit(settings) as audit:
            warning = credentials.prepare(settings.serve.data_dir, base_url, Accounts(catalogue, app.now, audit))
    finally:
        catalogue.close()
    for line in (warning, _open_to_all(settings)):
        if line is not None:
            _warn(line)


def _warn(line: str) -> None:
    print(f"calotype: {line}", file=sys.stderr)


def _open_to_all(settings: Settings) -> str | None:
    """A warning, if whoever reaches the machine may do everything."""
    if settings.serve.auth != "none" or _is_loopback(settings.serve.host):
        return None
    return (
        f"With auth = none everybody who reaches {settings.serve.host} may read, change and delete every image; "
        "listen at 127.0.0.1 if that is not meant."
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def announce(settings: Settings, url: str) -> None:
    """Say where the credentials are, a first command, and that the service answers."""
    folder = settings.serve.data_dir
    lines = [f"Calotype ready on {url}"]
    if (folder / "openrc").exists():
        lines = [
            f"Credentials are in {folder / 'openrc'} and {folder / 'clouds.yaml'}; a first command:",
            f"  . {shlex.quote(str(folder / 'openrc'))} && openstack image list",
            *lines,
        ]
    with suppress(BrokenPipeError):  # a service goes on although nobody listens to what it says
        print("\n".join(lines), flush=True)
