"""What the queries of identity's lists ask for. Parameters we do not know are ignored, as Keystone ignores them.

Source: openstack/keystone:keystone/api/{projects,users,role_assignments}.py; docs/api/identity.md, "Lists".
"""

from collections.abc import Mapping

from calotype.domain.accounts import DOMAIN_ID, names_our_domain
from calotype.domain.directory import AssignmentQuery, DirectoryQuery, require_limit
from calotype.domain.errors import Invalid
from calotype.http import queries

_TRUE = ("", "1", "t", "true", "on", "y", "yes")
_FALSE = ("0", "f", "false", "off", "n", "no")

#: Of things we have not: whatever their value, nothing has them.
_OF_PROJECTS_WE_HAVE_NOT = ("tags", "tags-any")
_OF_USERS_WE_HAVE_NOT = ("idp_id", "protocol_id", "unique_id", "password_expires_at")
_OF_ASSIGNMENTS_WE_HAVE_NOT = ("group.id", "scope.domain.id", "scope.system", "scope.OS-INHERIT:inherited_to")


def read_project_query(raw_query: str) -> DirectoryQuery:
    """Raises Invalid for a flag, a limit or a query that cannot be read, and for comparisons other than equality."""
    given = _given(raw_query)
    is_elsewhere = any(given.get(name, DOMAIN_ID) != DOMAIN_ID for name in ("domain_id", "parent_id"))
    is_domain = bool(_flag(given, "is_domain"))
    return _query(given, nothing=is_elsewhere or is_domain or any(name in given for name in _OF_PROJECTS_WE_HAVE_NOT))


def read_user_query(raw_query: str) -> DirectoryQuery:
    """Raises Invalid as `read_project_query`."""
    given = _given(raw_query)
    is_elsewhere = given.get("domain_id", DOMAIN_ID) != DOMAIN_ID
    return _query(given, nothing=is_elsewhere or any(name in given for name in _OF_USERS_WE_HAVE_NOT))


def finds_domain(raw_query: str) -> bool:
    """True if a list of domains has the one we have. Raises Invalid as `read_project_query`."""
    given = _given(raw_query)
    return names_our_domain(given.get("name", DOMAIN_ID)) and _flag(given, "enabled") is not False


def read_role_name(raw_query: str) -> str | None:
    """The name of the roles a list asks for, None for all; `domain_id` asks for a domain's own roles: there are none."""
    given = _given(raw_query)
    return "" if "domain_id" in given else given.get("name")


def read_assignment_query(raw_query: str) -> tuple[AssignmentQuery, bool]:
    """Which role assignments, and whether with names. Raises Invalid for filters that exclude each other."""
    given = _given(raw_query)
    _check_assignment_filters(given)
    query = AssignmentQuery(
        user_id=given.get("user.id"),
        project_id=given.get("scope.project.id"),
        role=given.get("role.id"),
        nothing=any(name in given for name in _OF_ASSIGNMENTS_WE_HAVE_NOT),
    )
    return query, _is_asked(given, "include_names")


def _check_assignment_filters(given: Mapping[str, str]) -> None:
    scopes = [name for name in ("scope.domain.id", "scope.project.id", "scope.system") if given.get(name)]
    if len(scopes) > 1:
        raise Invalid("scope", ", ".join(scopes), "one assignment has one scope")
    if given.get("user.id") and given.get("group.id"):
        raise Invalid("group.id", given["group.id"], "specify a user or a group, not both")
    if given.get("group.id") and _is_asked(given, "effective"):
        raise Invalid("group.id", given["group.id"], "effective assignments are users'")
    if _is_asked(given, "include_subtree") and not given.get("scope.project.id"):
        raise Invalid("include_subtree", given["include_subtree"], "scope.project.id must be specified with it")


def _given(raw_query: str) -> dict[str, str]:
    given = dict(queries.parse(raw_query))
    for name in given:
        if name.startswith("name__"):  # to ignore it would answer with what was not asked for
            raise Invalid(name, given[name], "names are compared as a whole")
    return given


def _query(given: Mapping[str, str], *, nothing: bool) -> DirectoryQuery:
    return DirectoryQuery(
        name=given.get("name"),
        is_enabled=_flag(given, "enabled"),
        nothing=nothing,
        limit=require_limit(given["limit"]) if "limit" in given else None,
        marker=given.get("marker"),
    )


def _flag(given: Mapping[str, str], name: str) -> bool | None:
    """None if it is not given; without value it is True, as in Keystone."""
    text = given.get(name)
    if text is None:
        return None
    if text.lower() not in (*_TRUE, *_FALSE):
        raise Invalid(name, text, "neither true nor false")
    return text.lower() in _TRUE


def _is_asked(given: Mapping[str, str], name: str) -> bool:
    """Any value but 0 asks for it, as in Keystone."""
    return given.get(name, "0") != "0"
