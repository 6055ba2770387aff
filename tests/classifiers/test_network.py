"""Torch classifiers from files, and the published costs."""

import hashlib
import http.server
import io
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from scsampler_cli.classifiers import builtin as kinetics
from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.network import from_file
from scsampler_cli.classifiers.networks import build
from scsampler_cli.errors import ClassifierError, WeightsError
from scsampler_cli.model_zoo import public
from scsampler_cli.model_zoo.weightfile import write_weights
from scsampler_cli.samplers.networks import count_macs, count_parameters

CPU, FP32 = torch.device("cpu"), torch.float32
SMALL = InputSpec(4, 2, 36, crop=(32, 32))


def ours(path: Path, classes: int = 3, **more: object) -> Path:
    torch.manual_seed(0)
    labels = [f"label {i}" for i in range(classes)]
    meta = {"kind": "classifier", "arch": "tiny3d", "labels": labels, "spec": asdict(SMALL), **more}
    write_weights(path, build("tiny3d", classes).state_dict(), meta)
    return path


@pytest.mark.parametrize(
    ("arch", "gmacs", "millions"),
    [("mc3_18", 43.34, 11.70), ("r3d_18", 40.70, 33.37), ("r2plus1d_18", 40.52, 31.51)],
)
def test_costs_are_torchvisions_published_ones(arch: str, gmacs: float, millions: float) -> None:
    network = build(arch, 400)
    assert count_macs(network, (3, 16, 112, 112)) / 1e9 == pytest.approx(gmacs, abs=0.005)
    assert count_parameters(network) / 1e6 == pytest.approx(millions, abs=0.005)
    assert (kinetics.BUILTINS[arch].gmacs, kinetics.BUILTINS[arch].mparams) == (gmacs, millions)


def test_our_file_says_all_that_is_needed(tmp_path: Path) -> None:
    classifier = from_file(ours(tmp_path / "w.safetensors"), CPU, FP32)
    assert classifier.spec == SMALL
    assert classifier.labels == ("label 0", "label 1", "label 2")
    assert classifier.weights.source == "w.safetensors"
    clips = np.random.default_rng(0).integers(0, 256, (5, 4, 32, 32, 3), np.uint8)
    together = classifier.classify(clips)
    assert together.shape == (5, 3)
    assert np.allclose(together.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(classifier.classify(clips[2:3]), together[2:3], atol=1e-5)
    assert classifier.classify(clips[:0]).shape == (0, 3)
    for wrong in (
        clips[:, :2],
        clips[:, :, :30],
        clips[..., :1],
        clips[0],
        clips.astype(np.float32),
    ):
        with pytest.raises(
            ClassifierError, match=r"takes clips uint8 \[N, 4, 32, 32, 3\], not "
        ) as caught:
            classifier.classify(wrong)
        assert caught.value.hint


@pytest.mark.parametrize(
    "wrap", [lambda s: s, lambda s: {"state_dict": {f"module.{k}": v for k, v in s.items()}}]
)
def test_a_plain_state_dict_of_kinetics_loads_by_name(tmp_path: Path, wrap) -> None:
    torch.save(wrap(build("mc3_18", 400).state_dict()), tmp_path / "k.pth")
    classifier = kinetics.mc3_18(CPU, FP32, tmp_path / "k.pth")
    assert classifier.labels[0] == "abseiling"
    assert len(classifier.labels) == 400
    assert classifier.spec == kinetics.BUILTINS["mc3_18"].spec
    clip = np.zeros((1, 16, 112, 112, 3), np.uint8)
    assert classifier.classify(clip).shape == (1, 400)


def test_another_number_of_classes_takes_given_or_numbered_labels(tmp_path: Path) -> None:
    torch.save(build("r3d_18", 2).state_dict(), tmp_path / "two.pth")
    assert kinetics.r3d_18(CPU, FP32, tmp_path / "two.pth").labels == ("class 0", "class 1")
    assert kinetics.r3d_18(CPU, FP32, tmp_path / "two.pth", labels=["a", "b"]).labels == ("a", "b")
    with pytest.raises(ClassifierError, match="3 labels for the 2 classes"):
        kinetics.r3d_18(CPU, FP32, tmp_path / "two.pth", labels=["a", "b", "c"])


def test_misfits_are_refused(tmp_path: Path) -> None:
    torch.save(build("r3d_18", 2).state_dict(), tmp_path / "r3d.pth")
    with pytest.raises(WeightsError, match="do not fit"):
        kinetics.mc3_18(CPU, FP32, tmp_path / "r3d.pth")
    with pytest.raises(ClassifierError, match="does not name its network"):
        from_file(tmp_path / "r3d.pth", CPU, FP32)
    torch.save({"a": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="no final layer"):
        kinetics.mc3_18(CPU, FP32, tmp_path / "other.pth")
    with pytest.raises(ClassifierError, match="for tiny3d, not for mc3_18"):
        kinetics.mc3_18(CPU, FP32, ours(tmp_path / "w.safetensors"))
    with pytest.raises(ClassifierError, match="sampler's weight file"):
        from_file(ours(tmp_path / "s.safetensors", kind="sampler"), CPU, FP32)


def test_cached_kinetics_weights_are_found_and_checked_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in the torch hub cache is used without any connection, if it is the one that was
    published."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    cached = public.cached_path("mc3_18")
    assert cached.is_relative_to(tmp_path)
    cached.parent.mkdir(parents=True)
    torch.save(build("mc3_18", 400).state_dict(), cached)
    with pytest.raises(
        WeightsError, match="is not the published one: its sha256 does not begin with a90a0ba3"
    ) as caught:
        kinetics.mc3_18(CPU, FP32)
    assert "give your own file" in str(caught.value.hint)
    pinned = public.Checkpoint(
        f"http://127.0.0.1:9/w-{hashlib.sha256(cached.read_bytes()).hexdigest()[:8]}.pth", "K"
    )
    monkeypatch.setitem(public.PUBLIC, "mc3_18", pinned)
    cached = cached.rename(public.cached_path("mc3_18"))
    classifier = kinetics.mc3_18(CPU, FP32)
    assert classifier.weights.source == cached.name
    assert len(classifier.weights.sha256 or "") == 64


@pytest.mark.parametrize(
    ("name", "data", "option"),
    [("r3d_18", "Kinetics-400", "give a weight file"), ("resnet18", "ImageNet", "from scratch")],
)
def test_public_weights_out_of_reach_give_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: str, option: str
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")  # nothing listens there
    with pytest.raises(
        WeightsError, match=f"the {data} weights of {name} are not cached and cannot be down"
    ) as caught:
        public.fetch(name)
    assert option in str(caught.value.hint)
    assert public.cached_path(name).name in str(caught.value.hint)
    assert not public.cached_path(name).exists()


class _Server:
    """A file server on this machine, in the place of the one that torchvision's weights come
    from."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *args: object, **kwargs: object) -> None:
                super().__init__(*args, directory=str(folder), **kwargs)

            def log_message(self, *args: object) -> None:
                asked.append(self.command)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[_Server, Path]]:
    """(server, file that it serves as the Kinetics-400 weights of mc3_18), with an empty torch hub
    cache."""
    (tmp_path / "www").mkdir()
    torch.manual_seed(0)
    plain = tmp_path / "www" / "plain.pth"
    torch.save(build("mc3_18", 400).state_dict(), plain)
    named = plain.with_name(f"mc3_18-{hashlib.sha256(plain.read_bytes()).hexdigest()[:8]}.pth")
    plain.rename(named)
    server = _Server(tmp_path / "www")
    monkeypatch.setitem(
        public.PUBLIC, "mc3_18", public.Checkpoint(f"{server.url}/{named.name}", public.KINETICS)
    )
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield server, named
    server.close()


@pytest.mark.parametrize("terminal", [True, False])
def test_weights_are_downloaded_once_with_progress_on_a_terminal(
    served: tuple[_Server, Path], monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    server, file = served
    stderr = io.StringIO()
    stderr.isatty = lambda: terminal  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", stderr)
    first = kinetics.mc3_18(CPU, FP32)
    assert first.weights.source == file.name
    assert first.labels[0] == "abseiling"
    assert (
        bool(re.search(r"100(\.0)?%", stderr.getvalue())) == terminal
    )  # tqdm's way, where it is there, or torch's
    assert bool(stderr.getvalue()) == terminal
    assert server.asked == ["HEAD", "GET"]
    assert public.cached_path("mc3_18").read_bytes() == file.read_bytes()
    assert kinetics.mc3_18(CPU, FP32).weights == first.weights
    assert server.asked == ["HEAD", "GET"]  # not asked again


def test_a_download_that_is_not_what_its_name_says_is_not_kept(
    served: tuple[_Server, Path],
) -> None:
    _, file = served
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(WeightsError, match="invalid hash value"):
        kinetics.mc3_18(CPU, FP32)
    assert list(public.cached_path("mc3_18").parent.iterdir()) == []


def test_a_download_that_breaks_off_is_not_kept_even_where_no_digest_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(b"x" * 400)

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Broken)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/irCSN_f126851907.pth"
    monkeypatch.setitem(public.PUBLIC, "ir_csn_152", public.Checkpoint(url, public.KINETICS))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert public.PUBLIC["ir_csn_152"].digest == ""
    with pytest.raises(WeightsError, match=r"400 of 1000 bytes arrived|cannot be downloaded"):
        public.fetch("ir_csn_152")
    server.shutdown()
    server.server_close()
    assert list(public.cached_path("ir_csn_152").parent.iterdir()) == []


def test_digests_are_read_off_the_names_that_carry_them() -> None:
    digests = {name: checkpoint.digest for name, checkpoint in public.PUBLIC.items()}
    assert digests["mc3_18"] == "a90a0ba3"
    assert digests["r2plus1d_34_32_ig65m"] == "449a7af9"
    without = {name for name, digest in digests.items() if not digest}
    assert without == {
        name for name in digests if "csn" in name or "i3d" in name
    }  # VMZ and I3D publish none
