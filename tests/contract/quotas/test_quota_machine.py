"""Whatever is done in whatever order: usage is what there is, and no step takes a project further over its quota."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test
from ledger import PROJECTS, Totals, counted, held, let_leases_run_out, set_quota

from calotype.catalogue import tables
from calotype.domain.errors import CalotypeError
from calotype.domain.images import Status
from calotype.service.changes import Change
from calotype.service.housekeeping import Housekeeping
from calotype.service.upload import Declared, Upload
from unit.transfers.studio import ADMIN, Studio, raw_image

OWNERS = st.sampled_from([*PROJECTS, "elsewhere", None])
FEW, BYTES = st.integers(0, 4), st.integers(0, 40)
FAILURES = st.sampled_from([Status.KILLED, Status.QUEUED])


class Machine(RuleBasedStateMachine):
    """Records and uploads of three projects with quotas, of an owner that is no project, and of nobody."""

    images = Bundle("images")
    uploads = Bundle("uploads")

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.studio = studio
        self.before: Totals = {}
        self.ended: set[Upload] = set()
        self.quotas: dict[tuple[str, str], int | None] = {}
        with studio.catalogue.writing() as connection:
            for table in (tables.images, tables.used_ids, tables.blobs, tables.uploads, tables.usage):
                connection.execute(table.delete())
        for project in PROJECTS:
            self.set_quota(project, None, None)

    def tried(self, do: Callable[[], Any]) -> Any:
        """What *do* gives, or None where it is refused."""
        try:
            return do()
        except CalotypeError:
            return None

    @rule(project=st.sampled_from(PROJECTS), size_bytes=st.none() | BYTES, images=st.none() | FEW)
    def set_quota(self, project: str, size_bytes: int | None, images: int | None) -> None:
        set_quota(self.studio, project, size_bytes=size_bytes, images=images)
        self.quotas |= {(project, "bytes"): size_bytes, (project, "images"): images}

    @rule(target=images, owner=OWNERS, size_bytes=BYTES)
    def create(self, owner: str | None, size_bytes: int) -> str:
        made = self.tried(lambda: self.studio.images.create(ADMIN, raw_image(owner=owner, size_bytes=size_bytes)))
        return made.id if made is not None else ""

    @rule(target=uploads, owner=OWNERS, size_bytes=st.none() | BYTES, on_failure=FAILURES)
    def begin_new(self, owner: str | None, size_bytes: int | None, on_failure: Status) -> Upload | None:
        new, declared = raw_image(owner=owner), Declared(body_bytes=size_bytes)
        begun: Upload | None = self.tried(
            lambda: self.studio.uploads.begin_new(ADMIN, new, declared, on_failure=on_failure)
        )
        return begun

    @rule(
        target=uploads, image_id=images, size_bytes=st.none() | BYTES, on_failure=FAILURES, owner=st.just("") | OWNERS
    )
    def begin(self, image_id: str, size_bytes: int | None, on_failure: Status, owner: str | None) -> Upload | None:
        change = None if owner == "" else Change(owner=owner)
        declared = Declared(body_bytes=size_bytes)
        begun: Upload | None = self.tried(
            lambda: self.studio.uploads.begin(ADMIN, image_id, declared, on_failure=on_failure, change=change)
        )
        return begun

    @rule(upload=uploads, size_bytes=BYTES)
    def write(self, upload: Upload | None, size_bytes: int) -> None:
        if upload is not None and upload not in self.ended:
            try:
                upload.write(bytes(size_bytes))
            except CalotypeError:
                self.ended.add(upload)

    @rule(target=images, upload=consumes(uploads))
    def finish(self, upload: Upload | None) -> str:
        if upload is not None and upload not in self.ended:
            self.tried(upload.finish)
        return upload.image_id if upload is not None else ""

    @rule(target=images, upload=consumes(uploads))
    def give_up(self, upload: Upload | None) -> str:
        if upload is not None:
            upload.give_up("of the machine")
        return upload.image_id if upload is not None else ""

    @rule(image_id=images, owner=OWNERS)
    def give(self, image_id: str, owner: str | None) -> None:
        self.tried(lambda: self.studio.images.update(ADMIN, image_id, Change(owner=owner), purge=False))

    @rule(upload=uploads, owner=OWNERS)
    def give_while_data_arrive(self, upload: Upload | None, owner: str | None) -> None:
        if upload is not None:
            self.give(upload.image_id, owner)

    @rule(image_id=images)
    def delete(self, image_id: str) -> None:
        self.tried(lambda: self.studio.deletions.delete(ADMIN, image_id))

    @rule(upload=uploads)
    def delete_while_data_arrive(self, upload: Upload | None) -> None:
        if upload is not None:
            self.delete(upload.image_id)

    @rule()
    def lose_all_uploads(self) -> None:
        let_leases_run_out(self.studio)
        list(Housekeeping(self.studio.catalogue, self.studio.stores, self.studio.clock).uploads())

    @invariant()
    def usage_is_what_there_is(self) -> None:
        now = counted(self.studio.catalogue)
        assert now == held(self.studio.catalogue)
        for key, value in now.items():
            quota = self.quotas.get(key)
            assert quota is None or value <= max(quota, self.before.get(key, 0)), key
        self.before = now

    @invariant()
    def no_upload_has_stored_more_than_it_reserved(self) -> None:
        for row in self.studio.rows(tables.uploads):
            stored = sum(path.stat().st_size for path in self.studio.folder.rglob(f"{row.blob_key}*"))
            assert stored <= row.bytes_reserved


@pytest.mark.hypothesis
def test_usage_is_what_there_is_after_any_steps(studio: Studio) -> None:
    many = settings.get_current_profile_name() == "proof"
    machine = settings(max_examples=100 if many else 8, stateful_step_count=40, deadline=None)

    run_state_machine_as_test(lambda: Machine(studio), settings=machine)
