"""Children that run one function and end with its exit code."""

import logging
import os
import signal
import sys
from collections.abc import Callable

from calotype.processes.exits import Exit

log = logging.getLogger(__name__)


def fork(work: Callable[[], int]) -> int:
    """The id of a new process that runs *work* and ends with what it returns; only the parent comes back from here."""
    sys.stdout.flush()
    sys.stderr.flush()
    # A SIGTERM between the fork and the child's own handlers must end the child, not fall into the parent's handler.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        return pid
    code: int = Exit.BUG
    try:
        _forget_the_parents_signals()
        code = work()
    except Exception as error:  # a child must not unwind into the parent's blocks
        log.critical("bug", exc_info=error)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _forget_the_parents_signals() -> None:
    """SIGTERM ends a child until it says otherwise; Ctrl-C goes to all processes, but only the parent acts on it."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


def wait(pid: int) -> int:
    """The exit code of process *pid* once it has ended; 128 and the signal's number if a signal ended it."""
    return code_of(os.waitpid(pid, 0)[1])


def code_of(status: int) -> int:
    """What `os.waitpid` reported, as a shell shows it."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
