"""Records for pages: real ones, and ones changed or made by hand."""

import copy
from collections import Counter
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from scsampler_cli.errors import VideoError
from scsampler_cli.output.records import failure

HOSTILE = (
    "/videos/<script>document.title='ran'</script>.mp4",
    "/videos/<img src=x onerror=\"document.title='ran'\">.mp4",
    "/videos/' onmouseover='document.title=1' x=\".mp4",
    "/videos/two\nlines\r\t.mp4",
    "/videos/not utf-8 \udcff\udc80.mp4",
    "/videos/\u202egpj.exe.mp4",
    "/videos/שלום עולם.mp4",
    "/videos/</script><!-- & &amp; ]]>.mp4",
    "/videos/--><b>.mp4",
    "/videos/\x00\x1b[31m\u2028.mp4",
)
"""Names that a file can have, and a page must merely show."""


@dataclass(frozen=True)
class Report:
    """What pages are made from."""

    record: dict[str, Any]
    """Of `classify`."""
    scored: dict[str, Any]
    """Of `score`."""
    pictures: dict[int, bytes]

    @property
    def clips(self) -> list[dict[str, Any]]:
        return self.scored["clips"]


def named(record: dict[str, Any], path: str) -> dict[str, Any]:
    """The record with a name that also stands wherever text from outside can stand."""
    changed = {**copy.deepcopy(record), "path": path, "notes": [path], "ffmpeg": [path]}
    changed["classifier"]["name"] = changed["video"]["codec"] = path
    changed["demo"] = {**record["demo"], "label": path}
    changed["tags"][0]["label"] = changed["clips"][0]["label"] = changed["clips"][0]["why"] = path
    return changed


def failed(path: str, message: str = "not a video", hint: str = "is it one?") -> dict[str, Any]:
    return failure("classify", path, VideoError(f"{path}: {message}", hint=hint))


def made_clips(number: int, taken: int = 10) -> list[dict[str, Any]]:
    """Scored clips of a long video; the first are selected, ranked by visual score."""
    return [
        {
            "clip": i,
            "start_s": round(i * 0.64, 6),
            "end_s": round((i + 1) * 0.64, 6),
            "first_frame": 16 * i,
            "visual": round((number - i) / number * (0.5 + 0.5 * (i * 7919 % 101) / 101), 6),
            "audio": None if i % 3 == 0 else (i * 31 % 17) / 17,
            "rank": i + 1,
            "taken": i < taken,
            "why": f"visual #{i + 1}" if i < taken else None,
        }
        for i in range(number)
    ]


def long_record(scored: dict[str, Any], clips: list[dict[str, Any]]) -> dict[str, Any]:
    """A `score` record of such clips."""
    video = {**scored["video"], "clips": len(clips), "duration_s": clips[-1]["end_s"]}
    return {**scored, "clips": clips, "video": video}


class Outline(HTMLParser):
    """Elements, names of attributes and visible text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.shown = ""
        self._silent = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        self._silent = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        self.shown += "" if self._silent else data
