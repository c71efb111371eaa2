"""The catalogue of an installation, for commands that work beside `serve` or without it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from calotype.catalogue import schema
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.config import Settings
from calotype.processes.exits import CannotStart, Exit
from calotype.service.accounts import Accounts


@contextmanager
def open_catalogue(settings: Settings) -> Iterator[Catalogue]:
    """The catalogue that `serve` with the same *settings* works on, closed afterwards.

    Raises CannotStart if there is none, Broken if it is of another release or cannot be reached.
    """
    catalogue = Catalogue(CatalogueOptions(url=settings.database_url.reveal()))
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
    """The accounts of `open_catalogue`."""
    with open_catalogue(settings) as catalogue:
        yield Accounts(catalogue, lambda: datetime.now(UTC))
