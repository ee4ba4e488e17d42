"""Find products by what a machine reports: its build number, or a name of Microsoft's."""

from collections.abc import Iterable, Mapping

from kbgap.core.errors import NotFound
from kbgap.core.model import Line, Product
from kbgap.core.product_names import name_key


class ProductIndex:
    """The products of one catalogue, found by build number, by name and by the Windows they run on."""

    def __init__(self, products: Iterable[Product], lines: Mapping[str, Line]) -> None:
        """Sort ``products`` (canonical ones) once; ``lines`` by line id."""
        self._by_id = {product.id: product for product in products}
        self._by_name: dict[str, Product] = {}
        self._windows: dict[tuple[str, str], list[Product]] = {}
        self._components: dict[str, list[Product]] = {}
        self._programs: dict[str, list[Product]] = {}
        for product in self._by_id.values():
            for name in (product.name, *product.aliases):
                self._by_name.setdefault(name_key(name), product)
            if product.platform == product.id:
                self._windows.setdefault((product.role, product.line), []).append(product)
            elif product.platform:
                self._components.setdefault(product.platform, []).append(product)
            elif not product.system:
                self._programs.setdefault(product.software, []).append(product)
        self._lines = {
            (role, number): lines[line]
            for role, line in self._windows
            if line in lines
            for number in (_number(lines[line]), *lines[line].also)
        }

    def by_id(self, product_id: str) -> Product | None:
        """The product of a canonical id."""
        return self._by_id.get(product_id)

    def by_name(self, name: str) -> Product | None:
        """The product that Microsoft calls so, in any of its spellings; None for any other name."""
        return self._by_name.get(name_key(name))

    def components(self, platform: str) -> tuple[Product, ...]:
        """What can be on a Windows besides itself, by the product id of that Windows."""
        return tuple(self._components.get(platform, ()))

    def of_software(self, software: str) -> tuple[Product, ...]:
        """The programs on Windows that share the product part of a software id, whatever their branch."""
        return tuple(self._programs.get(software, ()))

    def is_released(self, role: str, build_number: int) -> bool:
        """Whether Microsoft released this build number; if not, what ``windows`` finds is only the nearest below."""
        return (role, build_number) in self._lines

    def line_of(self, role: str, build_number: int) -> Line:
        """The line of a build number: 18363, or 26100, which is one line for clients and another for servers.

        A number between two released ones is an unreleased build; it gets the line below it (10585: 10240), and only
        from Windows 10 on, where all numbers follow each other. NotFound when there is none, or when the number is
        above all that this catalogue knows.
        """
        line = self._lines.get((role, build_number))
        if line is not None:
            return line
        numbers = {number for known, number in self._lines if known == role and self._lines[known, number].cumulative}
        below = max((number for number in numbers if number < build_number), default=None)
        if below is None or build_number > max(numbers):
            raise NotFound(
                f"no update of this catalogue is for a {role or 'machine of unknown role'} with build {build_number}",
                mend="refresh the catalogue if that Windows is newer than it",
            )
        return self._lines[role, below]

    def windows(self, role: str, build_number: int, architecture: str, core: bool = False) -> Product:  # noqa: FBT001, FBT002 - read like the columns of a report
        """The one Windows product with these marks; NotFound with the reason when there is none, or more than one.

        ``core`` only decides where both installations exist: semi-annual servers are Server Core alone.
        """
        line = self.line_of(role, build_number)
        here = self._windows[role, line.id]
        fitting = [product for product in here if product.architecture == architecture or not architecture]
        chosen = [product for product in fitting if product.core == core] or fitting
        if len(chosen) == 1:
            return chosen[0]
        choices = ", ".join(sorted({product.architecture for product in here}))
        if not chosen:
            what = f"no update of this catalogue is for build {build_number} on {architecture}"
        else:
            what = f"build {build_number} ({role}) fits {len(chosen)} products"
        raise NotFound(what, mend=f"say for which architecture it is: {choices}")


def _number(line: Line) -> int:
    return int(line.prefix.rpartition(".")[2])
