"""`calotype config`."""

from cyclopts import App

from calotype.config import Options, Settings, values
from calotype.sources import origins

app = App("config", help="Look at the configuration.")


@app.command
def show(*, settings: Options = Settings()) -> None:  # noqa: B008 -- frozen
    """Print every option in force and where its value came from: default, file, env or flag."""
    known = origins()
    rows = [(f"{name} = {value}", known.get(name, "default")) for name, value in values(settings)]
    width = max(len(row[0]) for row in rows)
    for assignment, origin in rows:
        print(f"{assignment:<{width}}  # {origin}")
