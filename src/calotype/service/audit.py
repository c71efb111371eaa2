"""Who changed what: each use case is marked with what it does, and tells of what; the rest is done here.

A use case that returns without having told has changed nothing and leaves no event; one that raises was refused. An event
is written after its transaction has ended, so that none tells of what did not happen. Source: docs/operate/logs.md.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from calotype.domain import attempts, occasions
from calotype.domain.audit import ANYBODY, Act, Actor, Changed, Event, Kind, Outcome
from calotype.domain.callers import Caller
from calotype.domain.errors import Broken, CalotypeError, Refused

Write = Callable[[Event], None]
"""Keeps an event; raises nothing."""


#: In the place of an error's class: who began it did not go on.
GAVE_UP = "GaveUp"


class Draft:
    """An event as long as it is not known how it ends."""

    def __init__(self, write: Write, act: Act, actor: Actor, target: str | None) -> None:
        self._write = write
        self._event = Event(act=act, outcome=Outcome.DONE, actor=actor, occasion=occasions.current(), target=target)
        self._has_told = False

    def tell(self, target: str | None, *, owner: str | None, changed: Changed) -> None:
        """To what it is done, whose that is, and what changes about it: it counts as done if nothing is raised."""
        self._event = replace(self._event, target=target, owner=owner, changed=changed)
        self._has_told = True

    def tell_who(self, actor: Actor) -> None:
        """Who it was, where only the use case finds out; and to whom, until it is told otherwise."""
        self._event = replace(self._event, actor=actor, target=actor.user)

    def done(self) -> None:
        """It is so, if anything was told."""
        if self._has_told:
            self._write(self._event)

    def turn_into(self, act: Act, told: Act | None = None) -> None:
        """What was told is done, and durable, as *told*; *act* is what the rest of the use case may still be refused."""
        self._event = replace(self._event, act=told or self._event.act)
        self.done()
        self._has_told = False
        self._event = replace(self._event, act=act, changed={})

    def undone(self, error: BaseException | None) -> None:
        """It is not so because of *error*, or None: who began it gave it up.

        An error that is no refusal leaves open what became of it.
        """
        is_refusal = error is None or (isinstance(error, CalotypeError) and not isinstance(error, Broken))
        self._write(
            replace(
                self._event,
                outcome=Outcome.REFUSED if is_refusal else Outcome.FAILED,
                changed={},
                reason=GAVE_UP if error is None else type(error).__name__,
                right=error.action if isinstance(error, Refused) else None,
            )
        )


_open: ContextVar[Draft | None] = ContextVar("draft", default=None)


class Recorder:
    """Makes events and has *write* keep them; None: there is no audit log. *actor*: who acts where no caller does."""

    def __init__(self, write: Write | None = None, actor: Actor = ANYBODY) -> None:
        self._write = write
        self._actor = actor

    @property
    def is_on(self) -> bool:
        """True if there is an audit log."""
        return self._write is not None

    @contextmanager
    def watch(self, act: Act, caller: Caller | None = None, target: str | None = None) -> Iterator[None]:
        """An event of what the block tells, once it has ended, or of what it raises."""
        draft = self.draft(act, caller, target)
        if draft is None:
            yield
            return
        token = _open.set(draft)
        try:
            yield
        except Exception as error:
            if not attempts.is_begun_again(error):
                draft.undone(error)
            raise
        else:
            draft.done()
        finally:
            _open.reset(token)

    def done(self, act: Act, target: str, changed: Changed) -> None:
        """An event of what nobody asked for, and is done."""
        draft = self.draft(act, None, target)
        if draft is not None:
            draft.tell(target, owner=None, changed=changed)
            draft.done()

    def draft(self, act: Act, caller: Caller | None, target: str | None) -> Draft | None:
        """An event that ends on another thread, for whoever works here now; None without audit log."""
        if self._write is None:
            return None
        return Draft(self._write, act, self._actor if caller is None else actor_of(caller), target)


#: For services that nobody audits.
SILENT = Recorder()


def actor_of(caller: Caller) -> Actor:
    return Actor(
        kind=Kind.USER,
        user=caller.user,
        project=caller.project,
        roles=tuple(sorted(caller.roles)),
        credential=caller.credential,
    )


class _Audited(Protocol):
    _audit: Recorder


_S = TypeVar("_S", bound=_Audited)
_P = ParamSpec("_P")
_R = TypeVar("_R")
_UseCase = Callable[Concatenate[_S, _P], _R]


def audited(act: Act, target: str | None = None) -> Callable[[_UseCase[_S, _P, _R]], _UseCase[_S, _P, _R]]:
    """Marks a use case, whose first argument may be a caller. *target*: the parameter by which the thing is asked for."""

    def mark(use_case: _UseCase[_S, _P, _R]) -> _UseCase[_S, _P, _R]:
        names = list(inspect.signature(use_case).parameters)
        place = None if target is None else names.index(target) - 1

        @wraps(use_case)
        def marked(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
            if not self._audit.is_on:
                return use_case(self, *args, **kwargs)
            caller = args[0] if args and isinstance(args[0], Caller) else None
            if place is None or target is None:
                asked = None
            else:
                asked = args[place] if place < len(args) else kwargs.get(target)
            with self._audit.watch(act, caller, None if asked is None else str(asked)):
                return use_case(self, *args, **kwargs)

        return marked

    return mark


def tell(target: str | None, *, owner: str | None = None, changed: Changed | None = None) -> None:
    """In a use case, where its last statement stands: what it does, if nothing is raised from there on."""
    draft = _open.get()
    if draft is not None:
        draft.tell(target, owner=owner, changed=changed or {})


def tell_who(actor: Actor) -> None:
    """In a use case without a caller: who it turned out to be, whether or not more than that turns out well."""
    draft = _open.get()
    if draft is not None:
        draft.tell_who(actor)


def turn_into(act: Act, told: Act | None = None) -> None:
    """In a use case of several transactions, behind one: what was told until now is done, what follows is *act*.

    *told*: what the first of them was, if it was not what the use case is marked as.
    """
    draft = _open.get()
    if draft is not None:
        draft.turn_into(act, told)
