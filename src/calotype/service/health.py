"""Whether the parts that requests need can do their work."""

from calotype.blobs.stores import Stores
from calotype.catalogue import health
from calotype.catalogue.engine import Catalogue
from calotype.domain.errors import Broken


class Health:
    def __init__(self, catalogue: Catalogue, stores: Stores) -> None:
        self._catalogue = catalogue
        self._stores = stores

    def broken_parts(self) -> list[str]:
        """The parts that do not answer: `database`, and `store NAME` for each store; usually none.

        One statement, and one listing a store that is left at its first key.
        """
        broken = []
        try:
            with self._catalogue.reading() as connection:
                health.revision(connection)
        except Broken:
            broken.append("database")
        for name, store in self._stores.by_name.items():
            try:
                next(store.keys(), None)
            except Broken:
                broken.append(f"store {name}")
        return broken
