"""Images as callers edit them: a list of edits made or none of them, data handed out or withheld."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from calotype.catalogue.engine import Catalogue, Connection
from calotype.domain.audit import Act
from calotype.domain.callers import Caller
from calotype.domain.edits import AddTag, Edit, SetField, SetProperty, edited
from calotype.domain.errors import Refused
from calotype.domain.images import Image, Status
from calotype.domain.rights import Action, Rules
from calotype.service import bounds, image_changes
from calotype.service.audit import SILENT, Recorder, audited
from calotype.service.images import Images, check_may_show_to, find_to
from calotype.service.location_edits import LocationEdits
from calotype.service.options import ServiceOptions


class Edits:
    """The use cases of edits; each opens its own transaction, in which the image's row is held from its first look on.

    So of edits that come at once each is made, one after the other; on PostgreSQL a deadlock would be Overtaken.
    *locations* None: none of the edits are of locations.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        images: Images,
        rules: Rules,
        options: ServiceOptions,
        locations: LocationEdits | None = None,
        audit: Recorder = SILENT,
    ) -> None:
        self._catalogue = catalogue
        self._images = images
        self._locations = locations
        self._rules = rules
        self._options = options
        self._audit = audit

    @audited(Act.IMAGE_UPDATE, "image_id")
    def make(self, caller: Caller, image_id: str, edits: Sequence[Edit]) -> Image:
        """The image after all *edits* in their order; without any it is only shown, as it is.

        Raises, in this order and with nothing changed, Invalid for values that no image can have; ImageNotFound; Refused
        for a right that is missing and for another's image; what an edit raises; OverLimit for more properties or tags
        than there may be, if they are more than before, and for an owner that has no room for the image; Overtaken.
        """
        for edit in edits:
            self._check_value(edit)
        if not edits:
            return self._images.show(caller, image_id, image_first=True, with_stores=True)
        # Outside the transaction: hosts elsewhere are asked for the sizes of data at new locations.
        sizes = self._locations.sizes(caller, image_id, edits) if self._locations else {}
        with self._catalogue.writing() as connection:
            image = find_to(connection, caller, image_id, self._rules, Action.MODIFY_IMAGE)
            for edit in edits:
                self._check_right(caller, edit)
            made, dropped = self._made(connection, caller, image, edits, sizes)
            self._check_growth(made, image)
            written = self._images.write(connection, made, was=image)
            blobs = self._locations.forget(connection, written, dropped) if self._locations else []
            image_changes.tell_change(written, image, dropped)
            told = self._images.with_stores(connection, caller, written)
        if self._locations:
            self._locations.remove(blobs)
        return told

    def _made(
        self, connection: Connection, caller: Caller, image: Image, edits: Sequence[Edit], sizes: Mapping[str, int]
    ) -> tuple[Image, list[str]]:
        if self._locations is None:
            return edited(image, edits), []
        return self._locations.make(connection, caller, image, edits, sizes)

    @audited(Act.IMAGE_DEACTIVATE, "image_id")
    def deactivate(self, caller: Caller, image_id: str) -> None:
        """Have the image keep its data to itself. Nothing happens to one that does so already.

        Raises ImageNotFound, and Refused for a right that is missing, for another's image, and in any other state.
        """
        self._switch(caller, image_id, Action.DEACTIVATE_IMAGE, Status.ACTIVE, Status.DEACTIVATED)

    @audited(Act.IMAGE_REACTIVATE, "image_id")
    def reactivate(self, caller: Caller, image_id: str) -> None:
        """Have the image hand out its data again. Raises what `deactivate` does."""
        self._switch(caller, image_id, Action.REACTIVATE_IMAGE, Status.DEACTIVATED, Status.ACTIVE)

    def _switch(self, caller: Caller, image_id: str, action: Action, before: Status, after: Status) -> None:
        with self._catalogue.writing() as connection:
            image = find_to(connection, caller, image_id, self._rules, action)
            if image.status is after:
                return
            if image.status is not before:
                raise Refused(f"Image {image_id} is {image.status}; only one that is {before} can become {after}.")
            image_changes.tell_change(self._images.write(connection, replace(image, status=after), was=image), image)

    def _check_value(self, edit: Edit) -> None:
        """Raises Invalid for what the catalogue cannot hold or this service does not offer."""
        match edit:
            case SetField():
                bounds.check_fields({edit.field: edit.value}, self._options)
            case SetProperty():
                bounds.check_texts(None, None, {edit.name: edit.value})
            case AddTag():
                bounds.check_tags((edit.tag,))

    def _check_right(self, caller: Caller, edit: Edit) -> None:
        match edit:
            case SetField(field="owner") if not caller.is_admin:
                raise Refused("Only an admin may give an image to another project.")
            case SetField(field="visibility"):
                check_may_show_to(self._rules, caller, edit.value)

    def _check_growth(self, image: Image, was: Image) -> None:
        options = self._options
        bounds.check_count("properties", len(image.properties), options.property_quota, had=len(was.properties))
        bounds.check_count("tags", len(image.tags), options.tag_quota, had=len(was.tags))
