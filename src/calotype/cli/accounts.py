"""`calotype project`, `calotype user` and `calotype role`: the embedded identity's accounts, also while `serve` runs."""

import getpass
import sys
import warnings
from typing import Annotated, Literal

from cyclopts import App, Parameter

from calotype import credentials
from calotype.auth import passwords
from calotype.cli.opening import open_accounts
from calotype.cli.output import Format, Value, print_one, print_rows
from calotype.config import DataOptions, Settings
from calotype.domain.accounts import Project, User
from calotype.domain.callers import Role
from calotype.domain.errors import CalotypeError, Invalid
from calotype.service.accounts import Same

project = App("project", help="Create, list and delete projects, which own images, and set their quotas.")
user = App("user", help="Create, list, disable and delete users, and set their passwords.")
role = App("role", help="Say what users may do in projects: reader, member, admin or service.")

_DEFAULTS = Settings()


#: Not given: as it is.
Quota = int | Literal["none"] | None


@project.command(name="create")
def create_project(name: str, /, *, output: Format = "table", settings: DataOptions = _DEFAULTS) -> None:
    """Create the project NAME and print it."""
    with open_accounts(settings) as accounts:
        print_one(_project_row(accounts.create_project(name)), output)


@project.command(name="list")
def list_projects(*, output: Format = "table", settings: DataOptions = _DEFAULTS) -> None:
    """Print every project."""
    with open_accounts(settings) as accounts:
        quotas = accounts.quotas()
        rows = [{**_project_row(each), **_quota_row(quotas.get(each.id))} for each in accounts.projects()]
    print_rows(rows, ("name", "id", "enabled", "quota_bytes", "quota_images"), output)


@project.command(name="set")
def set_project(
    name: str,
    /,
    *,
    quota_bytes: Quota = None,
    quota_images: Quota = None,
    settings: DataOptions = _DEFAULTS,
) -> None:
    """Change the quotas of the project NAME; one that is not named stays as it is.

    Parameters
    ----------
    quota_bytes
        Bytes that its images may hold together; none: any number.
    quota_images
        Images that it may have; none: any number.
    """
    if quota_bytes is None and quota_images is None:
        raise CalotypeError("There is nothing to set; name --quota-bytes, --quota-images or both.")
    with open_accounts(settings) as accounts:
        accounts.set_quota(name, size_bytes=_most(quota_bytes), images=_most(quota_images))


@project.command(name="delete")
def delete_project(name: str, /, *, settings: DataOptions = _DEFAULTS) -> None:
    """Delete the project NAME; refused while it owns images."""
    with open_accounts(settings) as accounts:
        accounts.delete_project(name)


@user.command(name="create")
def create_user(
    name: str,
    /,
    *,
    default_project: Annotated[str | None, Parameter(name="--project")] = None,
    output: Format = "table",
    settings: DataOptions = _DEFAULTS,
) -> None:
    """Create the user NAME with a new password, which is printed this once.

    Parameters
    ----------
    default_project
        Project that logins are for when they name none; the user still needs a role there.
    """
    password = passwords.generated()
    with open_accounts(settings) as accounts:
        created = accounts.create_user(name, password, default_project)
    print_one({**_user_row(created, default_project), "password": password}, output)


@user.command(name="list")
def list_users(*, output: Format = "table", settings: DataOptions = _DEFAULTS) -> None:
    """Print every user."""
    with open_accounts(settings) as accounts:
        names = {each.id: each.name for each in accounts.projects()}
        rows = [_user_row(each, names.get(each.default_project_id or "")) for each in accounts.users()]
    print_rows(rows, ("name", "id", "enabled", "default_project"), output)


@user.command(name="delete")
def delete_user(name: str, /, *, settings: DataOptions = _DEFAULTS) -> None:
    """Delete the user NAME; projects and images stay."""
    with open_accounts(settings) as accounts:
        accounts.delete_user(name)


@user.command(name="disable")
def disable_user(name: str, /, *, settings: DataOptions = _DEFAULTS) -> None:
    """Let the user NAME log in no more, by password or application credential, and end the user's tokens."""
    with open_accounts(settings) as accounts:
        accounts.set_enabled(name, is_enabled=False)


@user.command(name="enable")
def enable_user(name: str, /, *, settings: DataOptions = _DEFAULTS) -> None:
    """Let the user NAME log in again."""
    with open_accounts(settings) as accounts:
        accounts.set_enabled(name, is_enabled=True)


@user.command(name="set-password")
def set_password(name: str, /, *, password_stdin: bool = False, settings: DataOptions = _DEFAULTS) -> None:
    """Give the user NAME a new password, asked for twice; whoever is logged in with the old one is logged out.

    Parameters
    ----------
    password_stdin
        Take the password from the first line of standard input instead.
    """
    password = _first_line() if password_stdin else _asked_twice()
    with open_accounts(settings) as accounts:
        accounts.set_password(name, password)
    credentials.remember(settings.serve.data_dir, name, password)


@role.command
def grant(name: Role, /, *, user: str, project: str, settings: DataOptions = _DEFAULTS) -> None:
    """Give the user the role NAME in the project."""
    with open_accounts(settings) as accounts:
        accounts.grant(name, user, project)


@role.command
def revoke(name: Role, /, *, user: str, project: str, settings: DataOptions = _DEFAULTS) -> None:
    """Take the role NAME in the project away from the user."""
    with open_accounts(settings) as accounts:
        accounts.revoke(name, user, project)


def _project_row(each: Project) -> dict[str, Value]:
    return {"name": each.name, "id": each.id, "enabled": each.is_enabled}


def _most(quota: Quota) -> int | Same | None:
    """What the service is told of *quota*."""
    if quota is None:
        return Same.SAME
    return None if quota == "none" else quota


def _quota_row(quota: tuple[int | None, int | None] | None) -> dict[str, Value]:
    size_bytes, images = quota or (None, None)
    return {"quota_bytes": size_bytes, "quota_images": images}


def _user_row(each: User, default_project: str | None) -> dict[str, Value]:
    return {"name": each.name, "id": each.id, "enabled": each.is_enabled, "default_project": default_project}


def _first_line() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _asked_twice() -> str:
    """Raises CalotypeError where nobody can answer unseen."""
    with warnings.catch_warnings():
        # Without a terminal getpass would warn, show its question, and read from standard input all the same.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            password = getpass.getpass("New password: ")
            again = getpass.getpass("Again: ")
        except (getpass.GetPassWarning, EOFError) as error:
            raise CalotypeError(
                "There is no terminal to ask for the password at; give it with --password-stdin."
            ) from error
    if again != password:
        raise Invalid("password", "***", "the two are not the same")
    return password
