"""FFmpeg's own log messages."""

import av.logging


def use_native_log() -> None:
    """Let FFmpeg write warnings and errors to the standard error of the process.

    PyAV would pass them through Python. Then a decoder's thread can wait for the interpreter while
    the interpreter waits for that thread, and both hang.
    """
    # PyAV has a callback of its own
    av.logging.restore_default_callback()
    av.logging.set_libav_level(av.logging.WARNING)
