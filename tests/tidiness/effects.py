"""Where code may reach the outside: adapters at a known place, and between two named steps where orders are at stake.

A crash test can only kill between two steps that it knows. An effect outside a port would be between none.
"""

import ast
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch

from tests.tidiness.source import Source

SCOPE = ("services/", "opensqt/runtime/")
# Services whose every effect lies between two named steps.
STEPPED = ("executor", "risk", "relay")
STEPPING = "opensqt.runtime.crash_points.stepped"

# Importing one of these is reaching out.
FOREIGN = frozenset(
    {"aiohttp", "asyncpg", "ccxt", "fcntl", "ftplib", "grpc", "http", "httpx", "mmap", "nats"}
    | {
        "multiprocessing",
        "opentelemetry",
        "psycopg",
        "pyarrow",
        "requests",
        "select",
        "shutil",
        "smtplib",
    }
    | {"socketserver", "sqlite3", "ssl", "subprocess", "tempfile", "urllib3", "websockets"}
)
# Calling one of these is; `*` is any name.
CALLS = (
    "open",
    "io.open",
    "os.*",
    "signal.*",
    "socket.*",
    "urllib.request.*",
    "__import__",
    "importlib.import_module",
    "asyncio.open_*",
    "asyncio.start_*server",
    "asyncio.create_subprocess_*",
    "asyncio.to_thread",  # what would block the loop is an effect
)
# They tell about this machine and change nothing.
HARMLESS = ("os.getpid", "os.path.*", "os.fspath", "socket.gethostname", "signal.strsignal")
# Methods that only files, sockets and loops have.
METHODS = frozenset(
    {"chmod", "iterdir", "mkdir", "read_bytes", "read_text", "rmdir", "symlink_to", "touch"}
    | {"unlink", "write_bytes", "write_text", "run_in_executor", "create_connection"}
    | {"create_server", "create_datagram_endpoint", "connect_read_pipe", "connect_write_pipe"}
    | {"sock_connect", "sock_sendall", "sock_recv", "sendto"}
)

# Who may, and as what. Whoever is named and does not reach out is a finding, too.
HOMES: dict[str, str] = {
    "opensqt/runtime/bus/nats.py": "adapter of the port Bus",
    "opensqt/runtime/bus/nats_acks.py": "adapter of the port Bus",
    "opensqt/runtime/bus/nats_connection.py": "adapter of the port Bus",
    "opensqt/runtime/bus/nats_follower.py": "adapter of the port Bus",
    "opensqt/runtime/bus/nats_queue.py": "adapter of the port Bus",
    "opensqt/runtime/bus/nats_upkeep.py": "adapter of the port Bus",
    "opensqt/runtime/bus/streams.py": "adapter of the port Bus: declares its streams",
    "opensqt/runtime/journal/connection.py": "adapter of the ports Journal and Leases",
    "opensqt/runtime/journal/migrate.py": "migrations, run before any service",
    "opensqt/runtime/migrate.py": "the command that runs them",
    "opensqt/runtime/projection/store.py": "adapter of the read model; the reconciler alone, no order depends on it",
    "opensqt/venues/engine/client.py": "adapter of the port Venue",
    "opensqt/venues/engine/rest.py": "adapter of the port Venue",
    "opensqt/venues/engine/ccxt_socket.py": "adapter of the ports Venue and Feed",
    "opensqt/venues/opening.py": "wiring of the port Venue: reads its credentials",
    "opensqt/venues/session.py": "adapter of the ports Venue and Feed",
    "opensqt/runtime/approval_key.py": "reads the key of the risk gate",
    "opensqt/runtime/approval_proof.py": "reads public keys",
    "opensqt/runtime/latch.py": "adapter of the port Latches",
    "opensqt/runtime/archive.py": "files of FEED; a copy that nothing trades by",
    "opensqt/runtime/archiver.py": "files of FEED; a copy that nothing trades by",
    "opensqt/runtime/archive_reader.py": "reads files of FEED; no service does",
    "opensqt/runtime/universe_file.py": "the last scan of a universe; people ask, no order depends on it",
    "opensqt/runtime/sealing.py": "the file of seals; nothing trades by it",
    "opensqt/runtime/seal_keys.py": "the keys of the seals; nothing trades by them",
    "opensqt/runtime/code_version.py": "reads the source once, before a strategy runs",
    "opensqt/runtime/clock.py": "reads run.json once, before any service",
    "opensqt/runtime/config/all.py": "reads the configuration once, before any service",
    "opensqt/runtime/config/strategy_file.py": "reads strategies of the record once, before any service",
    "opensqt/runtime/strategy/registry.py": "loads the code of a strategy once, before it runs",
    "opensqt/runtime/token.py": "reads the folder's token",
    "opensqt/runtime/health.py": "the health port: people and supervisors ask, nothing is traded by it",
    "opensqt/runtime/registration.py": "the NATS services API: people ask",
    "opensqt/runtime/questions.py": "the NATS services API: people ask, nothing is traded by it",
    "opensqt/runtime/telemetry/otlp.py": "traces for people",
    "opensqt/runtime/process.py": "the frame of every process: signals, exit, connections of the ports",
    "opensqt/runtime/crash_points.py": "kills the process, which is its purpose",
    "opensqt/runtime/codec.py": "loads the generated classes",
    "opensqt/runtime/environment.py": "reads the paper venue's keys",
    "opensqt/runtime/access/credentials.py": "reads a process's credentials once, before any service",
    "opensqt/runtime/access/logins.py": "makes logins, run before any service",
    "opensqt/runtime/alerts/channel.py": "tells people; only the gateway has one",
    "services/gateway/service.py": "reads the folder's token",
    "services/gateway/web.py": "the page: people ask",
    "services/gateway/process_client.py": "passes a person's command on to the executors' health ports",
}


# What makes an adapter of an order's path. Made in a stepped service it goes through `stepped` at once.
ADAPTERS = (
    "opensqt.runtime.archive.*",
    "opensqt.runtime.bus.nats*",
    "opensqt.venues.feed_opening.*",
    "opensqt.runtime.journal.postgres.*",
    "opensqt.runtime.latch.*",
    "opensqt.runtime.projection.store.*",
    "opensqt.venues.engine.venue*",
    "opensqt.venues.opening.*",
)
UNSTEPPED: dict[str, str] = {
    "opensqt.runtime.latch.look": "a read of one `stat`, repeated four times a second for ever",
    "opensqt.runtime.latch.read": "a read, repeated at every start; a file that cannot be read counts as latched",
    "opensqt.runtime.latch.Latch": "a value",
    "opensqt.runtime.archive.FeedArchive": "a copy of FEED that nothing trades by; it has a crash test of its own",
}


def effects(source: Source) -> Iterator[str]:
    """Find code that reaches the outside and is no adapter, and adapters that reach nothing."""
    if not source.path.startswith(SCOPE):
        return
    found = list(_reaching(source))
    home = source.path in HOMES
    if not home:
        yield from (
            f"{where}: reaches the outside and is no adapter: use a port" for where in found
        )
    elif not found:
        yield f"{source.path}: reaches nothing: take it off the list of tests/tidiness/effects.py"


def unwrapped(source: Source) -> Iterator[str]:
    """Find adapters that a stepped service makes and uses without named steps around them."""
    parts = source.path.split("/")
    if parts[0] != "services" or parts[1] not in STEPPED:
        return
    inside = {
        id(argument)
        for node in source.nodes
        if isinstance(node, ast.Call) and source.full_name(node.func) == STEPPING
        for argument in node.args[:1]
    }
    wrapped = {ast.unparse(n) for n in source.nodes if id(n) in inside and isinstance(n, ast.Name)}
    for node in source.nodes:
        name = source.full_name(node.func) if isinstance(node, ast.Call) else ""
        if name in UNSTEPPED or not any(fnmatch(name, pattern) for pattern in ADAPTERS):
            continue
        if id(node) in inside or _only_wrapped(source, node, wrapped):
            continue
        yield f"{source.path}:{node.lineno}: {name}() without steps: {STEPPING}(...) around it"  # type: ignore[attr-defined]  # a call has a line


def ports(sources: Iterable[Source], service: str) -> set[str]:
    """Return the names of the ports that a service's wiring, or the frame of every process, puts between steps."""
    homes = (f"services/{service}/", "opensqt/runtime/process.py")
    return {
        ast.unparse(node.args[1])
        for source in sources
        if source.path.startswith(homes)
        for node in source.nodes
        if isinstance(node, ast.Call) and source.full_name(node.func) == STEPPING
    }


def _only_wrapped(source: Source, call: ast.AST, wrapped: set[str]) -> bool:
    """Tell whether a call is given a name that is used for nothing but being wrapped."""
    for node in source.nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if value is call:
                break
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is call:
                break
    else:
        return False
    loads = [
        n
        for n in source.nodes
        if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)
    ]
    return name in wrapped and len(loads) == 1


def _reaching(source: Source) -> Iterator[str]:
    imported = _imported(source)
    for node in source.nodes:
        match node:
            case ast.Import(names=names):
                foreign = [alias.name for alias in names if _is_foreign(alias.name)]
            case ast.ImportFrom(module=str(module), level=0):
                foreign = [module] if _is_foreign(module) else []
            case ast.Call(func=func):
                name = source.full_name(func)
                known = "." not in name or name.partition(".")[0] in imported
                foreign = [name] if known and _acts(name) else []
                if isinstance(func, ast.Attribute) and func.attr in METHODS:
                    foreign = [func.attr]
            case _:
                continue
        yield from (f"{source.path}:{node.lineno}: {name}" for name in foreign)


def _imported(source: Source) -> set[str]:
    """Return the top modules that a file imports: a variable may be called `socket`."""
    found: set[str] = set()
    for node in source.nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def _is_foreign(module: str) -> bool:
    return module.partition(".")[0] in FOREIGN


def _acts(name: str) -> bool:
    if any(fnmatch(name, pattern) for pattern in HARMLESS):
        return False
    return any(fnmatch(name, pattern) for pattern in CALLS)
