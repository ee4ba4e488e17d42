"""What the feed is likely to have lost is refused; what grows is taken; nothing is deleted because it is absent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.catalogue.guard import Cause, key, review
from kbgap.catalogue.published import DocumentFacts


def facts(
    id: str = "2026-Jun", *, current: str = "2026-07-04T01:03:27", entries: int = 1_279, kbs: int = 33
) -> DocumentFacts:
    """One document as the guard sees it."""
    return DocumentFacts(id=id, title="", initial="2026-06-09T07:00:00", current=current, entries=entries, kbs=kbs)


def cause(before: DocumentFacts, now: DocumentFacts) -> Cause | None:
    """Why the later state is refused, or None."""
    refused = review({before.id: before}, [now]).refused
    return refused[0].cause if refused else None


def test_the_shrunken_june_is_refused_with_its_numbers() -> None:
    """74 of 1,279 entries gone and an older date: the feed of July 2026."""
    now = facts(current="2026-07-02T07:00:00", entries=1_205)

    verdict = review({"2026-Jun": facts()}, [now])

    assert verdict.accepted == ()
    assert verdict.refused[0].cause is Cause.OLDER
    assert verdict.refused[0].reason == (
        "2026-Jun is dated 2026-07-02T07:00:00, before the 2026-07-04T01:03:27 of the one at hand and fell from 1,279"
        " entries to 1,205; the document of 2026-07-04T01:03:27 is kept until the feed recovers or the loss is accepted"
    )


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (1_279, 1_279, None),
        (1_279, 1_300, None),
        (1_279, 1_267, None),  # 12 of 1,279 are under one in a hundred
        (1_279, 1_266, Cause.SHRUNKEN),
        (100, 95, None),  # a handful is withdrawn at times
        (100, 94, Cause.SHRUNKEN),
        (5, 3, None),
        (5, 2, Cause.SHRUNKEN),  # more than half of few
        (1, 0, Cause.SHRUNKEN),
        (0, 0, None),
    ],
)
def test_a_fall_in_entries_is_suspect_beyond_a_handful(before: int, now: int, expected: Cause | None) -> None:
    """More than five and more than one in a hundred, or more than half."""
    later = "2026-07-05T00:00:00"

    assert cause(facts(entries=before), facts(entries=now, current=later)) == expected


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (74, 64, None),  # 2019-Aug, from 2021 to 2025
        (74, 59, Cause.SHRUNKEN),
        (33, 27, None),
        (33, 26, Cause.SHRUNKEN),
        (9, 4, Cause.SHRUNKEN),
        (1, 0, Cause.SHRUNKEN),
    ],
)
def test_a_fall_in_kbs_is_suspect_beyond_a_fifth(before: int, now: int, expected: Cause | None) -> None:
    """Entries that stay but lose their fixes would make updates disappear; some KBs are replaced over the years."""
    later = "2026-07-05T00:00:00"

    assert cause(facts(kbs=before), facts(kbs=now, current=later)) == expected


def test_an_older_date_is_refused_even_without_a_loss() -> None:
    """A stale copy answers at times."""
    assert cause(facts(), facts(current="2026-07-03T00:00:00", entries=1_400)) is Cause.OLDER


def test_the_same_date_with_another_content_is_taken() -> None:
    """2026-Jul was served in two forms under one date, with equally many entries."""
    assert cause(facts(), facts(entries=1_280)) is None


def test_a_new_document_is_taken_whatever_its_size() -> None:
    """A month begins with a few entries and no KB."""
    assert review({}, [facts("2026-Jul", entries=21, kbs=0)]).accepted == ("2026-Jul",)


def test_what_the_index_no_longer_names_is_told() -> None:
    """On 2026-07-02 the index lacked 2026-Jun for eight hours."""
    verdict = review({"2026-Jun": facts(), "2026-May": facts("2026-May")}, [], listed={"2026-May"})

    assert [(refusal.id, refusal.cause) for refusal in verdict.refused] == [("2026-Jun", Cause.VANISHED)]
    assert verdict.refused[0].reason == (
        "2026-Jun is no longer in the index; the document of 2026-07-04T01:03:27 is kept"
    )


def test_without_an_index_absence_means_nothing() -> None:
    """A folder with two months says nothing about the others."""
    assert review({"2026-Jun": facts()}, []).refused == ()


def test_ids_are_compared_without_case() -> None:
    """Should 2018-FEB become 2018-Feb one day, it is the same month."""
    before = facts("2018-FEB")

    assert review({"2018-FEB": before}, [facts("2018-Feb", entries=1)], listed={"2018-Feb"}).refused[0].cause is (
        Cause.SHRUNKEN
    )
    assert key("2018-FEB") == key("2018-Feb")


def test_a_person_may_accept_the_loss() -> None:
    """Shrunken and older documents are taken then; one that vanished is still kept, there being nothing to take."""
    shrunken = facts(current="2026-07-02T07:00:00", entries=5, kbs=0)

    verdict = review(
        {"2026-Jun": facts(), "2026-May": facts("2026-May")}, [shrunken], listed={"2026-Jun"}, accept_shrink=True
    )

    assert verdict.accepted == ("2026-Jun",)
    assert [refusal.cause for refusal in verdict.refused] == [Cause.VANISHED]


states = st.builds(
    facts,
    st.sampled_from(["2026-May", "2026-Jun", "2026-Jul"]),
    current=st.sampled_from(["2026-07-01T00:00:00", "2026-07-02T00:00:00", "2026-07-03T00:00:00"]),
    entries=st.integers(0, 300),
    kbs=st.integers(0, 40),
)


@given(st.lists(st.lists(states, max_size=3, unique_by=lambda one: one.id), max_size=8))
def test_no_sequence_of_states_loses_more_than_a_handful_at_once(feed: list[list[DocumentFacts]]) -> None:
    """Whatever the feed does, no document goes, goes back in time, or falls by more than the rule at any step."""
    good: dict[str, DocumentFacts] = {}

    for offered in feed:
        verdict = review(good, offered, listed=[one.id for one in offered])
        told = {refusal.id for refusal in verdict.refused}
        assert told | set(verdict.accepted) >= {one.id for one in offered} | set(good)
        for one in offered:
            if one.id in verdict.accepted:
                before = good.get(one.id, one)
                assert before.current <= one.current
                assert before.entries - one.entries <= max(5, before.entries / 100)
                good[one.id] = one
