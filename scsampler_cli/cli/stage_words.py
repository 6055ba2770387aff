"""What a person reads for the stages that the library reports."""

STAGES = {
    # of one video
    "score": "scoring",
    "listen": "scoring audio",
    "classify": "classifying",
    "extract": "extracting",
    "extras": "writing files",
    "embed": "reading pictures",
    # of the videos of `train` and `bench`
    "generating": "generating videos",
    "reading": "reading videos",
    "classifying": "classifying videos",
    "embedding": "computing features",
    "learning": "training",
    "measuring": "evaluating videos",
    "training videos": "classifying training videos",
    "timing": "timing videos",
    "charging": "timing a larger classifier",
    # of a generated video
    "rendering": "generating a video",
}
"""Name of a stage in a report of progress -> words on the terminal."""
UNITS = {
    **dict.fromkeys(("score", "listen", "classify", "extract", "embed"), "clips"),
    **dict.fromkeys(("generating", "reading", "classifying", "embedding"), "videos"),
    "learning": "steps",
    "rendering": "frames",
}
INDEX = "index"
"""Reported once the index is made: the length of the video, and no progress."""
OPENING = "opening"
"""What is shown before the first report on a file."""
STARTING = "starting"
"""What is shown before the first report on a run: processes start, and load models."""


def stage_words(name: str) -> str:
    """The words for a stage. One that has none is shown as it is.

    Example: listen -> scoring audio.
    """
    return STAGES.get(name, name)
