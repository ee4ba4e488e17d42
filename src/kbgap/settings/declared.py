"""Every setting: its name, the form of its value, its default, and what it is for."""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from kbgap.settings.forms import (
    ADDRESS,
    DURATION,
    FILE,
    NETWORKS,
    PATH,
    RATES,
    SIZE,
    TEXT,
    Network,
    Rate,
    number,
    word,
)

_LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.1/32"), ip_network("::1/128"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, with the form of its value and what it is for (``describe_settings`` lists them)."""

    data_dir: Annotated[Path, PATH, "The folder for catalogue files and, without database_url, the database."] = Path(
        "kbgap-data"
    )
    database_url: Annotated[
        str,
        TEXT,
        "The database: sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME; empty for SQLite in data_dir.",
    ] = ""
    database_read_url: Annotated[
        str, TEXT, "A copy of the PostgreSQL database that follows it, where answers are read; empty for none."
    ] = ""
    database_connections: Annotated[
        int, number(0, 1_000), "The most connections of one process; 0 for two more than there are threads."
    ] = 0
    statement_timeout: Annotated[
        timedelta, DURATION, "A statement that takes longer is broken off by PostgreSQL; 0s for no limit."
    ] = timedelta(minutes=10)
    lock_timeout: Annotated[
        timedelta, DURATION, "So long a transaction waits in PostgreSQL for another one; 0s for no limit."
    ] = timedelta(minutes=2)
    tenant: Annotated[str, TEXT, "The tenant (GUID or name) that commands use when they are not told another."] = (
        "00000000-0000-4000-8000-000000000001"
    )
    host: Annotated[str, TEXT, "The address that the server listens on."] = "127.0.0.1"
    port: Annotated[int, number(0, 65535), "The port that the server listens on; 0 takes any free one."] = 8080
    tls_cert: Annotated[
        Path | None, FILE, "The certificate chain (PEM) with which the server speaks TLS; empty for plain HTTP."
    ] = None
    tls_key: Annotated[Path | None, FILE, "The certificate's private key (PEM), when it is in a file of its own."] = (
        None
    )
    public_url: Annotated[
        str | None, ADDRESS, "The address that clients reach the server under, when it is not the request's own."
    ] = None
    trusted_proxies: Annotated[
        tuple[Network, ...], NETWORKS, "The networks of proxies whose X-Forwarded headers are believed."
    ] = ()
    threads: Annotated[int, number(1, 256), "The number of requests of one process that use the database at once."] = 8
    token_lifetime: Annotated[timedelta, DURATION, "How long an access token is good."] = timedelta(hours=1)
    issuers: Annotated[
        Path | None, FILE, "The TOML file that describes other issuers whose tokens open the API; empty for none."
    ] = None
    client_rate: Annotated[
        tuple[Rate, ...], RATES, "How often one client may ask, in each server process; empty for no limit."
    ] = ()
    tenant_rate: Annotated[
        tuple[Rate, ...], RATES, "How often all clients of a tenant together may ask, as above."
    ] = ()
    response_cache: Annotated[int, SIZE, "The memory of one process that holds answers to be given again."] = 64 << 20
    access_log: Annotated[
        Literal["json", "off"], word("json", "off"), "Whether each request gets a line of JSON on standard error."
    ] = "json"
    export_names: Annotated[
        Literal["PascalCase", "camelCase"],
        word("PascalCase", "camelCase"),
        "How members are written in the lines of exported files; the service writes PascalCase.",
    ] = "PascalCase"
    metrics_from: Annotated[tuple[Network, ...], NETWORKS, "The networks that may read /metrics."] = _LOOPBACK
    max_body: Annotated[int, SIZE, "The largest body of a request, as it is sent."] = 64 << 20
    max_unpacked_body: Annotated[int, SIZE, "The largest body of a request, unpacked."] = 256 << 20
    max_batch: Annotated[int, number(1, 10_000_000), "The largest number of reports in one request."] = 100_000
    esu: Annotated[
        Literal["entitled", "not-entitled", "unknown"],
        word("entitled", "not-entitled", "unknown"),
        "What counts for a machine that does not say whether it gets extended security updates (ESU).",
    ] = "entitled"
    silent_after: Annotated[timedelta, DURATION, "A machine not heard for so long leaves the counts."] = timedelta(
        days=30
    )
    keep_machines: Annotated[timedelta, DURATION, "A machine not heard for so long is deleted."] = timedelta(days=180)
    catalogue_old_after: Annotated[timedelta, DURATION, "A catalogue older than this is said to be old."] = timedelta(
        days=45
    )
    refresh: Annotated[
        Literal["off", "daily"], word("off", "daily"), "Whether a server refreshes the catalogue by itself."
    ] = "off"
    kev: Annotated[
        str, TEXT, "Where every refresh gets CISA's list of exploited CVEs: a file or an address; empty for none."
    ] = ""
    epss: Annotated[
        str, TEXT, "Where every refresh gets FIRST's estimates of exploitation: a file or an address; empty for none."
    ] = ""

    @property
    def database(self) -> str:
        """The address of the database, whether configured or in ``data_dir``."""
        return self.database_url or f"sqlite:///{self.data_dir / 'kbgap.sqlite'}"

    @property
    def pool_size(self) -> int:
        """The most connections of one process; two are for what it does beside its answers."""
        return self.database_connections or self.threads + 2
