"""Programs of small trees, read as the searches for paths read them."""

from __future__ import annotations

from pathlib import Path

from conftest import Files, bare_qemu

from caplint.config.settings import Config
from caplint.facts.harvest import ExtractionSettings
from caplint.facts.store.store import FactStore
from caplint.graph.call_graph import Programs
from caplint.graph.outlines import Outlines
from caplint.graph.path_model import ProgramFunction
from caplint.graph.program_index import Program
from caplint.graph.tree_files import code_of
from caplint.session import open_session
from caplint.trees.tree import Tree

CONFIG = Config(cache="none", jobs=1)
READING = ExtractionSettings(CONFIG.repairs, CONFIG.jobs)


def unread(root: Path, files: Files) -> Program:
    """The index of a QEMU that holds the files, none of which has been read."""
    tree, store = bare_qemu(root, files), FactStore(None)
    return Program(Outlines(store, tree, code_of(tree, store), READING))


def whole_program(root: Path, files: Files) -> Program:
    """The same, after everything has been read."""
    program = unread(root, files)
    program.look_at_all()
    return program


def programs_of(trees: list[Tree], name: str) -> Programs:
    """The programs of trees, in a session that is narrowed to a name."""
    return Programs(open_session(trees, CONFIG, narrow=name), READING)


def only(program: Program, name: str) -> ProgramFunction:
    """The only definition of a name that has been read."""
    (definition,) = program.definitions[name]
    return definition.function
