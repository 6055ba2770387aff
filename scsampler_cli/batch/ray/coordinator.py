"""What the actors of a cluster have in common: which of them is at which file, what they have to say, and when to stop.

It is an actor itself, `cluster` makes it one. But: files and records do not pass through it.
"""

from __future__ import annotations

from typing import Any

TRIES = 3
"""Times that a file is begun whose actor dies, and that an actor may come up in a row without beginning one (our choice)."""


class Coordinator:
    """One for all actors; keeps little, and nothing that may not be lost with its machine."""

    def __init__(self) -> None:
        self._at: dict[str, tuple[str, str]] = {}
        self._arrivals: dict[str, int] = {}
        self._deaths: dict[str, int] = {}
        self._notes: list[str] = []
        self._details: list[str] = []
        self._identity: dict[str, Any] | None = None
        self._trouble: dict[str, Any] | None = None
        self._stopped = False

    def arrived(self, actor: str) -> int:
        """How often an actor has come up since it last began a file, this time included."""
        self._arrivals[actor] = self._arrivals.get(actor, 0) + 1
        return self._arrivals[actor]

    def agreed(self, identity: dict[str, Any]) -> dict[str, Any]:
        """The identity of whoever asked first: all actors must have it."""
        if self._identity is None:
            self._identity = identity
        return self._identity

    def begin(self, actor: str, life: str, path: str) -> int | None:
        """An actor is about to work on a file.

        Args:
            actor: which; it keeps its name when it is started again.
            life: different each time that it is started.
            path: of the file.

        Returns:
            how many actors have died of the file; None where no more files are to be begun.
        """
        before = self._at.pop(actor, None)
        if before is not None and before[0] != life:
            died = before[1]
            self._deaths[died] = self._deaths.get(died, 0) + 1
            again = "; it is begun again" if self._deaths[died] < TRIES else ""
            self._notes.append(f"{died}: the actor that worked on it died{again}")
        deaths = self._deaths.get(path, 0)
        if self._stopped:
            return None
        if deaths < TRIES:
            self._at[actor] = (life, path)
            self._arrivals.pop(actor, None)
        return deaths

    def done(self, actor: str, path: str) -> None:
        """An actor has finished a file."""
        self._at.pop(actor, None)
        self._deaths.pop(path, None)

    def stop(self) -> None:
        """Let no more files be begun."""
        self._stopped = True

    def note(self, text: str) -> None:
        """Something for the user."""
        self._notes.append(text)

    def detail(self, text: str) -> None:
        """Something for a user who wants to know more."""
        self._details.append(text)

    def unfit(self, trouble: dict[str, Any]) -> None:
        """An actor cannot do the task: why, as `worker.described` says it."""
        self._trouble = self._trouble or trouble

    def news(self) -> tuple[list[str], list[str], int, dict[str, Any] | None]:
        """What was said since the last time.

        Returns:
            notes, details, how many files are under way, why the task cannot be done.
        """
        notes, self._notes = self._notes, []
        details, self._details = self._details, []
        return notes, details, len(self._at), self._trouble
