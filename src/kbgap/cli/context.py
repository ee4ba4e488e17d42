"""What every command needs: the settings in force, the clock, and the current catalogue."""

import argparse
import os
from datetime import UTC, date, datetime

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.shelf import Shelf, age_in_days
from kbgap.cli.output import say
from kbgap.settings import Settings, load_settings


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings, with this command's flags over everything else."""
    flags = {}
    for name in ("data_dir", "tenant", "host", "port", "tls_cert", "tls_key", "kev", "epss", "refresh"):
        value = getattr(options, name, None)
        flags[name] = None if value is None else str(value)
    return load_settings(flags, os.environ, getattr(options, "config", None))  # noqa: TID251 - the entry hands the environment to the settings


def now() -> datetime:
    """The time, in UTC: the command line is where the clock is read."""
    return datetime.now(UTC)  # noqa: TID251 - the entry point


def actor() -> str:
    """Who runs this command, for the audit log."""
    import getpass

    try:
        return f"local:{getpass.getuser()}"
    except (KeyError, OSError):  # an account without a name, as containers have
        return "local"


def today() -> date:
    """The day, in UTC."""
    return now().date()


def shelf_of(settings: Settings) -> Shelf:
    """The catalogue files of the data directory."""
    return Shelf(settings.data_dir / "catalogue")


def current_catalogue(settings: Settings) -> CatalogueFile:
    """The current catalogue; an old one is said on standard error."""
    catalogue = shelf_of(settings).current()
    warn_when_old(catalogue, settings)
    return catalogue


def warn_when_old(catalogue: CatalogueFile, settings: Settings) -> None:
    """Say it when the newest document is older than the setting allows."""
    age = age_in_days(catalogue, today())
    if age is not None and age > settings.catalogue_old_after.days:
        say(f"kbgap: catalogue {catalogue.revision} is {age} days old; run: kbgap catalogue refresh")
