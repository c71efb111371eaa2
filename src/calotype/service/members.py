"""Members as callers see, name and remove them: the projects an image is shared with. Nobody asks them: offers.py does."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from calotype.catalogue import members as statements
from calotype.catalogue.engine import Catalogue, Connection
from calotype.domain import rights
from calotype.domain.audit import Act
from calotype.domain.callers import Caller
from calotype.domain.errors import ImageNotFound, Invalid, NotFound, Unauthenticated
from calotype.domain.images import Image, Member, SharedImage
from calotype.domain.rights import Action, Rules
from calotype.domain.texts import require_storable
from calotype.service import image_changes
from calotype.service.audit import SILENT, Recorder, audited
from calotype.service.bounds import check_count
from calotype.service.images import Clock, find
from calotype.service.options import ServiceOptions

MOST_MEMBER_CHARACTERS = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    """A project an image is to be shared with. *can_share* None: as it is, or False for who is no member yet."""

    project: str
    can_share: bool | None = None


class Members:
    """The use cases of members; each opens its own transaction, and none needs more statements for more members.

    Who changes members holds the image's row meanwhile, so that the quota is kept however many come at once.
    """

    def __init__(
        self, catalogue: Catalogue, rules: Rules, options: ServiceOptions, clock: Clock, audit: Recorder = SILENT
    ) -> None:
        self._catalogue = catalogue
        self._rules = rules
        self._options = options
        self._clock = clock
        self._audit = audit

    def of_image(self, caller: Caller, image_id: str) -> list[Member]:
        """The members of the image that *caller* may know of: all for its owner and admins, else only itself.

        Raises Refused before any look-up, and ImageNotFound. Three statements at most.
        """
        self._rules.check(caller, Action.LIST_MEMBERS)
        with self._catalogue.reading() as connection:
            image = _find_live(connection, caller, image_id)
            if rights.may_change(caller, image.owner):
                return statements.select_members(connection, image_id)
            mine = _own(connection, caller, image_id)
            return [] if mine is None else [mine]

    def of_project(self, caller: Caller, project: str) -> list[SharedImage]:
        """What is shared with *project*, as far as *caller* may know: all, or else only what the caller shares with it.

        Nothing for a project that is not known. Raises Refused. One statement.
        """
        self._rules.check(caller, Action.LIST_IMAGES)
        may_know_all = caller.is_admin or caller.project == project
        if not may_know_all and caller.project is None:
            return []
        with self._catalogue.reading() as connection:
            return statements.select_shared(connection, project, owner=None if may_know_all else caller.project)

    @audited(Act.MEMBER_ADD, "image_id")
    def add(self, caller: Caller, image_id: str, new: NewMember) -> None:
        """Share the image with a project, or say of a member whether it may share the image further.

        Raises, in this order, Unauthenticated for a caller without project; Refused for a missing right; Invalid for what
        can be no project's id; ImageNotFound; OnlyShared and Refused as `rights.check_may_share` does; OverLimit if one more
        than there are would be too many, though the project is one of them. Six statements at most.
        """
        _check_has_project(caller)
        self._rules.check(caller, Action.MODIFY_MEMBER)
        check_id(new.project)
        with self._catalogue.writing() as connection:
            image = _find_to_share(connection, caller, image_id)
            check_count("members", image.member_count + 1, self._options.member_quota)
            was = statements.get_member(connection, image_id, new.project)
            if was is None:
                statements.insert_members(connection, image, [_member(new, {}, self._clock())])
                image_changes.tell(image, {"member": (None, new.project), "can_share": (None, bool(new.can_share))})
            elif new.can_share is not None:
                can_share, now = new.can_share, self._clock()
                statements.set_can_share(connection, image_id, new.project, can_share=can_share, now=now)
                image_changes.tell(
                    image, {"member": (new.project, new.project), "can_share": (was.can_share, can_share)}
                )

    @audited(Act.MEMBER_REPLACE, "image_id")
    def replace(self, caller: Caller, image_id: str, wanted: Sequence[NewMember]) -> None:
        """Share the image with *wanted* and nobody else; who stays keeps its answer, and its *can_share* unless one is given.

        Raises what `add` does, and Invalid for a project that is named twice. Eight statements at most.
        """
        _check_has_project(caller)
        self._rules.check(caller, Action.MODIFY_MEMBER)
        _check_ids(one.project for one in wanted)
        with self._catalogue.writing() as connection:
            image = _find_to_share(connection, caller, image_id)
            check_count("members", len(wanted), self._options.member_quota)
            were = {one.project: one for one in statements.select_members(connection, image_id)}
            now = self._clock()
            statements.replace_members(connection, image, [_member(new, were, now) for new in wanted])
            image_changes.tell(image, {"members": (tuple(were), tuple(new.project for new in wanted))})

    @audited(Act.MEMBER_REMOVE, "image_id")
    def remove(self, caller: Caller, image_id: str, project: str) -> None:
        """Share the image with *project* no longer.

        Raises what `add` does before the quota, and NotFound if *project* is no member. Five statements at most.
        """
        _check_has_project(caller)
        self._rules.check(caller, Action.DELETE_MEMBER)
        with self._catalogue.writing() as connection:
            image = _find_to_share(connection, caller, image_id)
            if not statements.delete_member(connection, image_id, project):
                raise NotFound("The project is no member of this image.")
            image_changes.tell(image, {"member": (project, None)})


def _find_live(connection: Connection, caller: Caller, image_id: str, *, for_update: bool = False) -> Image:
    """The image if *caller* may see it and it is not deleted: nobody is a member of a deleted one. Raises ImageNotFound."""
    image = find(connection, caller, image_id, for_update=for_update)
    if image.is_deleted:
        raise ImageNotFound(image_id)
    return image


def _find_to_share(connection: Connection, caller: Caller, image_id: str) -> Image:
    """The image if *caller* has a say in its members, kept from others until the transaction ends.

    Raises ImageNotFound, OnlyShared and Refused. Three statements at most.
    """
    image = _find_live(connection, caller, image_id, for_update=True)
    mine = None if rights.may_change(caller, image.owner) else _own(connection, caller, image_id)
    may_share = mine is not None and mine.can_share
    rights.check_may_share(caller, image.owner, image.visibility, may_share=may_share)
    return image


def _own(connection: Connection, caller: Caller, image_id: str) -> Member | None:
    return None if caller.project is None else statements.get_member(connection, image_id, caller.project)


def _member(new: NewMember, were: Mapping[str, Member], now: datetime) -> Member:
    """*new* as a member; one that was there keeps what nobody has a word about."""
    was = were.get(new.project)
    if was is None:
        return Member(project=new.project, can_share=bool(new.can_share), shared_at=now)
    if new.can_share in (None, was.can_share):
        return was
    return replace(was, can_share=bool(new.can_share), updated_at=now)


def _check_has_project(caller: Caller) -> None:
    if caller.project is None and not caller.is_admin:
        raise Unauthenticated("A token for a project is needed to share images.")


def _check_ids(projects: Iterable[str]) -> None:
    named: set[str] = set()
    for project in projects:
        check_id(project)
        if project in named:
            raise Invalid("member_id", project, "it is named twice")
        named.add(project)


def check_id(project: str) -> None:
    """Raises Invalid for what can be no project's id."""
    if not project:
        raise Invalid("member_id", project, "empty")
    require_storable("member_id", project, MOST_MEMBER_CHARACTERS)
