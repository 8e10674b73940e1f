"""The two database roles: one owns the schema, the other runs the application.

The application's role cannot change the schema; what it may do to each table is granted in the
migrations, so history tables can refuse UPDATE and DELETE to the very program that fills them.
"""

import hashlib
import hmac
from typing import Final

import attrs
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

OWNER: Final = "tradecore_owner"
APPLICATION: Final = "tradecore_app"


@attrs.frozen
class RoleDsns:
    """Connection strings to one database. They hold passwords: `repr` shows none."""

    owner: str = attrs.field(repr=False)  #: for migrations
    application: str = attrs.field(repr=False)  #: for everything else


def bootstrap_roles(admin_dsn: str, database: str) -> RoleDsns:
    """Create both roles and `database` where they are missing; return how to connect as each.

    The passwords derive from the administrator's, so a repeat, or another process beside a running
    one, finds the same. For servers that are ours alone; elsewhere an operator makes the roles.

    Raises:
        ValueError: `admin_dsn` has no password to derive from.
    """
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        # Two processes that start at once would both find the role missing.
        connection.execute("SELECT pg_advisory_lock(hashtext('tradecore.bootstrap_roles'))")
        for role in (OWNER, APPLICATION):
            _ensure_role(connection, role, _password(admin_dsn, role))
        _ensure_database(connection, database)
    return dsns(admin_dsn, database)


def dsns(admin_dsn: str, database: str) -> RoleDsns:
    """Return the connection strings that `bootstrap_roles` returned for this server."""
    return RoleDsns(
        owner=_dsn_as(admin_dsn, OWNER, database),
        application=_dsn_as(admin_dsn, APPLICATION, database),
    )


def _dsn_as(admin_dsn: str, role: str, database: str) -> str:
    password = _password(admin_dsn, role)
    return make_conninfo(admin_dsn, dbname=database, user=role, password=password)


def _password(admin_dsn: str, role: str) -> str:
    secret = conninfo_to_dict(admin_dsn).get("password")
    if not secret:
        raise ValueError("The administrator's connection string needs a password.")
    return hmac.new(str(secret).encode(), role.encode(), hashlib.sha256).hexdigest()


def _ensure_role(connection: psycopg.Connection, role: str, password: str) -> None:
    found = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = sql.SQL("CREATE" if found is None else "ALTER")
    connection.execute(
        sql.SQL(
            "{} ROLE {} LOGIN PASSWORD {} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
        ).format(verb, sql.Identifier(role), sql.Literal(password))
    )


def _ensure_database(connection: psycopg.Connection, database: str) -> None:
    found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [database]).fetchone()
    if found is None:
        name, owner = sql.Identifier(database), sql.Identifier(OWNER)
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, owner))
    restrict_database(connection, database)


def restrict_database(connection: psycopg.Connection, database: str) -> None:
    """Let nobody into `database` but its owner and the application; a copy does not inherit it."""
    name = sql.Identifier(database)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    connection.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(APPLICATION))
    )
