"""Records with known clips."""

from typing import Any


def clip(number: int, start: float, end: float, **more: Any) -> dict[str, Any]:
    known = {
        "visual": 0.5,
        "audio": None,
        "why": "visual #1",
        "label": "archery",
        "probability": 0.75,
    }
    return {"clip": number, "start_s": start, "end_s": end, **known, **more}


def record(
    *clips: dict[str, Any],
    fps: float = 25.0,
    path: str = "v.mp4",
    start_s: float = 0.0,
    sound: bool = False,
    **video: Any,
) -> dict[str, Any]:
    facts = {
        "fps": fps,
        "start_s": start_s,
        "duration_s": 3600.0,
        "audio": {"codec": "aac"} if sound else None,
        **video,
    }
    return {
        "schema": "scsampler.classify/1",
        "path": path,
        "status": "ok",
        "clips": list(clips),
        "video": facts,
    }
