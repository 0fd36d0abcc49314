"""What the database refuses to do to the audit, and what a walk of the chain finds when somebody with every right
did it all the same."""

# ruff: noqa: PT012, SIM117, ISC004  a refusal stands inside its own transaction and role; statements are long
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from apps.audit import chain
from apps.audit.sealing import seal_head
from apps.audit.services import Audit, By, record
from apps.audit.verifying import verify_chain
from apps.core import scopes
from tests.people import People
from tests.servers.run import current


def _write(people: People, count: int = 5) -> None:
    for number in range(count):
        with scopes.organization(people.acme.id):
            record(
                By("person", "Ana", people.ana.pk),
                audits=[Audit("test.write", "thing", f"thing {number}", after={"number": number})],
            )


@pytest.fixture
def superuser(people: People, transactional_database: str) -> Iterator[psycopg.Connection[Any]]:
    """Somebody with every right on the server: triggers are the only thing in the way, and they can be switched off."""
    _write(people)
    with psycopg.connect(current().postgres().superuser_url(connection.settings_dict["NAME"])) as connected:
        connected.autocommit = True
        yield connected


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_entry SET actor_label = 'nobody'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
    ],
)
def test_even_the_superuser_is_refused_by_the_database_itself(
    superuser: psycopg.Connection[Any], sql: str
) -> None:
    before = superuser.execute("SELECT count(*) FROM audit_entry").fetchone()
    with pytest.raises(
        psycopg.errors.InsufficientPrivilege, match="audit entries are never changed or removed"
    ):
        superuser.execute(sql)
    assert superuser.execute("SELECT count(*) FROM audit_entry").fetchone() == before


@pytest.mark.parametrize(
    "sql", ["UPDATE audit_entry SET why = ''", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
)
@pytest.mark.parametrize("role", ["slipway_app", "slipway_system"])
def test_the_application_has_not_even_the_right(
    superuser: psycopg.Connection[Any], people: People, role: str, sql: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for table audit_entry"):
        with superuser.transaction():
            superuser.execute(f"SET LOCAL ROLE {role}")
            superuser.execute("SELECT set_config('slipway.organization', %s, true)", [str(people.acme.id)])
            superuser.execute(sql)


def _last(superuser: psycopg.Connection[Any], people: People) -> int:
    row = superuser.execute(
        "SELECT max(number) FROM audit_entry WHERE organization_id = %s", [people.acme.id]
    ).fetchone()
    assert row is not None
    return int(row[0])


def _verdict(people: People) -> Any:
    with scopes.organization(people.acme.id):
        return verify_chain()


def test_a_chain_that_nobody_touched_is_unbroken(superuser: psycopg.Connection[Any], people: People) -> None:
    last = _last(superuser, people)
    verdict = _verdict(people)
    assert verdict.sound
    assert verdict.entries == last
    assert verdict.sentence == f"{last} entries, unbroken"


# What a superuser does once the triggers are off; {n} is the number of the last entry but two.
_TAMPERED = {
    "changed": (
        "UPDATE audit_entry SET canonical = canonical || ' ' WHERE number = {n}",
        0,
        "entry {n} was changed",
    ),
    "removed": ("DELETE FROM audit_entry WHERE number = {n}", 0, "entry {n} is missing"),
    "the last removed": (
        "DELETE FROM audit_entry WHERE number > {n}",
        1,
        "the chain ends at entry {n}, its head says {last}",
    ),
    "reordered": (
        "UPDATE audit_entry SET number = 2 * {n} + 1 - number + 1000000 WHERE number IN ({n}, {n} + 1); "
        "UPDATE audit_entry SET number = number - 1000000 WHERE number > 1000000",
        0,
        "entry {n} does not follow the one before it",
    ),
    "inserted": (
        "INSERT INTO audit_entry SELECT gen_random_uuid(), organization_id, number + 1, at, actor_kind, actor_id, "
        "actor_label, channel, address, action, object_kind, object_id, object_label, why, canonical, hash, hash "
        "FROM audit_entry WHERE number = {last}",
        3,
        "entry {after} was changed",
    ),
    "emptied": ("DELETE FROM audit_entry", None, "the chain ends at entry 0, its head says {last}"),
}


@pytest.mark.parametrize("how", sorted(_TAMPERED))
def test_what_was_done_behind_the_triggers_is_found(
    superuser: psycopg.Connection[Any], people: People, how: str
) -> None:
    sql, offset, sentence = _TAMPERED[how]
    last = _last(superuser, people)
    numbers = {"n": last - 2, "last": last, "after": last + 1}
    statements = sql.format(**numbers).split("; ")
    superuser.execute("SET session_replication_role = replica")
    columns = (
        "id, organization_id, number, at, actor_kind, actor_id, actor_label, channel, address, action, object_kind, "
        "object_id, object_label, why, canonical, previous_hash, hash"
    )
    for statement in statements:
        whole = statement.replace("INSERT INTO audit_entry", f"INSERT INTO audit_entry ({columns})")
        whole += " AND " if "WHERE" in whole else " WHERE "
        done = superuser.execute(f"{whole}organization_id = %s", [people.acme.id])
        assert done.rowcount > 0, whole
    verdict = _verdict(people)
    assert not verdict.sound
    assert verdict.sentence == sentence.format(**numbers)
    assert verdict.first_bad == (1 if offset is None else last - 2 + offset)
    with scopes.organization(people.globex.id):
        assert verify_chain().sound


def test_a_fact_that_a_page_shows_is_the_one_that_was_hashed(
    superuser: psycopg.Connection[Any], people: People
) -> None:
    """The columns beside the hashed bytes are for reading; changing one of them alone must show, too."""
    last = _last(superuser, people)
    superuser.execute("SET session_replication_role = replica")
    superuser.execute(
        "UPDATE audit_entry SET actor_label = 'Somebody else' WHERE organization_id = %s AND number = %s",
        [people.acme.id, last],
    )
    verdict = _verdict(people)
    assert (verdict.sound, verdict.sentence) == (False, f"entry {last} was changed")


def test_entries_of_writers_at_once_form_one_chain_without_gaps(
    people: People, transactional_database: str
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    def write(writer: int) -> None:
        try:
            for number in range(5):
                with scopes.organization(people.acme.id):
                    record(
                        By("person", f"writer {writer}"), audits=[Audit("test.write", "thing", str(number))]
                    )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    verdict = _verdict(people)
    assert verdict.sound
    assert verdict.entries == 30 + 7  # the organization and its six members came first


def test_a_chain_that_was_rewritten_whole_does_not_fit_its_signatures(
    superuser: psycopg.Connection[Any], people: People
) -> None:
    """Every hash fits again, the head's too; only what was signed says otherwise."""
    last = _last(superuser, people)
    with scopes.organization(people.acme.id):
        seal_head()
    rows = superuser.execute(
        "SELECT number, canonical FROM audit_entry WHERE organization_id = %s ORDER BY number",
        [people.acme.id],
    ).fetchall()
    superuser.execute("SET session_replication_role = replica")
    previous = b""
    for number, content in rows:
        written = content.replace(b"thing 4", b"thing X")
        digest = chain.link(previous, number, written)
        superuser.execute(
            "UPDATE audit_entry SET canonical = %s, previous_hash = %s, hash = %s, "
            "object_label = replace(object_label, 'thing 4', 'thing X') WHERE organization_id = %s AND number = %s",
            [written, previous, digest, people.acme.id, number],
        )
        previous = digest
    superuser.execute(
        "UPDATE organization_head SET audit_hash = %s WHERE organization_id = %s", [previous, people.acme.id]
    )
    verdict = _verdict(people)
    assert (verdict.sound, verdict.first_bad) == (False, last)
    assert verdict.sentence == f"entry {last} is not the one that was signed"
    superuser.execute("UPDATE audit_seal SET hash = %s WHERE number = %s", [previous, last])
    assert _verdict(people).sentence == f"the signature at entry {last} was made by no key of ours"


def test_a_chain_that_was_cut_short_with_its_head_is_missed_by_its_signature(
    superuser: psycopg.Connection[Any], people: People
) -> None:
    last = _last(superuser, people)
    with scopes.organization(people.acme.id):
        seal_head()
    superuser.execute("SET session_replication_role = replica")
    superuser.execute(
        "DELETE FROM audit_entry WHERE organization_id = %s AND number = %s", [people.acme.id, last]
    )
    superuser.execute(
        "UPDATE organization_head SET audit_number = %s, audit_hash = (SELECT hash FROM audit_entry "
        "WHERE organization_id = %s AND number = %s) WHERE organization_id = %s",
        [last - 1, people.acme.id, last - 1, people.acme.id],
    )
    assert _verdict(people).sentence == f"the chain ends at entry {last - 1}; a signature speaks of {last}"
