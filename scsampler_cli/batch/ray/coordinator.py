"""The coordinator of the actors: which file each works on, their messages, and the stop signal.

It is an actor itself; `cluster` starts it. Files and records do not pass through it.
"""

from __future__ import annotations

from typing import Any

TRIES = 3
"""Attempts at a file whose actor dies, and starts in a row of an actor that begins no file."""


class Coordinator:
    """One for all actors. It keeps little, and nothing that must survive its machine."""

    def __init__(self) -> None:
        # actor -> (its life, the file that it works on)
        self._current: dict[str, tuple[str, str]] = {}
        # actor -> starts since it last began a file
        self._starts: dict[str, int] = {}
        # file -> actors that died while they worked on it
        self._deaths: dict[str, int] = {}
        self._notes: list[str] = []
        self._details: list[str] = []
        self._identity: dict[str, Any] | None = None
        # the first failure, as `pack_error` gives it
        self._failure: dict[str, Any] | None = None
        self._stopped = False

    def count_start(self, actor: str) -> int:
        """Number of starts of an actor since it last began a file, with this one."""
        self._starts[actor] = self._starts.get(actor, 0) + 1
        return self._starts[actor]

    def agree_on(self, identity: dict[str, Any]) -> dict[str, Any]:
        """The identity of the first actor; all others must have the same."""
        if self._identity is None:
            self._identity = identity
        return self._identity

    def begin(self, actor: str, life: str, path: str) -> int | None:
        """Note that an actor begins to work on a file.

        Args:
            actor: name of the actor, which it keeps when it is started again.
            life: different after each start of the actor.
            path: of the file.

        Returns:
            number of actors that have died of the file; None after `stop`, when the actor must not
            begin.
        """
        # an actor with another life was restarted: the earlier one died of its file
        before = self._current.pop(actor, None)
        if before is not None and before[0] != life:
            lost = before[1]
            self._deaths[lost] = self._deaths.get(lost, 0) + 1
            again = "; it is tried again" if self._deaths[lost] < TRIES else ""
            self._notes.append(f"{lost}: the actor that worked on it died{again}")
        deaths = self._deaths.get(path, 0)
        if self._stopped:
            return None
        if deaths < TRIES:
            self._current[actor] = (life, path)
            self._starts.pop(actor, None)
        return deaths

    def done(self, actor: str, path: str) -> None:
        """Note that an actor has finished a file."""
        self._current.pop(actor, None)
        self._deaths.pop(path, None)

    def stop(self) -> None:
        """Let the actors begin no more files."""
        self._stopped = True

    def note(self, text: str) -> None:
        """Add a note for the user."""
        self._notes.append(text)

    def detail(self, text: str) -> None:
        """Add a message for `--verbose`."""
        self._details.append(text)

    def report_failure(self, packed_error: dict[str, Any]) -> None:
        """Note that an actor cannot do the task, with the error as `pack_error` gives it."""
        self._failure = self._failure or packed_error

    def news(self) -> tuple[list[str], list[str], int, dict[str, Any] | None]:
        """Messages since the last call.

        Returns:
            notes; details; number of files in progress; the packed error if the task cannot be
            done.
        """
        notes, self._notes = self._notes, []
        details, self._details = self._details, []
        return notes, details, len(self._current), self._failure
