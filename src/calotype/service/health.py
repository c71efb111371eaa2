"""Whether the parts that requests need can do their work."""

from collections.abc import Callable, Mapping
from functools import partial

from calotype.blobs.stores import Stores
from calotype.catalogue import health
from calotype.catalogue.engine import Catalogue
from calotype.domain.errors import Broken

#: Who asks whether we are ready waits a few seconds at most, and a database that works needs a few milliseconds.
DATABASE_LIMIT_S = 2.0


class Health:
    def __init__(self, catalogue: Catalogue, stores: Stores) -> None:
        self._catalogue = catalogue
        self._stores = stores

    def broken_parts(self) -> list[str]:
        """The parts that do not answer: `database`, and `store NAME` for each store; usually none.

        One statement, and one check a store.
        """
        return [part for part, answers in self.parts().items() if not answers()]

    def parts(self) -> Mapping[str, Callable[[], bool]]:
        """Each part by the same names, with what asks it whether it answers."""
        stores = {f"store {name}": partial(self._store_answers, name) for name in self._stores.by_name}
        return {"database": self._database_answers, **stores}

    def _database_answers(self) -> bool:
        try:
            with self._catalogue.reading(within_s=DATABASE_LIMIT_S) as connection:
                health.revision(connection)
        except Broken:
            return False
        return True

    def _store_answers(self, name: str) -> bool:
        try:
            self._stores.by_name[name].check()
        except Broken:
            return False
        return True
