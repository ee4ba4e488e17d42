"""What benchmarks give: figures beside the targets that the design sets, and the table of them."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

_NOTICED = 0.05


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number: what it is, in which unit, and the target where there is one.

    ``is_least``: the target is the least that is wanted (requests a second), else the most (seconds).
    """

    what: str
    value: float
    unit: str
    target: float | None = None
    is_least: bool = False

    @property
    def judgement(self) -> str:
        """Whether the target is met, and if not, by how far it is missed."""
        if self.target is None:
            return ""
        is_met = self.value >= self.target if self.is_least else self.value <= self.target
        if is_met:
            return "met"
        if not self.target:
            return "missed"
        times = self.target / self.value if self.is_least and self.value else self.value / self.target
        return f"missed, {times:.2g} times"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The figures of one benchmark, and on what input they were measured."""

    name: str
    given: str
    figures: tuple[Figure, ...]


def print_table(benchmark: Benchmark, others: float) -> None:
    """Show one benchmark to people; ``others`` is the share of the processors that other programs took meanwhile."""
    disturbed = f"\nother programs took {others:.0%} of the processors meanwhile" if others >= _NOTICED else ""
    title = f"{benchmark.name}: {benchmark.given}{disturbed}"
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("what")
    table.add_column("measured", justify="right")
    table.add_column("target", justify="right")
    table.add_column("")
    for figure in benchmark.figures:
        sign = "" if figure.target is None else "≥ " if figure.is_least else "≤ "
        target = "" if figure.target is None else f"{sign}{in_words(figure.target)}"
        table.add_row(figure.what, f"{in_words(figure.value)} {figure.unit}", target, figure.judgement)
    Console(width=None if Console().is_terminal else 120).print(table)


def in_words(value: float) -> str:
    """Three digits, or whole thousands."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
