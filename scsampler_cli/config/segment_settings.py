"""Settings of segments: how much may be asked of the classifier to find where actions are."""

from __future__ import annotations

from dataclasses import dataclass

from scsampler_cli.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class SegmentSettings:
    """How segments are looked for (`pipeline.segment_times`)."""

    max_clips: int | None = None
    """Most clips that the classifier answers in all, the selected ones included. None: all clips
    where the classifier costs little or has a background class, else MAX_K."""

    def __post_init__(self) -> None:
        if self.max_clips is None:
            return
        if isinstance(self.max_clips, bool) or not isinstance(self.max_clips, int):
            raise SettingsError(
                f"max_clips is {self.max_clips!r}, not a whole number",
                code="arguments-invalid",
                hint="leave it out for the default",
            )
        if self.max_clips < 1:
            raise SettingsError(
                f"max_clips {self.max_clips} is below 1",
                code="out-of-range",
                hint="leave it out for the default",
            )

    def check_selection(self, strategy: str, k: int) -> None:
        """Refuse a limit below the number of selected clips.

        Args:
            strategy: of `SelectionSettings`.
            k: most clips that it selects; of no effect in "dense".

        Raises:
            SettingsError: fewer clips may be answered than are selected.
        """
        if self.max_clips is None:
            return
        if strategy == "dense":
            raise SettingsError(
                f"at most {self.max_clips} clips may be classified, and dense classifies all",
                code="segments-limit",
                hint="leave out the limit, or choose another strategy",
            )
        if self.max_clips < k:
            raise SettingsError(
                f"at most {self.max_clips} clips may be classified, and {k} are selected",
                code="segments-limit",
                hint="raise the limit, or select fewer clips",
            )
