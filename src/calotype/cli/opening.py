"""The catalogue of an installation, for commands that work beside `serve` or without it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from calotype import audit_log
from calotype.catalogue import schema
from calotype.catalogue.engine import Catalogue
from calotype.config import Settings
from calotype.domain.errors import Broken
from calotype.processes.exits import CannotStart, Exit
from calotype.service.accounts import Accounts
from calotype.service.audit import Recorder


@contextmanager
def open_catalogue(settings: Settings) -> Iterator[Catalogue]:
    """The catalogue that `serve` with the same *settings* works on, closed afterwards.

    Raises CannotStart if there is none, Broken if it is of another release or cannot be reached.
    """
    catalogue = Catalogue(settings.catalogue())
    if catalogue.file is not None and not catalogue.file.exists():
        raise CannotStart(
            Exit.DATABASE, f"There is no catalogue at {catalogue.file}; start `calotype serve` there once."
        )
    try:
        schema.check_current(catalogue)
        yield catalogue
    finally:
        catalogue.close()


@contextmanager
def open_accounts(settings: Settings) -> Iterator[Accounts]:
    """The accounts of `open_catalogue`; what is changed about them is in the audit log. Raises CannotStart without that."""
    with open_audit(settings) as audit, open_catalogue(settings) as catalogue:
        yield Accounts(catalogue, lambda: datetime.now(UTC), audit)


@contextmanager
def open_audit(settings: Settings) -> Iterator[Recorder]:
    """What keeps what a command does; on standard error for `-`, since standard output is the command's own.

    Raises CannotStart if there is to be an audit log and it cannot be written: what it would not tell is not done.
    """
    with ExitStack() as closing:
        try:
            write = closing.enter_context(audit_log.opened(settings.serve.audit_log, standard=2, is_needed=True))
        except Broken as error:
            raise CannotStart(Exit.FOLDER, str(error)) from error
        yield Recorder(write, audit_log.operator())
