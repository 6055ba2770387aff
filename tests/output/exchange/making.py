"""Records of `classify` for documents of other tools, and what a document has of them."""

import io
from typing import Any

from scsampler_cli.output.writers import make_writer
from tests.output.cuts import making


def tagged(*clips: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A record with what the documents need besides clips and facts of the video."""
    own = ("segments", "confident", "confidence")
    facts = {name: more.pop(name) for name in own if name in more}
    return {
        **making.record(*clips, **more),
        "tags": [{"label": "archery", "probability": 0.75}],
        "classifier": {"name": "demo", "weights": "demo.safetensors", "sha256": "ab" * 32},
        **facts,
    }


def segment(start: float, end: float, label: str, probability: float) -> dict[str, Any]:
    return {
        "start_s": start,
        "end_s": end,
        "label": label,
        "probability": probability,
        "clips": [0],
    }


def document(form: str, *records: dict[str, Any], notes: list[str] | None = None) -> str:
    stream = io.StringIO()
    told: list[str] = [] if notes is None else notes
    writer = make_writer(form, stream, [], single=len(records) == 1, on_note=told.append)
    for record in records:
        writer.write(record)
    writer.close()
    return stream.getvalue()
