"""Of several ways to the same fix, the machine's track decides which are offered."""

import pytest

from kbgap.core.model import Kind, Track
from kbgap.core.tracks import offered


@pytest.mark.parametrize(
    ("kinds", "track", "chosen"),
    [
        ([Kind.ROLLUP, Kind.SECURITY_ONLY], Track.ROLLUP, (0,)),
        ([Kind.ROLLUP, Kind.SECURITY_ONLY], Track.SECURITY_ONLY, (1,)),
        ([Kind.PREVIEW_ROLLUP, Kind.STANDALONE], Track.ROLLUP, (1,)),
        ([Kind.SECURITY, Kind.HOTPATCH], Track.HOTPATCH, (1,)),
        ([Kind.SECURITY, Kind.HOTPATCH], Track.ROLLUP, (0,)),
        ([Kind.SECURITY, Kind.STANDALONE], Track.HOTPATCH, (1,)),
        ([Kind.HOTPATCH], Track.ROLLUP, ()),
        ([Kind.SECURITY, Kind.SECURITY], Track.ROLLUP, (0, 1)),
    ],
)
def test_the_track_decides_what_is_offered(kinds: list[Kind], track: Track, chosen: tuple[int, ...]) -> None:
    """Semantics 3.5: offer only the track that the machine follows."""
    assert offered(kinds, track) == chosen


@pytest.mark.parametrize("track", list(Track))
def test_every_kind_but_hotpatch_can_be_offered_somewhere(track: Track) -> None:
    """No kind is lost on the tracks that everyone has."""
    alone = {kind for kind in Kind if offered([kind], track)}

    assert alone >= {Kind.SECURITY, Kind.OTHER, Kind.SERVICING_STACK, Kind.SETUP, Kind.STANDALONE}
