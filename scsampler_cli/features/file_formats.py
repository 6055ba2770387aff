"""The formats of feature files, by name. numpy is not imported: the command line reads this."""

from __future__ import annotations

FEATURE_FORMATS = {"scf": ".scf", "npz": ".npz"}
"""Name of a format -> suffix of its files: `features.store` for `score`, and arrays of NumPy for
programs (`features.array_file`)."""


def p_frames_of(form: str, requested: int | None, default: int) -> int:
    """P-frames that are read of each clip for a format; 0 takes all.

    Args:
        form: one of FEATURE_FORMATS.
        requested: by the user; None where nothing was requested.
        default: for files that samplers score.
    """
    if requested is not None:
        return requested
    # what researchers want of the arrays is all of the compressed domain
    return 0 if form == "npz" else default
