"""Count verdicts against labels: precision, recall and the share of Unknown."""

from dataclasses import dataclass, field

from kbgap.core.verdicts import IsCovered, IsInstalled, IsMissing, IsUnknown, Verdict

SHOWN = 5


@dataclass
class Tally:
    """Pairs of machine state and KB of one family, labelled by one source.

    ``wrong`` tells each pair that was answered wrongly. Unknown counts against recall where the KB is missing, and is
    shown for all pairs, because the label says that the evidence decides.
    """

    family: str
    labels: str
    found: int = 0  # missing, and said so
    invented: int = 0  # there, and called missing
    lost: int = 0  # missing, and called there or not named
    unknown_missing: int = 0
    unknown_there: int = 0
    spared: int = 0  # there, and not called missing
    wrong: list[str] = field(default_factory=list)

    def note(self, verdict: Verdict | None, told: str, *, is_missing: bool) -> None:
        """Count one verdict; an update whose CVEs another update closed is rightly not missing though it is absent."""
        match verdict:
            case IsMissing():
                self.count("missing", told, is_missing=is_missing)
            case IsUnknown():
                self.count("unknown", told, is_missing=is_missing)
            case IsCovered(by=by) if by:
                self.count("there", told, is_missing=False)
            case IsInstalled() | IsCovered():
                self.count("there", told, is_missing=is_missing)
            case _:
                self.count("nothing", told, is_missing=is_missing)

    def count(self, answer: str, told: str, *, is_missing: bool, times: int = 1) -> None:
        """Count one answer (``missing``, ``unknown``, ``there`` or ``nothing``)."""
        if answer == "missing" and is_missing:
            self.found += times
        elif answer == "missing":
            self.invented += times
        elif answer == "unknown" and is_missing:
            self.unknown_missing += times
        elif answer == "unknown":
            self.unknown_there += times
        elif is_missing:
            self.lost += times
        else:
            self.spared += times
        if (answer == "unknown" or (answer == "missing") is not is_missing) and told:
            self.wrong.append(f"{told}: said {answer}, is {'missing' if is_missing else 'there'}")

    @property
    def pairs(self) -> int:
        """All that were labelled."""
        return self.found + self.invented + self.lost + self.unknown + self.spared

    @property
    def unknown(self) -> int:
        """Undecided though the label decides."""
        return self.unknown_missing + self.unknown_there

    @property
    def precision(self) -> float:
        """Of what was called missing, the share that is; 1 when nothing was."""
        said = self.found + self.invented
        return self.found / said if said else 1.0

    @property
    def recall(self) -> float:
        """Of what is missing, the share that was called so; 1 when nothing is."""
        missing = self.found + self.lost + self.unknown_missing
        return self.found / missing if missing else 1.0

    @property
    def unknown_share(self) -> float:
        """Of all pairs."""
        return self.unknown / self.pairs if self.pairs else 0.0
