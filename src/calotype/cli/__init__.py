"""The command line. Each command is a module of its own, imported when it is called, so that `serve` loads little."""

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError, Parameter

from calotype import __version__
from calotype.processes import exits
from calotype.processes.exits import Exit
from calotype.sources import fill

#: Commands, the function or the app that holds each, and what it is for.
COMMANDS = (
    ("serve", "calotype.cli.serve:serve", "Run the service until SIGTERM or SIGINT."),
    ("config", "calotype.cli.config:app", "Look at the configuration."),
    (
        "project",
        "calotype.cli.accounts:project",
        "Create, list and delete projects, which own images, and set their quotas.",
    ),
    ("user", "calotype.cli.accounts:user", "Create, list, disable and delete users, and set their passwords."),
    ("role", "calotype.cli.accounts:role", "Say what users may do in projects."),
    ("credential", "calotype.cli.credential:app", "Let programs log in without their user's password."),
    ("catalogue", "calotype.cli.catalogue:app", "Load and dump image records in bulk."),
    ("housekeeping", "calotype.cli.housekeeping:app", "End uploads that died; remove what nobody needs any more."),
)


def main() -> None:
    """The program `calotype`: ends with one of the codes of `Exit` and, unless all went well, one line on stderr."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """The exit code of the command that *arguments* name, once it has run."""
    try:
        result = command_line()(arguments, exit_on_error=False, print_error=False, verbose=False)
        if sys.stdout is not None:  # as it is where the caller has closed it
            sys.stdout.flush()
    except BrokenPipeError:
        # Who reads our output has seen enough (`| head`); what is left in the buffer must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 -- the last place where a traceback can be turned into a line
        code, line = explain(error)
        print(f"calotype: {line}", file=sys.stderr)
        return code
    return result if isinstance(result, int) else Exit.OK


def command_line() -> App:
    """All commands; their modules are not imported yet."""
    app = App(
        "calotype",
        help="A virtual-machine image service that speaks the OpenStack Image APIs.",
        version=__version__,
        config=fill,
        default_parameter=Parameter(negative_iterable=()),
        help_epilogue="docs/operate/configure.md explains every command, option and exit code.",
        result_action="return_value",
    )
    for name, place, purpose in COMMANDS:
        app.command(place, name=name, help=purpose)
    return app


def explain(error: Exception) -> tuple[Exit, str]:
    """As `exits.explain`, for errors of the command line too."""
    return (Exit.USAGE, " ".join(str(error).split())) if isinstance(error, CycloptsError) else exits.explain(error)
