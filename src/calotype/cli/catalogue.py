"""`calotype catalogue`: image records in bulk, in and out. The format is docs/operate/catalogue-files.md."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
from cyclopts import App, Parameter

from calotype.catalogue import dumping, loading, schema
from calotype.catalogue.batches import BadLine
from calotype.catalogue.engine import Catalogue
from calotype.catalogue.record_files import STANDARD, BadFile, open_lines, write_lines
from calotype.cli.load_progress import shown_progress
from calotype.cli.opening import open_audit, open_catalogue
from calotype.config import DataOptions, Settings
from calotype.domain.audit import Act
from calotype.domain.errors import CalotypeError
from calotype.processes import folders
from calotype.service.audit import tell, turn_into


def _refuse_options(_type: object, name: str) -> None:
    if name.startswith("-") and name != STANDARD:
        raise ValueError(f"there is no such option; a file of that name is ./{name}")


FileName = Annotated[str, Parameter(allow_leading_hyphen=True, validator=_refuse_options)]

app = App("catalogue", help="Load and dump image records in bulk; no image data travels with them.")


@app.command
def load(
    file: FileName,
    /,
    *,
    resume: Annotated[bool, Parameter(negative="")] = False,
    skip_bad: Path | None = None,
    settings: DataOptions = Settings(),  # noqa: B008 -- frozen
) -> None:
    """Put the records of a catalogue file into the catalogue.

    Parameters
    ----------
    file
        One JSON object a line; plain, `.gz` or `.zst`, `-` for standard input.
    resume
        Go on behind the last line that an interrupted load of this file has committed.
    skip_bad
        Write bad lines and what is wrong with them to this file and go on, instead of stopping at the first.
    """
    with (
        open_audit(settings) as audit,
        _opened(settings) as catalogue,
        open_lines(file) as lines,
        _report(skip_bad, resume=resume) as report,
        shown_progress(lines.share_done) as tell,
    ):
        schema.prepare(catalogue, upgrade=settings.serve.upgrade)
        what = loading.Load(
            source=file if file == STANDARD else str(Path(file).resolve()),
            lines=iter(lines),
            now=datetime.now(UTC),
            resume=resume,
            skip_bad=report,
            tell=tell,
        )
        try:
            with audit.watch(Act.CATALOGUE_LOAD, target=what.source):
                _load(catalogue, what)
        except BadLine as error:
            raise CalotypeError(f"{file}, {error} ({_so_far(what)})") from error
        except KeyboardInterrupt:
            print(f"calotype: interrupted ({_so_far(what)})", file=sys.stderr)
            raise


def _load(catalogue: Catalogue, what: loading.Load) -> None:
    """Load, and tell the audit log what was committed, also where the load ends half way."""
    try:
        loading.load(catalogue, what)
    finally:
        if done := what.progress.lines_done:
            tell(what.source, changed={"lines": (0, done)})
            turn_into(Act.CATALOGUE_LOAD)


@app.command
def dump(
    file: FileName = STANDARD,
    /,
    *,
    settings: DataOptions = Settings(),  # noqa: B008 -- frozen
) -> None:
    """Write every record of the catalogue, deleted images included, as a catalogue file.

    Parameters
    ----------
    file
        Where to; plain, `.gz` or `.zst`, whole or absent afterwards; `-` for standard output.
    """
    with open_catalogue(settings) as catalogue:
        count = write_lines(file, dumping.dump(catalogue))
    print(f"{count:,} images dumped", file=sys.stderr)


def _so_far(what: loading.Load) -> str:
    done = what.progress.lines_done
    return f"committed up to line {done:,}; go on with --resume" if done else "nothing was committed"


@contextmanager
def _opened(settings: Settings) -> Iterator[Catalogue]:
    """The catalogue that *settings* name, there or not yet; its folder is made if it is the default one."""
    if settings.serve.database is None:
        folders.make(settings.serve.data_dir)
    catalogue = Catalogue(settings.catalogue())
    try:
        yield catalogue
    finally:
        catalogue.close()


@contextmanager
def _report(path: Path | None, *, resume: bool) -> Iterator[loading.SkipBad | None]:
    """What writes bad lines to *path*, behind what an interrupted load has written there; None without a path."""
    if path is None:
        yield None
        return
    try:
        file = path.open("ab" if resume else "wb")
    except OSError as error:
        raise BadFile(f"{path} cannot be written: {error.strerror}.") from error
    with file:
        yield lambda bad: _write_report(file, bad)


def _write_report(file: BinaryIO, bad: list[BadLine]) -> None:
    """Write a JSON object a bad line. They are on their way before their batch is committed: none is lost, one may come twice."""
    for line in bad:
        record = line.text.decode(errors="backslashreplace").rstrip("\r\n")
        row = {"line": line.number, "key": line.key, "reason": line.reason, "record": record}
        file.write(msgspec.json.encode(row) + b"\n")
    file.flush()
