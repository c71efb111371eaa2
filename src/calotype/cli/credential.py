"""`calotype credential`: application credentials, by which programs log in without their user's password."""

from datetime import UTC, datetime
from typing import Annotated

from cyclopts import App, Parameter

from calotype.cli.opening import open_accounts
from calotype.cli.output import Format, Value, print_one, print_rows
from calotype.config import DataOptions, Settings
from calotype.domain.application_credentials import ApplicationCredential, Wanted
from calotype.domain.callers import Role

app = App("credential", help="Let programs log in without their user's password: application credentials.")

_DEFAULTS = Settings()

_COLUMNS = ("name", "id", "user", "project", "roles", "unrestricted", "expires_at")


@app.command
def create(
    name: str,
    /,
    *,
    user: str,
    project: str,
    role: tuple[Role, ...] = (),
    description: str | None = None,
    expires_at: datetime | None = None,
    unrestricted: Annotated[bool, Parameter(negative=())] = False,
    output: Format = "table",
    settings: DataOptions = _DEFAULTS,
) -> None:
    """Create the application credential NAME with a new secret, which is printed this once.

    Parameters
    ----------
    user
        User it logs in as.
    project
        Project its tokens are for.
    role
        Role its tokens have, once for each; without it all roles that the user has there now.
    description
        What it is for.
    expires_at
        Time of its end, like 2030-01-31T12:00:00, in UTC if it names no zone; without it, it stays.
    unrestricted
        Let its tokens make and delete other application credentials.
    """
    wanted = Wanted(
        name=name,
        roles=role,
        description=description,
        is_unrestricted=unrestricted,
        expires_at=None if expires_at is None else _in_utc(expires_at),
    )
    with open_accounts(settings) as accounts:
        issued = accounts.application_credentials.create_for(user, project, wanted)
    print_one({**_row(issued.credential, user, project), "secret": issued.secret}, output)


@app.command(name="list")
def list_all(*, user: str | None = None, output: Format = "table", settings: DataOptions = _DEFAULTS) -> None:
    """Print every application credential, without secrets.

    Parameters
    ----------
    user
        Only those of this user.
    """
    with open_accounts(settings) as accounts:
        rows = [_row(*each) for each in accounts.application_credentials.all_of(user)]
    print_rows(rows, _COLUMNS, output)


@app.command
def delete(name: str, /, *, user: str, settings: DataOptions = _DEFAULTS) -> None:
    """Delete the user's application credential NAME and the tokens got with it."""
    with open_accounts(settings) as accounts:
        accounts.application_credentials.delete_of(user, name)


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _row(each: ApplicationCredential, user: str, project: str) -> dict[str, Value]:
    return {
        "name": each.name,
        "id": each.id,
        "user": user,
        "project": project,
        "roles": " ".join(each.roles),
        "unrestricted": each.is_unrestricted,
        "expires_at": None if each.expires_at is None else each.expires_at.isoformat(),
    }
