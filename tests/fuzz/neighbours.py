"""Two tenants, what they keep from each other, and an admin, in a service that runs as an operator starts it.

A *sign* stands for what is known only once the service runs: `@ada.lent@` is the id of an image of Ada's. Requests are
written with signs, so that the same ones are sent in every run; `@ada.lent:upper@` and `:bare` are other spellings.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import token_hex
from uuid import uuid4

import wires
from wires import Answer

from calotype.catalogue import images, members
from calotype.catalogue.engine import Catalogue, CatalogueOptions
from calotype.domain.accounts import ById, PasswordProof
from calotype.domain.callers import Role
from calotype.domain.images import Image, Member, Status, Visibility
from calotype.service.accounts import Accounts
from servers import Server

SIGN = re.compile(rb"@([a-z]+\.[a-z_]+)(?::([a-z]+))?@")
_SPELLINGS = {"": str, "upper": str.upper, "bare": lambda text: text.replace("-", "")}

#: Images that Ada keeps for herself or lends to Carol, each in another state or of another visibility.
PRIVATE_STATES = {
    "private": (Visibility.PRIVATE, Status.ACTIVE),
    "unshared": (Visibility.SHARED, Status.ACTIVE),
    "queued": (Visibility.SHARED, Status.QUEUED),
    "saving": (Visibility.SHARED, Status.SAVING),
    "killed": (Visibility.SHARED, Status.KILLED),
    "deactivated": (Visibility.PRIVATE, Status.DEACTIVATED),
    "pending": (Visibility.SHARED, Status.PENDING_DELETE),
    "gone": (Visibility.PUBLIC, Status.DELETED),
}


@dataclass(frozen=True)
class Sent:
    """What went out, and the signs that were in it: what a request says itself is no secret in its answer."""

    bytes: bytes
    signs: frozenset[str]


@dataclass
class Neighbours:
    """Ada and Carol keep secrets; Bob, with a member's rights, and Eve, with a reader's, are after them; Root is an admin.

    *known*: every sign's meaning. *secrets*: the signs that neither Bob nor Eve may learn.
    """

    server: Server
    accounts: Accounts
    catalogue: Catalogue
    known: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)

    def spell(self, template: bytes) -> Sent:
        """*template* with each sign's meaning; one that is not known is an id that nobody has, the same within *template*."""
        signs: set[str] = set()
        unknown: dict[str, str] = {}

        def meaning(match: re.Match[bytes]) -> bytes:
            sign, spelling = match[1].decode(), (match[2] or b"").decode()
            signs.add(sign)
            text = self.known.get(sign) or unknown.setdefault(sign, self._nobodys(sign))
            return _SPELLINGS.get(spelling, str)(text).encode()

        return Sent(SIGN.sub(meaning, template), frozenset(signs))

    def say(self, template: bytes) -> tuple[Sent, list[Answer]]:
        """All answers to *template* on a connection of its own, after which our half of it is ended."""
        sent = self.spell(template)
        return sent, wires.talk(self.server.host, self.server.port, sent.bytes)

    def ask(self, method: str, path: str, who: str, headers: str = "", body: bytes = b"") -> Answer:
        """The answer to one plain request; *headers* are whole lines."""
        head = f"{method} {path} HTTP/1.1\r\nHost: h\r\nX-Auth-Token: @{who}.token@\r\n{headers}"
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        _, answers = self.say(f"{head}{length}Connection: close\r\n\r\n".encode() + body)
        assert len(answers) == 1, answers
        return answers[0]

    def leaks(self, sent: Sent, said: bytes) -> list[str]:
        """The secrets in *said* that were not in what was *sent*."""
        told = {self.known[sign] for sign in sent.signs if sign in self.known}
        hidden = {sign: self.known[sign] for sign in self.secrets}
        return [sign for sign, text in hidden.items() if text not in told and text.encode() in said]

    def add_person(self, who: str, role: Role) -> None:
        """A user with *role* in a project of its own."""
        marks = {"user_name": token_hex(8), "project_name": token_hex(8), "password": token_hex(8)}
        project = self.accounts.create_project(marks["project_name"])
        user = self.accounts.create_user(marks["user_name"], marks["password"], project.name)
        self.accounts.grant(role, user.name, project.name)
        marks |= {"user": user.id, "project": project.id}
        self.known |= {f"{who}.{name}": text for name, text in marks.items()}
        self.refresh(who)

    def refresh(self, who: str) -> None:
        """A new token for *who*."""
        proof = PasswordProof(ById(self.known[f"{who}.user"]), self.known[f"{who}.password"])
        issued = self.accounts.logins.log_in([proof], ById(self.known[f"{who}.project"]))
        self.known[f"{who}.token"] = issued.secret

    def keep_alive(self, who: str, role: Role) -> None:
        """*who* has a good token again, whatever was done to it, or to user and project."""
        if self.ask("GET", "/v3/auth/catalog", who).status == 200:
            return
        try:
            self.refresh(who)
        except Exception:  # noqa: BLE001 -- whatever the reason, the account is beyond use
            self.add_person(who, role)

    def add_images(self) -> None:
        for name, (visibility, status) in PRIVATE_STATES.items():
            self._plant(f"ada.{name}", visibility, status)
        self._plant("ada.lent", Visibility.SHARED, Status.ACTIVE, Member(project=self.known["carol.project"]))
        self._plant("ada.protected", Visibility.SHARED, Status.ACTIVE, is_protected=True)
        self._plant("bob.image", Visibility.SHARED, Status.ACTIVE)
        self._plant("bob.queued", Visibility.SHARED, Status.QUEUED)
        self._plant("bob.gone", Visibility.SHARED, Status.DELETED)
        self._plant("eve.image", Visibility.SHARED, Status.ACTIVE)
        self._plant("root.image", Visibility.PUBLIC, Status.ACTIVE)
        self._upload()
        self._add_credentials()
        self.secrets = {sign for sign in self.known if sign.startswith(("ada.", "carol."))}
        self.secrets |= {"root.password", "root.token"}

    def _plant(
        self, sign: str, visibility: Visibility, status: Status, *shared_with: Member, is_protected: bool = False
    ) -> None:
        """An image whose every free text is a mark."""
        owner, _name = sign.split(".")
        marks = {f"{sign}_{part}": token_hex(8) for part in ("name", "property", "value", "tag", "checksum")}
        now = datetime.now(UTC)
        image = Image(
            id=str(uuid4()),
            name=marks[f"{sign}_name"],
            owner=self.known[f"{owner}.project"],
            visibility=visibility,
            status=status,
            disk_format="raw",
            container_format="bare",
            size_bytes=4,
            checksum=marks[f"{sign}_checksum"],
            is_protected=is_protected,
            created_at=now,
            updated_at=now,
            deleted_at=now if status in (Status.DELETED, Status.PENDING_DELETE) else None,
            properties={marks[f"{sign}_property"]: marks[f"{sign}_value"]},
            tags=(marks[f"{sign}_tag"],),
        )
        with self.catalogue.writing() as connection:
            images.insert_image(connection, image)
            if shared_with:
                members.insert_members(connection, image, shared_with)
        self.known |= {sign: image.id, **marks}

    def _upload(self) -> None:
        """An image of Ada's that has data, and one of Bob's."""
        for who in ("ada", "bob"):
            data = token_hex(8)
            meta = "x-image-meta-disk_format: raw\r\nx-image-meta-container_format: bare\r\n"
            kind = "Content-Type: application/octet-stream\r\n"
            answer = self.ask("POST", "/v1/images", who, meta + kind, data.encode())
            image = answer.json["image"]
            marks = {"stored": image["id"], "stored_checksum": image["checksum"], "stored_data": data}
            self.known |= {f"{who}.{name}": text for name, text in marks.items()}

    def _add_credentials(self) -> None:
        """An application credential each, of which the secret is told once and to its user alone."""
        for who in ("ada", "bob"):
            marks = {"application_credential_name": token_hex(8), "application_credential_secret": token_hex(8)}
            body = {"application_credential": {"name": next(iter(marks.values())), "secret": list(marks.values())[1]}}
            path = f"/v3/users/@{who}.user@/application_credentials"
            answer = self.ask("POST", path, who, "Content-Type: application/json\r\n", json.dumps(body).encode())
            marks["application_credential"] = answer.json["application_credential"]["id"]
            self.known |= {f"{who}.{name}": text for name, text in marks.items()}

    @staticmethod
    def _nobodys(sign: str) -> str:
        if sign.endswith("name"):
            return token_hex(8)
        return str(uuid4()) if sign.endswith("image") else uuid4().hex


def move_in(server: Server) -> Neighbours:
    """The neighbours in *server*, which keeps its catalogue in SQLite. Their catalogue must be closed."""
    catalogue = Catalogue(
        CatalogueOptions(url=f"sqlite:///{server.folder / 'catalogue.sqlite'}", is_durable=False),
    )
    neighbours = Neighbours(server, Accounts(catalogue, lambda: datetime.now(UTC)), catalogue)
    for who, role in ROLES.items():
        neighbours.add_person(who, role)
    neighbours.add_images()
    return neighbours


ROLES = {"ada": Role.MEMBER, "carol": Role.MEMBER, "bob": Role.MEMBER, "eve": Role.READER, "root": Role.ADMIN}
