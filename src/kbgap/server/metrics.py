"""Count what happens, and write it in Prometheus' text form; each process counts for itself."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})

Sample = tuple[str, str, str, float]  # name, kind, what it is, value


class _Histogram:
    """How long requests took: how many within each bound, and all of it together."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(_BOUNDS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(_BOUNDS, seconds)] += 1
        self.total += seconds

    def cumulated(self) -> Iterator[tuple[str, int]]:
        """Prometheus counts in each bucket what is in the smaller ones too."""
        so_far = 0
        for bound, count in zip((*map(str, _BOUNDS), "+Inf"), self.counts, strict=True):
            so_far += count
            yield bound, so_far


class Metrics:
    """What this process has answered; used from one thread (the server's event loop).

    Paths are those of the table of operations, never those that were asked for: their number is bounded, and they hold
    no ids.
    """

    def __init__(self) -> None:
        """Begin at nothing."""
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._seconds: dict[str, _Histogram] = {}
        self._reports: Counter[str] = Counter()

    def answered(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests[method, path, status] += 1
        histogram = self._seconds.get(path)
        if histogram is None:
            histogram = self._seconds[path] = _Histogram()
        histogram.add(seconds)

    def took_in(self, outcomes: Iterable[tuple[str, int]]) -> None:
        """Count reports by what became of them."""
        for outcome, number in outcomes:
            self._reports[outcome] += number

    def written(self, others: Iterable[Sample] = ()) -> str:
        """Everything in Prometheus' text form, with other numbers behind it."""
        lines = _head("kbgap_requests_total", "counter", "Requests answered.")
        lines += [
            f'kbgap_requests_total{{method="{method}",path="{path}",status="{status}"}} {count}'
            for (method, path, status), count in sorted(self._requests.items())
        ]
        lines += _head("kbgap_request_seconds", "histogram", "How long requests took until they were answered.")
        for path, histogram in sorted(self._seconds.items()):
            lines += [
                f'kbgap_request_seconds_bucket{{path="{path}",le="{bound}"}} {count}'
                for bound, count in histogram.cumulated()
            ]
            lines.append(f'kbgap_request_seconds_sum{{path="{path}"}} {histogram.total:.6f}')
            lines.append(f'kbgap_request_seconds_count{{path="{path}"}} {sum(histogram.counts)}')
        lines += _head("kbgap_reports_total", "counter", "Reports of machines, by what became of them.")
        lines += [f'kbgap_reports_total{{outcome="{name}"}} {count}' for name, count in sorted(self._reports.items())]
        family = ""
        for name, kind, about, value in others:  # those of one family come one after another
            if name.partition("{")[0] != family:
                family = name.partition("{")[0]
                lines += _head(family, kind, about)
            lines.append(f"{name} {value:.17g}")
        return "\n".join(lines) + "\n"


def labelled(name: str, label: str, value: str) -> str:
    """A name with one label, whatever the value holds."""
    return f'{name}{{{label}="{value.translate(_ESCAPES)}"}}'


def _head(name: str, kind: str, about: str) -> list[str]:
    return [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
