"""Findings in the trees without their patch, kept so that the next patch on the same trees does not compute them again.

They are kept in the store. The cache key covers all that a rule's query can read there: the rows of every table of the
run, the blobs of the files, the decisions on presence conditions, the rules, the settings and the program.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress

from caplint.config.settings import Config
from caplint.coverage.summary import LEDGER
from caplint.engine.check import ask_call_graph, collect_findings, is_passing, partial, roles_of
from caplint.engine.outcome_cache import rules_and_settings
from caplint.engine.outcome_json import parse_findings, render_findings
from caplint.findings.finding import Finding
from caplint.link.buildconfig.configurations import Configurations
from caplint.link.linker import unpatched
from caplint.rules.page import Rule
from caplint.session import Session
from caplint.util.code_identity import CHANGING, code_identity, is_unchanged


def findings_before(session: Session, rules: list[Rule], config: Config) -> list[Finding]:
    """Switch the session to the unpatched trees, and return the findings there, before suppression.

    The rules' queries have been validated.
    """
    configurations = unpatched(session.connection, session.configurations)
    ask_call_graph(session, rules, config)
    key = _key(session, rules, config, configurations)
    kept = session.store.recall(key) if key is not None else None
    if kept is not None:
        with suppress(ValueError, KeyError, TypeError):  # a damaged store
            return parse_findings(kept)
    findings, _ = collect_findings(session, rules, config, valid=True)
    if key is not None and not is_passing(session) and is_unchanged():
        session.store.retain(key, render_findings(findings))
    return findings


def _key(session: Session, rules: list[Rule], config: Config, configurations: Configurations) -> str | None:
    """Return the cache key; None while the program is being changed."""
    program, connection = code_identity(), session.connection
    if program.startswith(CHANGING):
        return None
    runs = (sorted(roles_of(session, config)), session.lacks, partial(session.trees))
    inputs = [repr((program, *rules_and_settings(rules, config), runs)), configurations.text()]
    blobs = connection.execute(
        "SELECT b.oid, b.language, b.extractor FROM temp.all_file f JOIN main.blob b ON b.id = f.blob ORDER BY f.rowid"
    )
    inputs.append(repr(blobs.fetchall()))
    tables = connection.execute("SELECT name FROM sqlite_temp_schema WHERE type = 'table' ORDER BY name").fetchall()
    for (table,) in tables:
        if table == LEDGER and not any(LEDGER in rule.query for rule in rules):
            continue  # of the patched trees
        inputs.append(f"{table} {connection.execute(f'SELECT * FROM temp.{table}').fetchall()}")  # noqa: S608
    digest = hashlib.sha256()
    for part in inputs:
        digest.update(part.encode("utf-8", "surrogateescape") + b"\0")
    return f"findings before {digest.hexdigest()}"
