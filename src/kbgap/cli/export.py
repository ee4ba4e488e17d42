"""The ``kbgap export`` command: the export assessments of the API, as one file."""

import argparse
from datetime import datetime
from pathlib import Path

from kbgap.cli.context import now, settings_of
from kbgap.cli.fleet import fleet, tenant_of
from kbgap.core.errors import Invalid
from kbgap.odata.errors import ODataError
from kbgap.odata.literals import read_moment
from kbgap.odata.tokens import Kind, Token
from kbgap.operations.export_to_file import Assessment, Form, Wanted, export_to_file


def export(options: argparse.Namespace) -> int:
    """Write one export of the tenant's whole fleet to a file."""
    settings = settings_of(options)
    form = _form(options.format, options.file)
    target = options.file / f"{options.assessment}.{form}" if options.file.is_dir() else options.file
    wanted = Wanted(Assessment(options.assessment), form, options.camel_case, _since(options.since))
    with fleet(settings) as database:
        tenant = tenant_of(database, settings)
        rows = export_to_file(database, tenant, now(), wanted, target, replace=options.replace)
    print(f"written: {target}, {rows:,} rows")
    return 0


def _form(given: str | None, file: Path) -> Form:
    """What was asked for, or else what the name of the file says."""
    if given is not None:
        return Form(given)
    named = [form for form in Form if file.name.endswith(f".{form}")]
    return named[0] if named else Form.PARQUET


def _since(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return read_moment(Token(Kind.MOMENT, text.strip(), at=1))
    except ODataError as error:
        mend = "write 2020-03-20T08:00:00Z"
        raise Invalid(f"{text[:40]!r} is no time", where="--since", mend=mend) from error
