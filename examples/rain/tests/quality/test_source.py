"""Rules for the source that no reviewer should have to remember."""

import ast
import unittest
import warnings

from tests.evidence import record
from trainer.settings import ROOT

LONGEST_FUNCTION = 40
LONGEST_LINE = 120
OLDEST_PYTHON = (3, 9)
MAY_PRINT = {"trainer/cli.py"}

SOURCES = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in sorted(ROOT.glob("t*/**/*.py"))}
TREES = {name: ast.parse(text, name, feature_version=OLDEST_PYTHON) for name, text in SOURCES.items()}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Source(unittest.TestCase):
    def assert_none(self, found):
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_everything_compiles_without_a_warning(self):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for name, text in SOURCES.items():
                compile(text, name, "exec", dont_inherit=True)
        record(files=len(SOURCES), warnings=len(caught))
        self.assert_none([f"{warning.filename}:{warning.lineno}: {warning.message}" for warning in caught])

    def test_only_the_command_line_prints(self):
        self.assert_none([
            f"{name}:{node.lineno}: print"
            for name, tree in TREES.items() if name not in MAY_PRINT
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        ])

    def test_no_function_is_too_long(self):
        lengths = {
            f"{name}:{node.lineno}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
            for name, tree in TREES.items() for node in ast.walk(tree) if isinstance(node, FUNCTIONS)
        }
        record(functions=len(lengths), longest_function=max(lengths.values()))
        self.assert_none([f"{where} has {lines} lines" for where, lines in lengths.items() if lines > LONGEST_FUNCTION])

    def test_no_line_is_too_long(self):
        self.assert_none([
            f"{name}:{number}: {len(line)} characters"
            for name, text in SOURCES.items()
            for number, line in enumerate(text.splitlines(), 1) if len(line) > LONGEST_LINE
        ])

    def test_modules_and_the_trainer_s_public_names_are_documented(self):
        self.assert_none([
            f"{name}:{getattr(node, 'lineno', 1)}: {getattr(node, 'name', 'the module')} has no docstring"
            for name, tree in TREES.items()
            for node in (ast.walk(tree) if name.startswith("trainer/") else [tree])
            if _is_public(node, tree) and not ast.get_docstring(node)
        ])

    def test_the_trainer_s_functions_are_typed(self):
        self.assert_none([
            f"{name}:{node.lineno}: {node.name} has a parameter or a result without a type"
            for name, tree in TREES.items() if name.startswith("trainer/")
            for node in ast.walk(tree) if isinstance(node, FUNCTIONS) and not _is_typed(node)
        ])


def _is_public(node, tree):
    if isinstance(node, ast.Module):
        return True
    members = [tree, *(child for child in tree.body if isinstance(child, ast.ClassDef))]
    named = isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_")
    return named and any(node in owner.body for owner in members)


def _is_typed(function):
    parameters = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return function.returns is not None and all(p.annotation or p.arg in ("self", "cls") for p in parameters)
