"""Each module that has logic has a test file of its own name in the same folder of the tests.

A basename that another test file has already gets the name of the folder in front: link/msr/rows.py may be tested by
test_msr_rows.py.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def has_logic(text: str) -> bool:
    """Tell whether a module defines a function that does more than return a value of its object or a constant."""
    functions = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return any(any(_does_something(statement) for statement in function.body) for function in functions)


def _does_something(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(ast.Constant()) | ast.Return(None | ast.Constant() | ast.Name()) | ast.Pass():
            return False
        case ast.Return(ast.Attribute(ast.Name("self"))):
            return False
    return True


def own_tests(module: Path) -> Iterator[Path]:
    """Yield the test files that a module may have, given by its path below the root."""
    folder = module.relative_to("caplint").parent
    yield Path("tests", folder, f"test_{module.stem}.py")
    yield Path("tests", folder, f"test_{folder.name}_{module.stem}.py")


def untested() -> list[str]:
    """Return the modules that have logic and no test file, by their paths below the root."""
    modules = (file.relative_to(ROOT) for file in (ROOT / "caplint").rglob("*.py") if file.name != "__init__.py")
    lacking = (module for module in modules if not any((ROOT / test).exists() for test in own_tests(module)))
    return sorted(str(module) for module in lacking if has_logic((ROOT / module).read_text("utf-8")))


def test_each_module_with_logic_has_a_test_file() -> None:
    assert untested() == [], "these modules need a test file of their own"


def test_names_of_test_files_are_used_once() -> None:
    """Tests are imported by their basenames."""
    names = Counter(file.name for file in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, number in names.items() if number > 1] == []


@pytest.mark.parametrize(
    ("text", "logic"),
    [
        ("", False),
        ('"""Data."""\nX = {"a": 1}\n', False),
        ("class Row(NamedTuple):\n    '''Row.'''\n    a: int\n", False),
        ("class P(Protocol):\n    def f(self) -> int:\n        '''Return it.'''\n", False),
        (
            "class F(NamedTuple):\n    @property\n    def b(self):\n        '''B.'''\n        return self.a\n",
            False,
        ),
        ("def f():\n    return 1\n", False),
        ("def f(a):\n    return a + 1\n", True),
        ("class F:\n    def f(self):\n        return self.a.b()\n", True),
        ("if x:\n    def f():\n        return [a for a in b]\n", True),
        ("async def f():\n    await g()\n", True),
    ],
)
def test_logic(text: str, logic: bool) -> None:
    assert has_logic(text) is logic


def test_names_of_tests() -> None:
    assert list(map(str, own_tests(Path("caplint/link/msr/rows.py")))) == [
        "tests/link/msr/test_rows.py", "tests/link/msr/test_msr_rows.py"
    ]  # fmt: skip
    assert str(next(own_tests(Path("caplint/session.py")))) == "tests/test_session.py"
