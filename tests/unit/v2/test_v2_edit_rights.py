"""Who may edit what, and in which order that is said. Source: docs/api/v2.md, "Update"."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from calotype.catalogue import tables
from calotype.catalogue.engine import Catalogue
from calotype.domain.callers import Caller
from calotype.domain.edits import AddTag, Edit, SetField, SetProperty
from calotype.domain.errors import CalotypeError, ImageNotFound, Invalid, Refused
from calotype.domain.images import Image, Status, Visibility
from calotype.domain.rights import DEFAULT_RULES, Action, Rules
from calotype.service.edits import Edits
from calotype.service.images import Images, NewImage
from calotype.service.options import ServiceOptions

OWNER = Caller("user", "mine", frozenset({"member"}))
READER = Caller("reader", "mine", frozenset({"reader"}))
STRANGER = Caller("stranger", "theirs", frozenset({"member"}))
NOBODY = Caller("nobody", "mine", frozenset())
ADMIN = Caller("admin", "admins", frozenset({"admin"}))


class House:
    """The use cases of records where nobody has the right that is *refused*."""

    def __init__(self, catalogue: Catalogue, refused: Action | None = None) -> None:
        rules = Rules(DEFAULT_RULES if refused is None else {**DEFAULT_RULES, refused: None})
        self.catalogue = catalogue
        self.images = Images(catalogue, rules, ServiceOptions(), lambda: datetime.now(UTC))
        self.edits = Edits(catalogue, self.images, rules, ServiceOptions())

    def image(self, status: Status = Status.QUEUED, visibility: Visibility = Visibility.SHARED) -> Image:
        image = self.images.create(OWNER, NewImage(owner="mine"))
        told = {"status": status.value, "visibility": visibility.value}
        with self.catalogue.writing() as connection:
            connection.execute(update(tables.images).where(tables.images.c.id == image.id).values(told))
        return self.shown(image.id)

    def shown(self, image_id: str) -> Image:
        return self.images.show(ADMIN, image_id)


@pytest.fixture
def house(catalogue: Catalogue) -> House:
    return House(catalogue)


NAMED: tuple[Edit, ...] = (SetField("name", "name", "x"),)


@pytest.mark.parametrize(
    ("refused", "edit"),
    [
        (Action.MODIFY_IMAGE, SetProperty("a", "1")),
        (Action.PUBLICIZE_IMAGE, SetField("visibility", "visibility", Visibility.PUBLIC)),
        (Action.COMMUNITIZE_IMAGE, SetField("visibility", "visibility", Visibility.COMMUNITY)),
    ],
    ids=str,
)
def test_a_right_that_is_missing_is_said_after_whether_there_is_an_image(
    catalogue: Catalogue, refused: Action, edit: Edit
) -> None:
    image = House(catalogue).image()
    house = House(catalogue, refused=refused)

    with pytest.raises(ImageNotFound):
        house.edits.make(ADMIN, "nowhere", (edit,))
    with pytest.raises(Refused) as refusal:
        house.edits.make(ADMIN, image.id, (edit,))

    assert refusal.value.action == refused
    assert house.shown(image.id) == image


def test_withholding_has_rights_of_its_own(catalogue: Catalogue) -> None:
    image = House(catalogue).image(Status.ACTIVE)

    with pytest.raises(Refused):
        House(catalogue, refused=Action.DEACTIVATE_IMAGE).edits.deactivate(ADMIN, image.id)
    House(catalogue, refused=Action.REACTIVATE_IMAGE).edits.deactivate(OWNER, image.id)
    with pytest.raises(Refused):
        House(catalogue, refused=Action.REACTIVATE_IMAGE).edits.reactivate(ADMIN, image.id)

    assert House(catalogue).shown(image.id).status is Status.DEACTIVATED


def test_who_changes_nothing(house: House) -> None:
    private, public = house.image(visibility=Visibility.PRIVATE), house.image(visibility=Visibility.PUBLIC)

    def outcome(caller: Caller, image: Image) -> type[Exception]:
        with pytest.raises(CalotypeError) as raised:
            house.edits.make(caller, image.id, NAMED)
        return raised.type

    assert issubclass(outcome(READER, private), Refused)
    assert issubclass(outcome(STRANGER, public), Refused)
    assert outcome(STRANGER, private) is ImageNotFound
    assert outcome(NOBODY, private) is ImageNotFound
    assert outcome(NOBODY, public) is ImageNotFound


@pytest.mark.parametrize(
    "edit",
    [
        SetField("disk_format", "disk_format", "floppy"),
        SetField("min_disk_gib", "min_disk", 2**31),
        SetField("name", "name", "n" * 256),
        SetField("tags", "tags", ("a\0",)),
        SetProperty("n" * 256, "v"),
        SetProperty("a", "\ud800"),
        AddTag("t" * 256),
    ],
    ids=lambda edit: repr(edit)[:40],
)
def test_a_value_that_no_image_has_is_refused_before_the_image_is_looked_for(house: House, edit: Edit) -> None:
    with pytest.raises(Invalid):
        house.edits.make(OWNER, "nowhere", (edit,))
