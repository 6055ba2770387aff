"""URLs in the place of paths: shown as the user wrote them, and refused with a hint."""

import pickle
from pathlib import Path

import pytest

from scsampler_cli.datasets.read_list import read
from scsampler_cli.errors import InputError, OutputError
from scsampler_cli.files.inputs import check_readable, find_inputs
from scsampler_cli.files.urls import Url, check_read, check_written, local_path
from scsampler_cli.scorer import Scorer
from tests.synthetic import static, write_video

URLS = {
    "https://example.org/a/v.mp4?token=1": "download it first",
    "HTTP://example.org/v.mp4": "download it first",
    "rtsp://camera:554/live": "record the stream",
    "rtmp://host/app": "record the stream",
    "s3://bucket/v.mp4": "download it first",
    "gs://bucket/v.mp4": "download it first",
    "ftp://host/v.mp4": "download it first",
    "file:///videos/a%20b.mp4": "/videos/a b.mp4",
    "odd+scheme://host/v.mp4": "download it first",
}


@pytest.mark.parametrize(("url", "instead"), URLS.items())
def test_a_url_is_shown_as_it_was_given_and_refused_in_words(url: str, instead: str) -> None:
    (path,) = find_inputs([url])
    assert str(path) == url
    assert str(pickle.loads(pickle.dumps(path))) == url
    with pytest.raises(InputError) as caught:
        check_readable(path)
    assert str(caught.value) == f"{url} is a URL, and only local files are read"
    assert instead in str(caught.value.hint)
    with pytest.raises(OutputError, match="only local files are written"):
        check_written(url)


@pytest.mark.parametrize("url", [url for url in URLS if not url.startswith("odd")])
def test_a_url_that_was_a_path_in_between_is_shown_whole_again(url: str) -> None:
    for given in (Path(url), str(Path(url))):
        with pytest.raises(InputError) as caught:
            check_read(given)
        assert str(caught.value).startswith(f"{url} is a URL")


@pytest.mark.parametrize(
    "name",
    ["v.mp4", "a:b.mp4", "http:", "C:/v.mp4", "http:8080.mp4", "take:/v.mp4", "a/https://b", "-"],
)
def test_other_names_are_paths(name: str) -> None:
    assert not isinstance(local_path(name), Url)
    assert local_path(name) == Path(name)
    check_read(name)
    check_written(name)


def test_a_local_file_of_such_a_name_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "http:" / "here").mkdir(parents=True)
    write_video(tmp_path / "http:" / "here" / "v.mp4", static(4, 32, 32))
    (path,) = find_inputs(["http://here/v.mp4"])
    check_readable(path)
    assert not isinstance(path, Url)


def test_a_row_of_a_list_may_be_one(tmp_path: Path) -> None:
    write_video(tmp_path / "v.mp4", static(4, 32, 32))
    (tmp_path / "set.csv").write_text("path,label\nhttps://example.org/v.mp4,a\nv.mp4,a\n")
    listing = read(tmp_path / "set.csv", learnt=False)
    assert len(listing.examples) == 1
    (problem,) = listing.problems
    assert problem.what == "a URL, and only local files are read: https://example.org/v.mp4"


def test_a_program_is_told_the_same() -> None:
    scorer = Scorer(visual_sampler="demo", audio_sampler="none", device="cpu")
    for given in ("https://example.org/v.mp4", Path("https://example.org/v.mp4")):
        with pytest.raises(InputError, match=r"https://example\.org/v\.mp4 is a URL"):
            scorer.score(given)
