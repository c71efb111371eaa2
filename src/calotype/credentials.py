"""The first accounts' passwords, and the files by which clients find them: DATA/clouds.yaml and DATA/openrc.

DATA/credentials.json is made once and is what the other two are written from. All three are for their owner's eyes only.
Source: docs/operate/accounts.md.
"""

import json
import os
import shlex
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import msgspec

from calotype.auth import passwords
from calotype.domain.accounts import DOMAIN_NAME
from calotype.domain.callers import Role
from calotype.domain.errors import Invalid
from calotype.service.accounts import Accounts, FirstAccount

FILE_NAME: Final = "credentials.json"
REGION: Final = "RegionOne"
_IDENTITY_PATH: Final = "/identity/v3"
_FOR_OWNER_ONLY: Final = 0o600

#: A shell may still hold what another cloud's file has set, and clients obey that first.
_IN_THE_WAY: Final = (
    "OS_CLOUD OS_TOKEN OS_AUTH_TYPE OS_SYSTEM_SCOPE OS_DOMAIN_ID OS_DOMAIN_NAME OS_USER_ID OS_USER_DOMAIN_ID "
    "OS_PROJECT_ID OS_PROJECT_DOMAIN_ID OS_TENANT_ID OS_TENANT_NAME"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What one cloud of clouds.yaml logs in with."""

    username: str
    password: str = field(repr=False)
    project_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The logins this folder knows: of an ordinary project's user, and of an admin."""

    base_url: str
    ordinary: Login
    admin: Login


def prepare(folder: Path, base_url: str, accounts: Accounts) -> str | None:
    """Make the first accounts if there are none, and write the files anew for *base_url*.

    Gives a sentence for the operator if accounts exist whose passwords this folder does not know: then nothing is
    changed. Raises Invalid if credentials.json is not what was written there, OSError if *folder* cannot be written to.
    """
    known = read(folder)
    if known is None:
        if accounts.has_accounts():
            return _nobody_knows(folder)
        known = _new(base_url)
        # Before the accounts: passwords that are in no file could not be used by anybody.
        _write(folder / FILE_NAME, _json(known))
        if not accounts.ensure_first_accounts(_first_accounts(known)):
            (folder / FILE_NAME).unlink()
            return _nobody_knows(folder)
    else:
        accounts.ensure_first_accounts(_first_accounts(known))
    write(folder, replace(known, base_url=base_url))
    return None


def read(folder: Path) -> Credentials | None:
    """What credentials.json says; None without such a file. Raises Invalid if it is damaged."""
    path = folder / FILE_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Credentials)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise Invalid("credentials", path, "the file is not what Calotype wrote; put it right or remove it") from error


def write(folder: Path, credentials: Credentials) -> None:
    """Put *credentials* into the three files, each whole or as it was before."""
    _write(folder / FILE_NAME, _json(credentials))
    _write(folder / "clouds.yaml", clouds_yaml(credentials))
    _write(folder / "openrc", openrc(credentials))


def remember(folder: Path, username: str, password: str) -> bool:
    """Put the user's new password into the files; False if they do not speak of this user."""
    known = read(folder)
    if known is None:
        return False
    if username == known.ordinary.username:
        write(folder, replace(known, ordinary=replace(known.ordinary, password=password)))
    elif username == known.admin.username:
        write(folder, replace(known, admin=replace(known.admin, password=password)))
    else:
        return False
    return True


def clouds_yaml(credentials: Credentials) -> str:
    """The clouds `calotype` and `calotype-admin`, in block style."""
    return "\n".join(
        [
            "# Written by Calotype at each start. To use it: export OS_CLIENT_CONFIG_FILE=<this file>",
            "clouds:",
            *_cloud("calotype", credentials.base_url, credentials.ordinary),
            *_cloud("calotype-admin", credentials.base_url, credentials.admin),
            "",
        ]
    )


def _cloud(name: str, base_url: str, login: Login) -> Iterator[str]:
    yield f"  {name}:"
    yield "    auth:"
    for key, value in {
        "auth_url": base_url + _IDENTITY_PATH,
        "username": login.username,
        "password": login.password,
        "project_name": login.project_name,
        "user_domain_name": DOMAIN_NAME,
        "project_domain_name": DOMAIN_NAME,
    }.items():
        # JSON's quotes are YAML's too.
        yield f"      {key}: {json.dumps(value, ensure_ascii=False)}"
    yield "    identity_api_version: 3"
    yield f"    region_name: {REGION}"
    yield "    interface: public"


def openrc(credentials: Credentials) -> str:
    """The ordinary user's login for a shell."""
    login = credentials.ordinary
    variables = {
        "OS_AUTH_URL": credentials.base_url + _IDENTITY_PATH,
        "OS_IDENTITY_API_VERSION": "3",
        "OS_USERNAME": login.username,
        "OS_PASSWORD": login.password,
        "OS_PROJECT_NAME": login.project_name,
        "OS_USER_DOMAIN_NAME": DOMAIN_NAME,
        "OS_PROJECT_DOMAIN_NAME": DOMAIN_NAME,
        "OS_REGION_NAME": REGION,
        "OS_INTERFACE": "public",
        "OS_ENDPOINT_TYPE": "publicURL",
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join(
        ["# Written by Calotype at each start. To use it: . <this file>", f"unset {_IN_THE_WAY}", *lines, ""]
    )


def _new(base_url: str) -> Credentials:
    return Credentials(
        base_url=base_url,
        ordinary=Login(username="calotype", password=passwords.generated(), project_name="calotype"),
        admin=Login(username="admin", password=passwords.generated(), project_name="admin"),
    )


def _first_accounts(credentials: Credentials) -> list[FirstAccount]:
    roles = ((credentials.ordinary, Role.MEMBER), (credentials.admin, Role.ADMIN))
    return [
        FirstAccount(user=login.username, password=login.password, project=login.project_name, role=role)
        for login, role in roles
    ]


def _nobody_knows(folder: Path) -> str:
    return (
        f"There are accounts in the catalogue, but no {folder / FILE_NAME} that knows their passwords: "
        "they are left alone; `calotype user set-password NAME` gives one a new password."
    )


def _json(credentials: Credentials) -> str:
    return msgspec.json.format(msgspec.json.encode(credentials), indent=2).decode() + "\n"


def _write(path: Path, text: str) -> None:
    """Make *text* the content of *path*, durably and at once; nothing is done if it is already."""
    content = text.encode()
    if _holds(path, content):
        return
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _holds(path: Path, content: bytes) -> bool:
    try:
        return stat.S_IMODE(path.stat().st_mode) == _FOR_OWNER_ONLY and path.read_bytes() == content
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
