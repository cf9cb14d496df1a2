"""The grants of Postgres as SQL, made from the table of rights. `python -m opensqt.runtime.access.grants` prints them.

Every service has a role without a login that reads its tables and calls its functions. A login of one process is a
member of one of them (`logins.py`). The text is a migration: change the table, and the next migration repeats it.
"""

import sys
from collections.abc import Iterator

from opensqt.runtime.access.rights import PROJECTIONS, TABLE, Rights

PREFIX = "opensqt_"
_APPEND = "journal_append(journal_event[], journal_fence[], bigint[])"
_LEASE = ("lease_acquire(text, text, integer, bigint)", "lease_renew(text, bigint, integer)")
_EVIDENCE = "evidence_keep(text, bytea)"
_CHECKPOINT = "relay_checkpoint_save(text, bigint, text, integer, bigint, bigint, text, bigint)"


def role_of(service: str) -> str:
    """Return the role of a service at the database."""
    return PREFIX + service


def roles() -> dict[str, Rights]:
    """Return the roles of those who read the journal, with their rights."""
    return {role_of(name): rights for name, rights in TABLE.items() if rights.uses_journal}


def functions_of(rights: Rights) -> tuple[str, ...]:
    """Return the functions that a service may call."""
    found: tuple[str, ...] = (_APPEND,) if rights.appends else ()
    found += _LEASE if rights.lease else ()
    found += (_EVIDENCE,) if rights.keeps_evidence else ()
    return found + ((_CHECKPOINT,) if rights.keeps_checkpoints else ())


def roles_sql() -> str:
    """Return the statement that makes the roles; harmless to repeat, also beside another database's."""
    names = ", ".join(f"'{role}'" for role in sorted(roles()))
    return (
        "DO $$\n"
        "DECLARE\n"
        "    wanted text;\n"
        "BEGIN\n"
        f"    FOREACH wanted IN ARRAY ARRAY[{names}] LOOP\n"
        "        BEGIN\n"
        "            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN\n"
        "                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);\n"
        "            END IF;\n"
        "        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;\n"
        "        END;\n"
        "    END LOOP;\n"
        "END\n"
        "$$;\n"
    )


def grants_sql() -> str:
    """Return the statements that say what each role may append, lease, read and call."""
    return "\n".join(_statements()) + "\n"


def _statements() -> Iterator[str]:
    known = sorted(roles().items())
    yield "CREATE OR REPLACE FUNCTION journal_kinds(p_role text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$"
    yield "    SELECT CASE p_role"
    for role, rights in known:
        if rights.appends:
            kinds = ", ".join(f"'{kind}'" for kind in sorted(rights.appends))
            yield f"        WHEN '{role}' THEN ARRAY[{kinds}]"
    yield "    END\n$$;\n"
    yield "CREATE OR REPLACE FUNCTION lease_prefix(p_role text) RETURNS text LANGUAGE sql IMMUTABLE AS $$"
    yield "    SELECT CASE p_role"
    for role, rights in known:
        if rights.lease:
            yield f"        WHEN '{role}' THEN '{rights.lease}'"
    yield "    END\n$$;\n"
    for role, rights in known:
        yield f"GRANT USAGE ON SCHEMA public TO {role};"
        yield f"GRANT SELECT ON {', '.join(rights.reads)} TO {role};"
        yield from (f"GRANT EXECUTE ON FUNCTION {one} TO {role};" for one in functions_of(rights))
        if rights.reads_projections:
            verbs = "SELECT, INSERT, UPDATE, DELETE" if rights.writes_projections else "SELECT"
            yield f"GRANT USAGE ON SCHEMA {PROJECTIONS} TO {role};"
            yield f"GRANT {verbs} ON ALL TABLES IN SCHEMA {PROJECTIONS} TO {role};"


if __name__ == "__main__":
    sys.stdout.write(roles_sql() + "\n" + grants_sql())
