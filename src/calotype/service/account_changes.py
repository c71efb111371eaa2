"""What changes about projects and users, as the audit log tells it: no description, no address, and of a password only that."""

from collections.abc import Mapping

from calotype.domain.accounts import Project, User
from calotype.domain.audit import Changed, Said


def of_project(project: Project, was: Project | None = None) -> Changed:
    """What is other than it *was*; None: the project is new."""
    return _differences(project, was, ("name", "is_enabled"), ("description",))


def of_user(user: User, was: User | None = None, *, has_other_password: bool = False) -> Changed:
    """What is other than it *was*; None: the user is new."""
    said = _differences(user, was, ("name", "is_enabled", "default_project_id"), ("description", "email"))
    return {**said, "password": None} if has_other_password else said


def of_quotas(were: tuple[int | None, int | None] | None, quotas: Mapping[str, int | None]) -> Changed:
    """Those of bytes and of images that are set, beside what they *were*."""
    before = dict(zip(("quota_bytes", "quota_images"), were or (None, None), strict=True))
    return {name: (before[name], most) for name, most in quotas.items()}


def _differences(
    account: Project | User, was: Project | User | None, told: tuple[str, ...], named: tuple[str, ...]
) -> Changed:
    said: dict[str, Said] = {}
    for field in (*told, *named):
        before, after = getattr(was, field, None), getattr(account, field)
        if before != after and (after or was is not None):
            said[field.removeprefix("is_")] = (before, after) if field in told else None
    return said
