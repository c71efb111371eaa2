"""Members that are asked: an image is offered to a project, which accepts it or not.

An offer is a member row like those of members.py, whose quota it shares; what the member answers decides where it is listed,
and never what the member may do. Source: docs/api/v2.md, "Members".
"""

from dataclasses import replace

from calotype.catalogue import members as statements
from calotype.catalogue.engine import Catalogue, Connection
from calotype.domain import rights
from calotype.domain.audit import Act
from calotype.domain.callers import Caller
from calotype.domain.errors import Conflict, NotFound, Refused
from calotype.domain.images import Image, Member, MemberStatus
from calotype.domain.rights import Action, Rules
from calotype.service import image_changes
from calotype.service.audit import SILENT, Recorder, audited
from calotype.service.bounds import check_count
from calotype.service.images import Clock, check_may_see_any, find
from calotype.service.members import check_id
from calotype.service.options import ServiceOptions


class Offers:
    """The use cases of offers; each opens its own transaction, and none needs more statements for more members.

    Each raises ImageNotFound for an image that is not the caller's to see, before it looks at any other right, and Refused
    for one that is not shared. Who changes something holds the image's row meanwhile.
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
        """The members *caller* may know of: all for the image's owner and admins, else only itself.

        Raises Refused for a caller without right, and for one that is neither. Three statements at most.
        """
        with self._catalogue.reading() as connection:
            image = self._find(connection, caller, image_id, Action.LIST_MEMBERS)
            if rights.may_change(caller, image.owner):
                return statements.select_members(connection, image_id)
            mine = _known(connection, caller, image, caller.project)
            if mine is None:
                raise Refused("The members of this image are shown to its owner and to themselves.")
            return [mine]

    def show(self, caller: Caller, image_id: str, project: str) -> Member:
        """One member. Raises NotFound for a missing right, too, and where nothing is shared. Three statements at most."""
        with self._catalogue.reading() as connection:
            try:
                image = self._find(connection, caller, image_id, Action.SHOW_MEMBER)
            except Refused:
                raise NotFound(_NO_MEMBER) from None
            return _member(connection, caller, image, project)

    @audited(Act.MEMBER_ADD, "image_id")
    def add(self, caller: Caller, image_id: str, project: str) -> Member:
        """The image offered to one more project, whose answer is pending.

        Raises Invalid for what can be no project's id; Refused for all but the owner and admins; OverLimit; Conflict for who
        is a member already. Four statements at most.
        """
        check_id(project)
        with self._catalogue.writing() as connection:
            image = self._find(connection, caller, image_id, Action.ADD_MEMBER, for_update=True)
            rights.check_is_own(caller, image.owner)
            check_count("members", image.member_count + 1, self._options.member_quota)
            if statements.get_member(connection, image_id, project) is not None:
                raise Conflict(f"Project {project} is a member of this image already.")
            now = self._clock()
            new = Member(project=project, shared_at=now, updated_at=now)
            statements.insert_members(connection, image, [new])
            image_changes.tell(image, {"member": (None, project)})
            return new

    @audited(Act.MEMBER_ANSWER, "image_id")
    def answer(self, caller: Caller, image_id: str, project: str, status: MemberStatus) -> Member:
        """The member with the answer *status*, which is its own to give, or an admin's.

        Raises NotFound for a member that *caller* may not know of, and Refused. Four statements at most.
        """
        with self._catalogue.writing() as connection:
            image = self._find(connection, caller, image_id, None, for_update=True)
            member = _member(connection, caller, image, project)
            self._rules.check(caller, Action.MODIFY_MEMBER)
            rights.check_may_answer(caller, project)
            now = self._clock()
            statements.set_status(connection, image_id, project, status, now=now)
            image_changes.tell(image, {"member": (project, project), "member_status": (member.status, status)})
            return replace(member, status=status, updated_at=now)

    @audited(Act.MEMBER_REMOVE, "image_id")
    def remove(self, caller: Caller, image_id: str, project: str) -> None:
        """The image offered to *project* no longer.

        Raises NotFound for a member that *caller* may not know of, and Refused for all but the owner and admins. Four
        statements at most.
        """
        with self._catalogue.writing() as connection:
            image = self._find(connection, caller, image_id, None, for_update=True)
            _member(connection, caller, image, project)
            self._rules.check(caller, Action.DELETE_MEMBER)
            rights.check_is_own(caller, image.owner)
            statements.delete_member(connection, image_id, project)
            image_changes.tell(image, {"member": (project, None)})

    def _find(
        self, connection: Connection, caller: Caller, image_id: str, action: Action | None, *, for_update: bool = False
    ) -> Image:
        """The image if *caller* may see it and it has members at all; *action* is looked at in between."""
        check_may_see_any(self._rules, caller, image_id)
        image = find(connection, caller, image_id, for_update=for_update, deleted_too=False)
        if action is not None:
            self._rules.check(caller, action)
        rights.check_is_shared(image.visibility)
        return image


_NO_MEMBER = "The project is no member of this image."


def _member(connection: Connection, caller: Caller, image: Image, project: str) -> Member:
    """The member of this id that *caller* may know of. Raises NotFound. One statement at most."""
    member = _known(connection, caller, image, project)
    if member is None:
        raise NotFound(_NO_MEMBER)
    return member


def _known(connection: Connection, caller: Caller, image: Image, project: str | None) -> Member | None:
    if project is None or not (project == caller.project or rights.may_change(caller, image.owner)):
        return None
    return statements.get_member(connection, image.id, project)
