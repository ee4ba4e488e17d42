"""A fleet as companies have it: the demo's machines by months, rings and departments, and programs from images.

Twenty machines share an image, that is a list of programs, and on every fourth somebody has installed one more. The
programs of an image are some that everybody has, and others out of a few thousand, of which few are on many machines
and many on few. Microsoft's are those of the image's first machine. The names of the others are made up.
"""

from collections.abc import Iterator
from functools import cache
from random import Random

import msgspec

from bench.given import size
from bench.machines import NOW, SEED
from kbgap.catalogue.file import CatalogueFile
from kbgap.inventory.report import Machine, Report, Software, encode_report
from kbgap.operations.demo_fleet import demo_fleet

PROGRAMS = size("programs", 120)  # of other makers than Microsoft, on each machine
_MACHINES_OF_AN_IMAGE = 20
_WITH_ONE_MORE = 0.25
_EVERYWHERE = PROGRAMS // 2  # of them are on every machine
_OTHERS = 3_000
_VERSIONS = 12  # of each program
_MAKERS = ("Contoso, Ltd.", "Fabrikam Inc.", "Northwind GmbH", "Tailspin Toys", "Proseware, Inc.", "Litware")
_KINDS = ("Reader", "Client", "Agent", "Driver", "Viewer", "Toolkit", "Runtime", "Connector", "Studio", "Helper")


def bodies(catalogue: CatalogueFile, first: int, last: int, batch: int, seed: int = SEED) -> Iterator[bytes]:
    """The machines from number ``first`` up to ``last`` as lines of JSON, so many in each body.

    A larger fleet of the same seed begins with the same machines. They are all looked at on one day.
    """
    lines: list[bytes] = []
    images: list[list[bytes]] = []  # Microsoft's programs of each
    for number, report in enumerate(demo_fleet(seed, last, catalogue.lines, NOW)):
        if number % _MACHINES_OF_AN_IMAGE == 0:
            images.append([msgspec.json.encode(program) for program in report.software or ()])
        if number < first:
            continue
        random = Random(f"{seed}/image of {number}")
        image = random.randrange(len(images))
        programs = [*images[image], *programs_of(image, seed)]
        if random.random() < _WITH_ONE_MORE:
            programs.append(_program(_EVERYWHERE + random.randrange(_OTHERS), 0))
        lines.append(_line(number, report, programs))
        if len(lines) == batch:
            yield b"\n".join(lines)
            lines = []
    if lines:
        yield b"\n".join(lines)


def programs_of(image: int, seed: int) -> list[bytes]:
    """The programs of an image that are not Microsoft's, each as JSON."""
    random = Random(f"{seed}/image {image}").random
    # Everybody's programs come in few versions at once, the others are rare the higher their number is.
    chosen = {number: int(random() ** 3 * _VERSIONS) for number in range(_EVERYWHERE)}
    while len(chosen) < PROGRAMS:
        chosen[_EVERYWHERE + int(random() ** 3 * _OTHERS)] = int(random() ** 2 * _VERSIONS)
    return [_program(number, version) for number, version in chosen.items()]


def _line(number: int, report: Report, programs: list[bytes]) -> bytes:
    machine = msgspec.structs.replace(report.machine or Machine(), computer_dns_name=f"m{number}.example.org")
    whole = encode_report(msgspec.structs.replace(report, machine=machine, software=()))
    return whole.replace(b'"software":[]', b'"software":[' + b",".join(programs) + b"]")


@cache
def _program(number: int, version: int) -> bytes:
    maker, kind = _MAKERS[number % len(_MAKERS)], _KINDS[number % len(_KINDS)]
    name = f"{maker.split()[0].strip(',')} {kind} {number} (x64)"
    text = f"{number % 20 + 1}.{_VERSIONS - version}.{number * 7 % 1_000}"
    return msgspec.json.encode(Software(name=name, vendor=maker, version=text, architecture="x64"))
