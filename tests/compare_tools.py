"""Measure scsampler beside other tools, on one video and in one run. Run by hand:

    python3 -m venv tools
    tools/bin/pip install -e '.[hf]' scenedetect motion-vector-extractor decord torchcodec
    tools/bin/python tests/compare_tools.py VIDEO --repeats 5 --json numbers.json

Every row of the table is a fresh process, with its start-up. The rows of a round follow one
another, the first round is a warm-up, and a ratio is the median of the ratios of the rounds.
"Beside other tools" in `scsampler_cli/bench/README.md` says what each tool does and does not do.
Not handled here: what runs in these processes (`compare_jobs`).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

# The peak memory of a new process begins at that of the process that starts it: this file imports
# the standard library only.
JOBS = Path(__file__).with_name("compare_jobs.py")
DISTRIBUTIONS = {
    "scsampler": "scsampler",
    "scenedetect": "scenedetect",
    "transformers": "transformers",
    "mvextractor": "motion-vector-extractor",
    "decord": "decord",
    "torchcodec": "torchcodec",
}
"""The tools, and their names on PyPI."""
BESIDE = ("numpy", "torch", "av", "opencv-python", "opencv-python-headless")
"""Packages whose versions are recorded with those of each tool."""


@dataclass(frozen=True)
class Row:
    """One row of the table: a process that is measured in every round."""

    name: str
    tools: tuple[str, ...]
    """All of them must be installed; the first one has the Python that runs the row."""
    arguments: tuple[str, ...]
    """Of the tool's own program, or of `compare_jobs.py`; words in braces are filled in."""
    program: str | None = None
    """None for `compare_jobs.py`."""


CLASSIFY = "classify {video} --k {k} --format json -o {record} --overwrite --quiet".split()
TAGS, NETWORK_TAGS = "scsampler classify, actions6", "scsampler classify, VideoMAE"
# transformers has no other precision by default
AS_TRANSFORMERS = ("--precision", "fp32")
HF = ("scsampler", "transformers")
CUTS = "PySceneDetect, detect-content"
EVEN, EVEN_PYAV = "transformers VideoMAE, torchcodec", "transformers VideoMAE, PyAV"
MD, MD_ALL = "scsampler MD, one P-frame of a clip", "scsampler MD, all P-frames"
ALL_VECTORS, VECTORS = "all vectors, scsampler", "all vectors, motion-vector-extractor"
OWN, DECORD, TORCHCODEC = (f"frames of K clips, {n}" for n in ("scsampler", "decord", "torchcodec"))
ROWS = (
    Row(TAGS, ("scsampler",), (*CLASSIFY, "--classifier", "actions6"), "scsampler"),
    Row(CUTS, ("scenedetect",), ("-i", "{video}", "detect-content"), "scenedetect"),
    Row(NETWORK_TAGS, HF, (*CLASSIFY, "--classifier", "{model}", *AS_TRANSFORMERS), "scsampler"),
    Row(EVEN, ("transformers", "torchcodec"), ("videomae", "torchcodec")),
    Row(EVEN_PYAV, ("transformers",), ("videomae", "pyav")),
    Row(MD, ("scsampler",), ("md", "1")),
    Row(MD_ALL, ("scsampler",), ("md", "0")),
    Row(ALL_VECTORS, ("scsampler",), ("vectors", "scsampler")),
    Row(VECTORS, ("mvextractor",), ("vectors", "mvextractor")),
    Row(OWN, ("scsampler",), ("frames", "scsampler")),
    Row(DECORD, ("decord",), ("frames", "decord")),
    Row(TORCHCODEC, ("torchcodec",), ("frames", "torchcodec")),
)
RATIOS = (
    (CUTS, TAGS, "wall_s"),
    (EVEN, NETWORK_TAGS, "wall_s"),
    (EVEN_PYAV, NETWORK_TAGS, "wall_s"),
    (VECTORS, MD, "work_s"),
    (VECTORS, MD_ALL, "work_s"),
    (VECTORS, ALL_VECTORS, "work_s"),
    (DECORD, OWN, "work_s"),
    (TORCHCODEC, OWN, "work_s"),
)
"""Pairs of rows whose times are compared, and the times: with or without start-up."""


@dataclass(frozen=True)
class Measured:
    """One process."""

    wall_s: float
    """Seconds from its start to its end."""
    cpu_s: float
    """Seconds of all cores, user and system."""
    peak_mb: float
    work_s: float
    """Seconds of its work alone, without start-up."""


@dataclass
class Results:
    """What was measured."""

    rounds: dict[str, list[Measured]] = field(default_factory=dict)
    """By row, without the warm-up."""
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By row: what it read, for example the number of frames."""
    not_measured: dict[str, str] = field(default_factory=dict)
    """By row, the reason."""


@dataclass(frozen=True)
class Setting:
    """The video, and where the tools are."""

    video: Path
    k: int
    pythons: dict[str, str]
    """Tool -> the Python of its environment."""
    folder: Path
    """For files of this run; the working folder of the processes."""

    def command(self, row: Row) -> list[str]:
        """The command of a row."""
        words = {
            "video": str(self.video),
            "k": str(self.k),
            "record": str(self.record(row)),
            "model": str(self.folder / "videomae"),
        }
        arguments = [argument.format(**words) for argument in row.arguments]
        python = self.pythons[row.tools[0]]
        if row.program is not None:
            return [str(Path(python).with_name(row.program)), *arguments]
        return self.job(python, *arguments)

    def job(self, python: str, *arguments: str) -> list[str]:
        """A command that runs `compare_jobs.py`."""
        places = [str(self.video), str(self.folder), str(self.k)]
        # -P: folders beside that file have names of packages, such as "datasets"
        return [python, "-P", str(JOBS), *places, *arguments]

    def record(self, row: Row) -> Path:
        """File for the record of `scsampler classify`; jobs read that of the first row."""
        return self.folder / ("selected.json" if row.name == TAGS else "record.json")


def measured(row: Row, setting: Setting) -> tuple[Measured, dict[str, Any]]:
    """Run a row once.

    Returns:
        what was measured; what the process read.

    Raises:
        RuntimeError: it failed; the text has its last line.
    """
    log = setting.folder / "log.txt"
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    with log.open("wb") as output:
        start = time.perf_counter()
        child = subprocess.Popen(
            setting.command(row),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=setting.folder,
            env=environment,
        )
        # its times and its peak memory, with those of its own processes
        _, status, usage = os.wait4(child.pid, 0)
        wall_s = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    text = log.read_text(errors="replace")
    if child.returncode != 0:
        last_line = text.strip().rpartition("\n")[2]
        raise RuntimeError(f"exit code {child.returncode}: {last_line}")
    facts = facts_of(row, setting, text)
    # kilobytes, on macOS bytes
    unit = 1e6 if sys.platform == "darwin" else 1e6 / 1024
    return Measured(
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / unit,
        work_s=facts.pop("work_s"),
    ), facts


def facts_of(row: Row, setting: Setting, log: str) -> dict[str, Any]:
    """Seconds of work ("work_s") and what was read, from what the process wrote."""
    if row.program == "scsampler":
        record = json.loads(setting.record(row).read_text())
        return {
            "work_s": sum(record["timings_s"].values()),
            "frames": record["video"]["frames"],
            "duration_s": record["video"]["duration_s"],
            "settings": record["settings"],
            "clips": sorted(clip["clip"] for clip in record["clips"]),
            "timings_s": record["timings_s"],
        }
    if row.program == "scenedetect":
        frames, seconds = re.findall(r"Processed (\d+) frames in ([\d.]+) seconds", log)[0]
        (scenes,) = re.findall(r"Detected (\d+) scenes", log)
        return {"work_s": float(seconds), "frames": int(frames), "scenes": int(scenes)}
    return json.loads((setting.folder / "facts.json").read_text())


def versions(setting: Setting, tool: str) -> dict[str, str]:
    """Versions of a tool and of the packages beside it; empty where the tool is not installed."""
    names = [DISTRIBUTIONS[tool], *BESIDE]
    command = setting.job(setting.pythons[tool], "versions", ",".join(names))
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    found: dict[str, str] = json.loads(output)
    return found if names[0] in found else {}


def measure(setting: Setting, repeats: int, installed: dict[str, dict[str, str]]) -> Results:
    """All rows in each round, one after the other, after a warm-up."""
    results = Results()
    for row in ROWS:
        missing = [DISTRIBUTIONS[tool] for tool in row.tools if not installed[tool]]
        if missing:
            results.not_measured[row.name] = f"{' and '.join(missing)} not installed"
    for number in range(repeats + 1):
        for row in ROWS:
            if row.name in results.not_measured:
                continue
            print(f"round {number} of {repeats}: {row.name}", file=sys.stderr)
            try:
                one, facts = measured(row, setting)
            except (RuntimeError, OSError, LookupError, ValueError) as error:
                results.not_measured[row.name] = f"{type(error).__name__}: {error}"
                # what other rounds gave is not shown beside a failure
                results.rounds.pop(row.name, None)
                continue
            # frames are compared in the warm-up only
            results.facts.setdefault(row.name, {}).update(facts)
            if number > 0:
                results.rounds.setdefault(row.name, []).append(one)
    return results


def table(results: Results) -> Iterator[str]:
    """Lines of Markdown: medians of the rounds, then the ratios."""
    duration_s = results.facts[TAGS]["duration_s"]
    yield "| | wall, s | without start-up, s | CPU, s | peak, MB | times real time | read |"
    yield "|---|---|---|---|---|---|---|"
    for row in ROWS:
        if row.name in results.not_measured:
            yield f"| {row.name} | not measured: {results.not_measured[row.name]} | | | | | |"
            continue
        rounds = results.rounds[row.name]
        wall_s, work_s, cpu_s, peak_mb = (
            statistics.median(getattr(one, name) for one in rounds)
            for name in ("wall_s", "work_s", "cpu_s", "peak_mb")
        )
        times = f"{wall_s:.2f} | {work_s:.2f} | {cpu_s:.2f}"
        yield (
            f"| {row.name} | {times} | {peak_mb:,.0f} | {duration_s / wall_s:,.0f} "
            f"| {read(results.facts[row.name])} |"
        )
    yield ""
    for slow, fast, what in RATIOS:
        if slow in results.rounds and fast in results.rounds:
            shares = ratios(results, slow, fast, what=what)
            without = ", without start-up" if what == "work_s" else ""
            low, high = min(shares), max(shares)
            yield (
                f"- {slow} / {fast}{without}: {statistics.median(shares):.2f} "
                f"({low:.2f} to {high:.2f})"
            )


def ratios(results: Results, slow: str, fast: str, *, what: str) -> list[float]:
    """The ratio of the times of two rows, round by round."""
    pairs = zip(results.rounds[slow], results.rounds[fast], strict=True)
    return [getattr(one, what) / getattr(other, what) for one, other in pairs]


def read(facts: dict[str, Any]) -> str:
    """What a row read, in words."""
    said = [f"{facts[unit]:,} {unit}" for unit in ("frames", "scenes", "vectors") if unit in facts]
    if "largest_difference" in facts:
        levels, late_ms = facts["largest_difference"], facts["time_difference_s"] * 1000
        said.append(f"pixels of scsampler's to {levels} of 255 levels, times to {late_ms:.0f} ms")
    return ", ".join(said)


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description="Measure scsampler beside other tools.")
    parser.add_argument("video", type=Path)
    parser.add_argument("--k", type=int, default=10, help="clips, 10 without this option")
    parser.add_argument("--repeats", type=int, default=3, help="rounds after the warm-up")
    parser.add_argument("--json", type=Path, help="file for all numbers and versions")
    parser.add_argument(
        "--python-of",
        action="append",
        default=[],
        metavar="TOOL=PYTHON",
        help=f"a tool in another environment: {', '.join(DISTRIBUTIONS)}",
    )
    options = parser.parse_args(words)
    options.pythons = dict.fromkeys(DISTRIBUTIONS, sys.executable)
    for pair in options.python_of:
        tool, _, python = pair.partition("=")
        if tool not in DISTRIBUTIONS or not Path(python).exists():
            parser.error(f"--python-of {pair}: expected TOOL=PYTHON")
        # the processes have another working folder; a link to the system's Python stays a link
        options.pythons[tool] = str(Path(python).absolute())
    if options.k < 1 or options.repeats < 1 or not options.video.is_file():
        parser.error("expected a video, and at least one clip and one round")
    return options


def main() -> None:
    """Measure, and print the table."""
    options = arguments()
    with tempfile.TemporaryDirectory() as name:
        setting = Setting(options.video.resolve(), options.k, options.pythons, Path(name))
        installed = {tool: versions(setting, tool) for tool in DISTRIBUTIONS}
        if installed["transformers"]:
            subprocess.run(setting.job(options.pythons["transformers"], "model"), check=True)
        results = measure(setting, options.repeats, installed)
    if options.json is not None:
        document = {
            "date": date.today().isoformat(),
            "video": {"name": options.video.name, "bytes": options.video.stat().st_size},
            "machine": {"cores": os.cpu_count(), "system": platform.platform()},
            "versions": installed,
            **asdict(results),
        }
        options.json.write_text(json.dumps(document, indent=1) + "\n")
    if TAGS in results.not_measured:
        raise SystemExit(f"{TAGS}: {results.not_measured[TAGS]}")
    print("\n".join(table(results)))


if __name__ == "__main__":
    main()
