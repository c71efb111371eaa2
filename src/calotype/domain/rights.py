"""Who may do what: one table of rules for every dialect, and who sees which image."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from calotype.domain.callers import Caller, Role
from calotype.domain.errors import OnlyShared, Refused
from calotype.domain.images import MemberStatus, Visibility
from calotype.domain.query import ImageQuery


class Action(StrEnum):
    """A right, by the name the field's policy files use."""

    LIST_IMAGES = "get_images"
    SHOW_IMAGE = "get_image"
    ADD_IMAGE = "add_image"
    MODIFY_IMAGE = "modify_image"
    DELETE_IMAGE = "delete_image"
    UPLOAD_IMAGE = "upload_image"
    DOWNLOAD_IMAGE = "download_image"
    DOWNLOAD_FROM_STORE = "download_from_store"
    PUBLICIZE_IMAGE = "publicize_image"
    COMMUNITIZE_IMAGE = "communitize_image"
    DEACTIVATE_IMAGE = "deactivate"
    REACTIVATE_IMAGE = "reactivate"
    LIST_MEMBERS = "get_members"
    SHOW_MEMBER = "get_member"
    ADD_MEMBER = "add_member"
    MODIFY_MEMBER = "modify_member"
    DELETE_MEMBER = "delete_member"
    SHOW_LOCATIONS = "get_image_location"
    ADD_LOCATION = "add_image_location"
    SET_LOCATION = "set_image_location"
    DELETE_LOCATION = "delete_image_location"
    ADD_ANY_LOCATION = "add_any_image_location"  # our own: the reference asks for a role there
    FETCH_LOCATIONS = "fetch_image_location"
    SHOW_STORE_DETAILS = "stores_info_detail"

    LIST_PROJECTS = "identity:list_projects"
    SHOW_PROJECT = "identity:get_project"
    ADD_PROJECT = "identity:create_project"
    MODIFY_PROJECT = "identity:update_project"
    DELETE_PROJECT = "identity:delete_project"
    LIST_USERS = "identity:list_users"
    SHOW_USER = "identity:get_user"
    ADD_USER = "identity:create_user"
    MODIFY_USER = "identity:update_user"
    DELETE_USER = "identity:delete_user"
    LIST_USER_PROJECTS = "identity:list_user_projects"
    LIST_DOMAINS = "identity:list_domains"
    SHOW_DOMAIN = "identity:get_domain"
    LIST_ROLES = "identity:list_roles"
    SHOW_ROLE = "identity:get_role"
    LIST_ASSIGNMENTS = "identity:list_role_assignments"
    LIST_GRANTS = "identity:list_grants"
    CHECK_GRANT = "identity:check_grant"
    ADD_GRANT = "identity:create_grant"
    DELETE_GRANT = "identity:revoke_grant"


NOBODY = None

#: reader reads, member also writes and downloads, admin does all; what one does not own of identity is for admins.
#: Source: docs/api/v1.md, "Rights"; docs/api/identity.md, "Projects, users and roles".
DEFAULT_RULES: Mapping[Action, Role | None] = MappingProxyType(
    {
        Action.LIST_IMAGES: Role.READER,
        Action.SHOW_IMAGE: Role.READER,
        Action.ADD_IMAGE: Role.MEMBER,
        Action.MODIFY_IMAGE: Role.MEMBER,
        Action.DELETE_IMAGE: Role.MEMBER,
        Action.UPLOAD_IMAGE: Role.MEMBER,
        Action.DOWNLOAD_IMAGE: Role.MEMBER,
        Action.DOWNLOAD_FROM_STORE: Role.MEMBER,
        Action.PUBLICIZE_IMAGE: Role.ADMIN,
        Action.COMMUNITIZE_IMAGE: Role.MEMBER,
        Action.DEACTIVATE_IMAGE: Role.MEMBER,
        Action.REACTIVATE_IMAGE: Role.MEMBER,
        Action.LIST_MEMBERS: Role.READER,
        Action.SHOW_MEMBER: Role.READER,
        Action.ADD_MEMBER: Role.MEMBER,
        Action.MODIFY_MEMBER: Role.MEMBER,
        Action.DELETE_MEMBER: Role.MEMBER,
        Action.SHOW_LOCATIONS: Role.READER,
        Action.ADD_LOCATION: Role.MEMBER,
        Action.SET_LOCATION: Role.MEMBER,
        Action.DELETE_LOCATION: Role.ADMIN,
        Action.ADD_ANY_LOCATION: Role.SERVICE,
        Action.FETCH_LOCATIONS: Role.SERVICE,
        Action.SHOW_STORE_DETAILS: Role.SERVICE,
        **{action: Role.ADMIN for action in Action if action.startswith("identity:")},
    }
)


@dataclass(frozen=True, slots=True)
class Rules:
    """The role each action needs; NOBODY refuses everybody, admins included."""

    needs: Mapping[Action, Role | None]

    def allow(self, caller: Caller, action: Action) -> bool:
        """True if *caller* holds the right to *action*, whatever it is done to."""
        needed = self.needs[action]
        return needed is not NOBODY and caller.holds(needed)

    def check(self, caller: Caller, action: Action) -> None:
        """Raises Refused, with the same text whatever the image, if *caller* lacks the right to *action*."""
        if not self.allow(caller, action):
            raise Refused("You are not authorized to complete this action.", action)


@dataclass(frozen=True, slots=True)
class Scope:
    """The images a listing looks at: everything, or what is public, the caller's own, shared with the caller, community.

    *caller* without a project owns nothing and is a member of nothing.
    *everything*: all images; others' community images only if *community*.
    *member_statuses* None: shared images count whatever the member answered.
    """

    caller: Caller
    everything: bool
    community: bool
    member_statuses: frozenset[MemberStatus] | None


def list_scope(caller: Caller, query: ImageQuery) -> Scope:
    """The images of which *query* may show *caller* a page. Source: docs/api/v1.md, "Who sees what"."""
    community = query.visibilities is not None and Visibility.COMMUNITY in query.visibilities
    return Scope(caller, query.everything and caller.is_admin, community, query.member_statuses)


def may_see(caller: Caller, owner: str | None, visibility: Visibility, *, is_member: bool) -> bool:
    """True if *caller* may see the image by its id; whether deleted images are shown is the dialect's affair.

    *is_member*: the image has a member row for the caller's project, whatever the member answered.
    An image without owner is seen by everybody. Source: docs/api/v1.md, "Who sees what".
    """
    if may_change(caller, owner) or owner is None:
        return True
    if visibility is Visibility.SHARED:
        return is_member
    return visibility in (Visibility.PUBLIC, Visibility.COMMUNITY)


def may_change(caller: Caller, owner: str | None) -> bool:
    """True if the image is the caller's own to change: its project owns it, or the caller is an admin."""
    return caller.is_admin or (owner is not None and owner == caller.project)


def check_may_change(caller: Caller, owner: str | None, visibility: Visibility) -> None:
    """Raises Refused if an image that *caller* sees is not the caller's own: OnlyShared unless everybody sees it listed."""
    if may_change(caller, owner):
        return
    if visibility is Visibility.PUBLIC:
        raise Refused("The image belongs to another project; only that may change it.")
    raise OnlyShared("The image is only shown to you; the project it belongs to may change it.")


def check_may_share(caller: Caller, owner: str | None, visibility: Visibility, *, may_share: bool) -> None:
    """Raises OnlyShared if *caller*, who sees the image, has no say in who its members are, else Refused if nobody has.

    *may_share*: the caller's project is a member that may share the image further; of an image without owner none may.
    Source: docs/api/v1.md, "Members".
    """
    if not may_change(caller, owner) and (owner is None or not may_share):
        raise OnlyShared("You are not permitted to say with whom this image is shared.")
    if visibility is not Visibility.PUBLIC:
        check_is_shared(visibility)


def check_is_shared(visibility: Visibility) -> None:
    """Raises Refused, naming the visibility, for an image that is shared with nobody, whoever its members are."""
    if visibility is not Visibility.SHARED:
        raise Refused(f"Only shared images have members; the visibility of this image is {visibility}.")


def check_is_own(caller: Caller, owner: str | None) -> None:
    """Raises Refused unless *caller* may say to whom an image of *owner* is offered; no member may, not even a v1 one that may
    share it further. Source: docs/api/v2.md, "Members".
    """
    if not may_change(caller, owner):
        raise Refused("You are not permitted to say to whom this image is offered.")


def check_may_answer(caller: Caller, member: str) -> None:
    """Raises Refused unless *caller* may say whether *member* accepts an image: its owner may not."""
    if not caller.is_admin and caller.project != member:
        raise Refused("Whether a member accepts an image is for that member to say.")
