"""Why a download failed is said in words, never as a number of the operating system."""

import errno
import os
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from scsampler_cli.errors import WeightsError
from scsampler_cli.model_zoo import public


def fails_with(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            urllib.error.URLError(socket.gaierror(-2, "Name or service not known")),
            "the server's name cannot be found; is this machine connected to the network?",
        ),
        (
            urllib.error.URLError(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")),
            "the server cannot be reached: Connection refused",
        ),
        (urllib.error.URLError(TimeoutError("timed out")), "the server does not answer"),
        (TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)), "the server does not answer"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (OSError("400 of 1000 bytes arrived"), "400 of 1000 bytes arrived"),
    ],
)
def test_a_failed_download_is_explained_in_words(
    error: Exception, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(urllib.request, "urlopen", fails_with(error))
    with pytest.raises(WeightsError) as raised:
        public.fetch("mc3_18")
    assert str(raised.value).endswith(f"are not cached and cannot be downloaded ({words})")
    assert "Errno" not in str(raised.value)
