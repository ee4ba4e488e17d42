"""The ``kbgap demo`` command: real updates, a made-up fleet and a server on this machine, to look around."""

import argparse
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from uuid import UUID

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.shelf import Shelf
from kbgap.cli import context
from kbgap.cli.refresh import progress_bar
from kbgap.cli.serve import ending_when_told, log_to_stderr
from kbgap.core.errors import Invalid, Unavailable
from kbgap.operations.demo import Credentials, Demo, Plan, set_up_demo
from kbgap.server.app import create_app
from kbgap.server.run import address_of_socket, listen
from kbgap.server.run import serve as answer
from kbgap.settings import Settings
from kbgap.store.database import open_database
from kbgap.store.migrate import migrate

LOOPBACK = "127.0.0.1"
MOST_MACHINES = 1_000_000
RESOURCE = "https://api.securitycenter.microsoft.com"

GUIDE = """\
kbgap demo: {machines:,} made-up machines, {updates} real updates, the newest of {newest}

  address        {address}
  tenant         {tenant}
  client id      {client.client_id}
  client secret  {client.client_secret}

In a browser, {address} shows the fleet: sign in with the client id and the client secret.

Updates missing for Edge, on how many machines, and how many CVEs each of them closes:

TOKEN={token}
curl -s -w '\\n' -H "Authorization: Bearer $TOKEN" {edge}

Without a token, 401:

curl -s -w '\\n%{{http_code}}\\n' {edge}

Software that is not there, 404:

curl -s -w '\\n%{{http_code}}\\n' -H "Authorization: Bearer $TOKEN" {nowhere}

A client that may do something else, 403 with the role that it lacks:

OTHER={other_token}
curl -s -w '\\n%{{http_code}}\\n' -H "Authorization: Bearer $OTHER" {edge}

{data}
Ctrl-C ends the demo.
"""


def demo(options: argparse.Namespace) -> int:
    """Set everything up, tell how to ask, and answer until told to stop."""
    plan = _plan(options)
    _check_ready_file(options.ready_file)
    log_to_stderr(logging.WARNING)
    listening = listen(LOOPBACK, options.port)
    address = address_of_socket(listening)
    with ending_when_told(), listening, _data_dir(options.data_dir) as data_dir:
        # Nothing of the environment: a demo must never write into the database that somebody works with.
        settings = Settings(data_dir=data_dir, host=LOOPBACK, tenant=plan.tenant)
        shelf = Shelf(data_dir / "catalogue")
        migrate(settings.database)
        with open_database(settings.database, pool_size=settings.threads) as database:
            with progress_bar() as progress:
                asked = set_up_demo(database, shelf, plan, context.now(), progress)
            with shelf.current() as catalogue:
                app = create_app(settings, database, lambda: catalogue, context.now, address=address)
                where = _where(data_dir, is_kept=options.data_dir is not None)
                guide = _guide(address, plan, asked, catalogue, where)

                def tell() -> None:
                    print(guide, end="", flush=True)
                    if options.ready_file is not None:
                        _write_ready_file(options.ready_file, address, plan, asked.may_all)

                answer(app, listening, tell)
    return 0


def _plan(options: argparse.Namespace) -> Plan:
    """Which demo the flags ask for; --tenant gives the tenant its id or its name."""
    if not 1 <= options.machines <= MOST_MACHINES:
        mend = f"give a number from 1 to {MOST_MACHINES:,}"
        raise Invalid(f"there is no fleet of {options.machines} machines", where="--machines", mend=mend)
    guid, name = Settings().tenant, "demo"
    try:
        guid = str(UUID(options.tenant or guid))
    except ValueError:
        name = options.tenant
    return Plan(tenant=guid, tenant_name=name, seed=options.seed, machines=options.machines)


def _check_ready_file(path: Path | None) -> None:
    """Say it before the work, not after it, when the file cannot be written."""
    if path is not None and (path.is_dir() or not os.access(path.parent, os.W_OK)):
        raise Invalid("no file can be written there", where=f"--ready-file {path}", mend="name a file in a folder")


@contextmanager
def _data_dir(given: Path | None) -> Iterator[Path]:
    """The folder that was given, which must be empty, or one that goes away with the demo."""
    folder = _new_folder(given)
    try:
        yield folder
    finally:
        if given is None:
            shutil.rmtree(folder, ignore_errors=True)


def _new_folder(given: Path | None) -> Path:
    try:
        if given is None:
            return Path(tempfile.mkdtemp(prefix="kbgap-demo-"))
        given.mkdir(parents=True, exist_ok=True)
        is_empty = not any(given.iterdir())
    except OSError as error:
        raise Unavailable(f"the data cannot be kept there ({error.strerror})", where=str(given or "")) from error
    if not is_empty:
        mend = f"give another one, or look at what is in it: kbgap serve --data-dir {quote(str(given))}"
        raise Invalid("the folder of a new demo must be empty", where=f"--data-dir {given}", mend=mend)
    return given


# --- what it tells -------------------------------------------------------------------------------------------------


def _guide(address: str, plan: Plan, asked: Demo, catalogue: CatalogueFile, data: str) -> str:
    """What the demo prints: everything that a person needs to ask the first questions."""
    return GUIDE.format(
        machines=plan.machines,
        updates=sum(1 for _ in catalogue.updates()),
        newest=catalogue.newest,
        address=address,
        tenant=plan.tenant,
        client=asked.may_all,
        token=_sign_in(address, plan, asked.may_all),
        other_token=_sign_in(address, plan, asked.may_little),
        edge=f"{address}/api/Software/microsoft-_-edge/getmissingkbs",
        nowhere=f"{address}/api/Software/microsoft-_-nowhere/getmissingkbs",
        data=data,
    )


def _sign_in(address: str, plan: Plan, client: Credentials) -> str:
    """The shell's words for a token; the secret is one that we made, and is quoted all the same."""
    fields = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "scope": f"{RESOURCE}/.default",
    }
    data = " ".join(f"-d {quote(f'{name}={value}')}" for name, value in fields.items())
    cut = """sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/'"""
    return f"$(curl -s {data} {address}/{plan.tenant}/oauth2/v2.0/token | {cut})"


def _where(data_dir: Path, *, is_kept: bool) -> str:
    fate = "stays there" if is_kept else "goes when the demo ends; --data-dir keeps it"
    return f"The data is in {data_dir} and {fate}."


def _write_ready_file(path: Path, address: str, plan: Plan, client: Credentials) -> None:
    """Write the file whole or not at all, and for nobody else: it holds a secret."""
    ready = {
        "url": address,
        "tenant_id": plan.tenant,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
    }
    partial = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as stream:
            stream.write(json.dumps(ready) + "\n")
        partial.replace(path)
    except OSError as error:
        raise Unavailable(f"the file cannot be written ({error.strerror})", where=f"--ready-file {path}") from error
