"""Quotas as callers ask for them."""

from calotype.catalogue import usage
from calotype.catalogue.engine import Catalogue
from calotype.domain.callers import Caller
from calotype.domain.quotas import Holdings


class Quotas:
    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def of_caller(self, caller: Caller) -> Holdings | None:
        """What the caller's project has and may have; None for a caller without a project. One statement."""
        if caller.project is None:
            return None
        with self._catalogue.reading() as connection:
            return usage.select_holdings(connection, caller.project)
