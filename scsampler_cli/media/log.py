"""FFmpeg's own messages."""

import av.logging


def use_native_log() -> None:
    """Have FFmpeg write warnings and errors to the error output of the process, as it does by
    itself.

    Not through Python, as PyAV would: a decoder's thread that waits for the interpreter while the
    interpreter waits for it hangs.
    """
    av.logging.restore_default_callback()
    av.logging.set_libav_level(av.logging.WARNING)
