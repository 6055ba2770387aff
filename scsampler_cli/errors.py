"""The one tree of errors that this package raises on purpose.

Every message is one line that says what went wrong, with which value and against which limit; `hint` is the next thing to
try. The command line prints both and no traceback. Anything else that escapes is a bug in scsampler.
"""


class ScsamplerError(Exception):
    """Base of all expected failures.

    Args:
        message: one line for the user.
        hint: what to try next, or None when there is nothing useful to say.
        example: lines to copy and fill in, shown below the hint.
    """

    def __init__(
        self, message: str, *, hint: str | None = None, example: str | None = None
    ) -> None:
        super().__init__(message)
        self.hint = hint
        self.example = example


class InputError(ScsamplerError):
    """A path that is missing, unreadable, or holds no video."""


class VideoError(ScsamplerError):
    """A file that cannot be read as video: not media, no picture stream, nothing decodable."""


class FeatureFileError(ScsamplerError):
    """An extracted-feature file that is truncated, damaged, or of an unknown version."""


class WeightsError(ScsamplerError):
    """A weight file that is missing, damaged, unsafe, or does not fit its network."""


class ClassifierError(ScsamplerError):
    """An unknown, ambiguous or broken clip classifier."""


class SettingsError(ScsamplerError):
    """Settings that contradict each other or lie outside their range (a usage error)."""


class DeviceError(ScsamplerError):
    """A device that is not there, or that cannot do what is asked of it."""


class OutputError(ScsamplerError):
    """A result that could not be written."""


class WorkerError(ScsamplerError):
    """A process that did part of the work has died."""


class ProgramError(ScsamplerError):
    """A program outside this package that is missing or has failed."""


class DependencyError(ScsamplerError):
    """A package that is missing, or that is installed and does not load."""


class ClusterError(ScsamplerError):
    """A Ray cluster that cannot be started or reached, or whose machines do not fit what is asked of them."""


class TimeLimitError(ScsamplerError):
    """A file that took longer than allowed."""


class MemoryLimitError(ScsamplerError):
    """A file that took more memory than allowed, or than there is."""


class LimitError(VideoError):
    """A video that is larger or longer than allowed."""


class FallbackWarning(UserWarning):
    """Something else was taken than what is preferred, which cannot be had here."""
