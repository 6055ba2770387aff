"""Errors that scsampler expects and raises on purpose.

Each error has a message of one line (what is wrong, with which value, against which limit), a hint
(what to try next) and a code. Codes never change; the words of messages may.
`cli/TROUBLESHOOTING.md` explains every code. The command line prints the message and the hint and
no traceback. Any other exception that reaches the user is a bug in scsampler.
"""

from __future__ import annotations

import errno
from typing import ClassVar


class ScsamplerError(Exception):
    """Base class of all expected errors.

    Args:
        message: what is wrong, in one line.
        code: what is wrong, for programs, such as "video-too-large". None for `default_code` of
            the class: a plug-in need not give one.
        hint: what to try next, in one line; None where nothing helps.
        example: lines to copy and fill in. The command line shows them below the hint.
    """

    default_code: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        example: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.hint = hint
        self.example = example


class InputError(ScsamplerError):
    """A path is missing, cannot be read, or holds no video."""

    default_code = "input"


class VideoError(ScsamplerError):
    """A file cannot be read as video: it is no media file, or no frame can be decoded."""

    default_code = "video"


class FeatureFileError(ScsamplerError):
    """A feature file is cut off, damaged, or of an unknown version."""

    default_code = "feature-file"


class WeightsError(ScsamplerError):
    """A weight file is missing, damaged, unsafe to open, or does not fit its network."""

    default_code = "weights"


class ClassifierError(ScsamplerError):
    """A clip classifier is unknown, ambiguous or broken."""

    default_code = "classifier"


class SettingsError(ScsamplerError):
    """Settings contradict each other or are out of range (a usage error)."""

    default_code = "settings"


class DeviceError(ScsamplerError):
    """A device is missing, or does not support the precision."""

    default_code = "device"


class OutputError(ScsamplerError):
    """A result cannot be written."""

    default_code = "output"


class WorkerError(ScsamplerError):
    """A worker process died."""

    default_code = "worker"


class ProgramError(ScsamplerError):
    """An external program is missing or failed."""

    default_code = "program"


class DependencyError(ScsamplerError):
    """A Python package is missing, or is installed and cannot be imported."""

    default_code = "dependency"


class ClusterError(ScsamplerError):
    """A Ray cluster cannot be reached, or its machines do not have what the run needs."""

    default_code = "cluster"


class TimeLimitError(ScsamplerError):
    """A file took longer than the time limit."""

    default_code = "time-limit"


class MemoryLimitError(ScsamplerError):
    """A file took more memory than the limit, or than the machine has."""

    default_code = "memory-limit"


class LimitError(VideoError):
    """A video has more pixels or frames than the limit."""

    default_code = "limit"


class FallbackWarning(UserWarning):
    """The preferred implementation is not available here; another one is used."""


UNEXPECTED = "unexpected"
"""Code of an exception that scsampler does not expect."""

_MISSING = (errno.ENOENT, errno.ENOTDIR)
_DENIED = (errno.EACCES, errno.EPERM)


def code_of(error: BaseException) -> str:
    """Code of any exception, for records: `UNEXPECTED` where it is not one of this module."""
    # other exceptions have a `code` with another meaning, such as SystemExit
    return error.code if isinstance(error, ScsamplerError) else UNEXPECTED


def read_code(error: OSError) -> str:
    """Code for a file that the operating system could not open or read."""
    if error.errno in _MISSING:
        return "file-missing"
    return "permission-denied" if error.errno in _DENIED else "file-unreadable"
