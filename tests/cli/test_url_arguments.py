"""A URL is refused by every argument and option that names a file or a folder."""

import json
from pathlib import Path

import pytest

from tests.cli.running import Run, check_failure

FROM, TO = "https://example.org/x", "s3://bucket/x"
VIDEO = str(Path(__file__))  # it is refused before it is read
READ = [
    ("score", f"{FROM}.mp4"),
    ("find", "a goal", f"{FROM}.mp4"),
    ("find", "a goal", VIDEO, "--classifier", FROM),
    ("bench", f"{FROM}.csv?a=1"),
    ("bench", "--speed", f"{FROM}.mp4"),
    ("bench", "--replay", FROM),
    ("train", f"{FROM}.csv", "-o", "x.safetensors"),
    ("classify", VIDEO, "--classifier", FROM),
    ("classify", VIDEO, "--classifier", f"{FROM}.pth"),
    ("classify", VIDEO, "--classifier", "demo", "--labels", f"{FROM}.txt"),
    ("classify", VIDEO, "--labels", "a,b", "--background-labels", f"{FROM}.txt"),
    ("classify", VIDEO, "--visual-sampler", f"{FROM}.safetensors"),
    ("classify", VIDEO, "--strategy", "empirical", "--histogram", FROM),
    ("merge", f"{FROM}.jsonl"),
]
WRITTEN = [
    ("classify", VIDEO, "-o", f"{TO}.jsonl"),
    ("classify", VIDEO, "--report", f"{TO}.html"),
    ("classify", VIDEO, "--thumbnails", TO),
    ("classify", VIDEO, "--reel", f"{TO}/"),
    ("classify", VIDEO, "--frames", TO),
    ("classify", VIDEO, "--format", "edl", "-o", f"{TO}/"),
    ("find", "a goal", VIDEO, "-o", f"{TO}.json"),
    ("find", "a goal", VIDEO, "--report", f"{TO}.html"),
    ("find", "a goal", VIDEO, "--reel", f"{TO}.mp4"),
    ("find", "a goal", VIDEO, "--cache", TO),
    ("score", VIDEO, "--log-file", f"{TO}.log"),
    ("extract", VIDEO, "-o", TO),
    ("extract", VIDEO, "--records", f"{TO}.jsonl"),
    ("bench", "--demo", "-o", TO),
    ("train", "--demo", "-o", f"{TO}.safetensors"),
]


@pytest.mark.parametrize("command", [*READ, *WRITTEN], ids=" ".join)
def test_every_argument_and_option_refuses_one(run: Run, command: tuple[str, ...]) -> None:
    url = next(part for part in command if "://" in part)
    check_failure(run(*command), 1, f"{url.removesuffix('/')} is a URL, and only local files are")


def test_each_is_one_failed_record(run: Run) -> None:
    urls = ["https://example.org/a.mp4", "rtsp://camera/b"]
    result = run("score", "-", "--format", "jsonl", "--device", "cpu", stdin="\n".join(urls))
    assert result.returncode == 1
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["path"] for record in records] == urls
    assert all("is a URL" in record["error"]["message"] for record in records)
