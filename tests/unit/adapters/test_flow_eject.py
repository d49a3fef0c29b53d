"""A flow that is ejected: the code is Python, laid out as ours is, and says just what the flow said."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from submitter.adapters import catalogue, page
from submitter.adapters.contract import PortalAdapter
from submitter.adapters.flow.eject import eject, ejected
from submitter.adapters.flow.eject_layout import Group, Node, Sum, call, flat, laid_out, quoted, texts
from submitter.adapters.flow.eject_names import Constants, class_name, package_name
from submitter.adapters.flow.eject_steps import files_of
from submitter.adapters.flow.eject_values import place
from submitter.adapters.flow.flow import Flow
from submitter.adapters.manifest import Grade, Manifest, read_manifest
from submitter.adapters.page import By
from submitter.errors import ConfigurationError
from submitter.model.document import DocumentKind
from submitter.model.portal import Stage
from tests.docs.pages import ROOT
from tests.docs.test_docs_flows import WHOLE as SHOWN
from tests.unit.adapters.test_flow_files import GATEHOUSE, WHOLE

BIN = Path(sys.executable).parent
MANIFEST = read_manifest(GATEHOUSE)

LEDGERLINE = (ROOT / "submitter" / "adapters" / "ledgerline" / "flow.toml").read_text(encoding="utf-8")
EVERYTHING = (Path(__file__).parent / "flow_with_everything.toml").read_text(encoding="utf-8")


def flow_of(text: str) -> Flow:
    return Flow.model_validate(tomllib.loads(text))


def manifest_of(**changes: Any) -> Manifest:
    return MANIFEST.model_copy(update=changes)


def written(flow: Flow, into: Path, manifest: Manifest = MANIFEST) -> Path:
    for name, text in ejected(flow, manifest).items():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        (into / name).write_text(text, encoding="utf-8")
    return into


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Import the package of a project, as Python does once it is installed."""

    def load(project: Path, module: str = "adapter", portal: str = "gatehouse") -> ModuleType:
        forget()
        monkeypatch.syspath_prepend(str(project))
        return importlib.import_module(f"{package_name(portal)}.{module}")

    def forget() -> None:
        for name in [one for one in sys.modules if one.startswith(("submitter_gatehouse", "submitter_x_1"))]:
            del sys.modules[name]

    yield load
    forget()


FLOWS = pytest.mark.parametrize(
    "text", [WHOLE, SHOWN, LEDGERLINE, EVERYTHING], ids=["gatehouse", "documented", "ledgerline", "everything"]
)


@FLOWS
def test_what_is_written_is_as_ruff_and_mypy_want_it(tmp_path: Path, text: str) -> None:
    project = written(flow_of(text), tmp_path)
    assert_runs(project, [BIN / "ruff", "format", "--diff", "."])
    rules = "E4,E7,E9,F,W,I,UP,B,C4,SIM,RUF"  # without the length of lines: a long text of the flow is one literal
    assert_runs(project, [BIN / "ruff", "check", "--no-cache", "--select", rules, "."])
    cache = ["--cache-dir", str(ROOT / ".mypy_cache")]
    types = [sys.executable, "-m", "mypy", "--strict", *cache, "-p", "submitter_gatehouse"]
    assert_runs(project, types, MYPYPATH=f"{ROOT}:{project}")


def assert_runs(folder: Path, command: list[Any], **environment: str) -> None:
    more = {**os.environ, **environment}
    run = subprocess.run(command, cwd=folder, env=more, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@FLOWS
def test_it_knows_the_same_pages_lists_and_interruptions(tmp_path: Path, load: Any, text: str) -> None:
    flow = flow_of(text)
    adapter, pages = load(written(flow, tmp_path)).Gatehouse, importlib.import_module("submitter_gatehouse.pages")
    assert issubclass(adapter, PortalAdapter) and adapter()
    specs = flow.page_specs()
    assert [one for one in vars(pages).values() if isinstance(one, page.PageSpec)] == list(specs.values())
    assert tuple(adapter.interruptions) == flow.interruption_specs()
    for name, one in flow.lists.items():
        there = next((vars(pages)[key] for key in vars(pages) if key.startswith(f"{name.upper()}_")), None)
        assert there == (one.wanted if one.handed_out else one.spec(specs[one.page])), name


@FLOWS
def test_it_imports_the_kit_alone_and_sends_once_after_the_review(text: str) -> None:
    source = ejected(flow_of(text), MANIFEST)["submitter_gatehouse/adapter.py"]
    tree = ast.parse(source)
    modules = {one.module or "" for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
    allowed = ("submitter.adapters.", "submitter.model.", "submitter.errors", "collections.abc", "urllib.parse")
    assert all(one.startswith((*allowed, "__future__", "submitter_gatehouse")) for one in modules)
    assert not any(one.startswith("submitter.adapters.flow") for one in modules)
    [contract] = [one for one in tree.body if isinstance(one, ast.ClassDef)]
    clicks = {
        method.name: ast.unparse(method).count("visit.commit_click(")
        for method in contract.body
        if isinstance(method, ast.AsyncFunctionDef)
    }
    assert {name for name, count in clicks.items() if count} == {"commit"} and clicks["commit"] == 1
    assert not {"exec", "eval", "compile"} & {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}


def test_the_manifest_is_the_same_and_claims_nothing_for_the_new_code(tmp_path: Path) -> None:
    odd = manifest_of(
        vendor='A "B"\\\x7f\n', words={"Paid\t'\"": Stage.PAID, "É = 1": Stage.ON_HOLD}, summary="[words]\nx"
    )
    folder = written(flow_of(WHOLE), tmp_path, odd) / "submitter_gatehouse"
    there = read_manifest(folder)
    assert there.grade is Grade.DRAFT and there.ran_against.startswith("nothing yet; ")
    same = {"grade": odd.grade, "ran_against": odd.ran_against}
    assert there.model_copy(update=same).model_dump(mode="json") == odd.model_dump(mode="json")


# -- hostile texts ---------------------------------------------------------------------------------------------------

ODD = (
    *("'", '"', "\\", "\\'", '\'""', '"""', "\n", "\r\u2028", "#", "{", "};", "\x00", "\u202e"),
    *('")\nimport os\n("', "f'{x}'", "\\N{DASH}", "a\\"),
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | st.sampled_from(ODD)


@given(TEXT)
def test_every_text_is_one_literal(words: str) -> None:
    source = quoted(words)
    assert ast.literal_eval(source) == words and source.isprintable()


@settings(max_examples=5, deadline=None)
@given(st.lists(TEXT, min_size=40, max_size=60))
def test_literals_are_in_the_quotes_that_ruff_prefers(words: list[str]) -> None:
    source = "\n".join(["x = [", *(f"    {quoted(one)}," for one in words), "]", ""])
    command = [BIN / "ruff", "format", "--isolated", "--line-length", "120", "-"]
    assert subprocess.run(command, input=source.encode(), capture_output=True, check=True).stdout.decode() == source


@st.composite
def places(draw: st.DrawFn, depth: int = 1) -> By:
    ways = st.one_of(
        st.builds(page.role, st.sampled_from(["button", "table", "dialog"]), TEXT),
        st.builds(page.css, TEXT) | st.builds(page.label, TEXT) | st.builds(page.test_id, TEXT),
        st.builds(page.text, TEXT) | st.lists(TEXT, min_size=1, max_size=3).map(lambda one: page.headers(*one)),
    )
    by = draw(ways)
    if depth and draw(st.booleans()):
        by = page.inside(draw(places(depth - 1)), by)
    for frame in draw(st.lists(TEXT, max_size=2)):
        by = page.framed(frame, by)
    return by


@given(places())
def test_a_place_is_written_as_what_makes_it(by: By) -> None:
    assert eval(flat(place(by)), {name: getattr(page, name) for name in dir(page)}) == by  # noqa: S307 - its own purpose


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flow_with_hostile_words_is_the_same_texts_and_no_code(data: st.DataObject) -> None:
    marks = ("Invoice lines", "User name", "Confirmation", "No invoices match your search.", "Sign in to Fieldgate")
    words = {mark: data.draw(TEXT.filter(lambda one: "{" not in one and "}" not in one)) for mark in marks}
    flow = flow_of(WHOLE.replace("header = {", "\"__import__('os')\" = {").replace('"header"', "\"__import__('os')\""))
    raw = _with(flow.model_dump(mode="json", exclude_defaults=True), words)
    hostile = Flow.model_validate(raw)
    clean, odd = ejected(flow, MANIFEST), ejected(hostile, MANIFEST)
    for name in ("submitter_gatehouse/adapter.py", "submitter_gatehouse/pages.py"):
        assert _shape(clean[name]) == _shape(odd[name])
    tree = ast.parse(odd["submitter_gatehouse/pages.py"])
    said = {one.value for one in ast.walk(tree) if isinstance(one, ast.Constant)}
    assert {words["Confirmation"], words["Sign in to Fieldgate"]} <= said
    compile(odd["submitter_gatehouse/adapter.py"], "adapter.py", "exec")


def _with(raw: Any, words: dict[str, str]) -> Any:
    if isinstance(raw, dict):
        return {key: _with(value, words) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_with(one, words) for one in raw]
    return words.get(raw, raw) if isinstance(raw, str) else raw


def _shape(source: str) -> str:
    """The code without its texts."""
    tree = ast.parse(source)
    for one in ast.walk(tree):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            one.value = ""
    return ast.dump(tree)


def within(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    some = st.lists(inner, min_size=1, max_size=4)
    return st.one_of(
        st.lists(inner, max_size=4).map(lambda parts: call("visit.fill", *parts)),
        some.map(lambda parts: Group("[]", tuple(("", one) for one in parts))),
        some.map(lambda parts: Group("{}", tuple((f"{quoted(flat(one))}: ", one) for one in parts))),
        st.lists(TEXT, min_size=1, max_size=4).map(texts),
        st.lists(TEXT.map(quoted), min_size=2, max_size=4).map(lambda parts: call("visit.open", Sum(tuple(parts)))),
    )


@given(node=st.recursive(TEXT.map(quoted), within, max_leaves=12), indent=st.sampled_from([0, 4, 60]))
def test_however_a_call_is_broken_over_lines_it_says_the_same(node: Node, indent: int) -> None:
    around = "".join(f"{' ' * depth}if y:\n" for depth in range(0, indent, 4))
    broken, whole = around + "\n".join(laid_out(indent, "x = ", node)), f"{around}{' ' * indent}x = {flat(node)}"
    assert ast.dump(ast.parse(broken)) == ast.dump(ast.parse(whole))


@pytest.mark.parametrize(
    ("kinds", "wanted"),
    [
        (["invoice"], "i"),
        (["pod"], "p"),
        (["pod", "field_ticket"], "pf"),
        (["all_but_invoice"], "pfo"),
        (["other", "all_but_invoice"], "pfo"),
        (["all_but_invoice", "invoice"], "ipfo"),
        (["pod", "all"], "ipfo"),
    ],
)
def test_the_files_that_are_chosen_are_those_of_the_kinds_named(kinds: list[str], wanted: str) -> None:
    every = [DocumentKind.INVOICE, DocumentKind.POD, DocumentKind.FIELD_TICKET, DocumentKind.OTHER]
    work = SimpleNamespace(files=[SimpleNamespace(document=SimpleNamespace(kind=kind)) for kind in every])
    chosen = eval(flat(files_of(kinds)), {"work": work, "DocumentKind": DocumentKind})  # noqa: S307 - our own source
    assert "".join(file.document.kind[0] for file in chosen) == wanted


# -- names -------------------------------------------------------------------------------------------------------------


@given(st.lists(TEXT, max_size=8))
def test_whatever_things_are_called_their_names_are_names_and_differ(words: list[str]) -> None:
    names = Constants()
    given_names = [names.give(one, "PAGE") for one in words]
    assert len(set(given_names)) == len(words) and all(one.isidentifier() and one.isupper() for one in given_names)


@pytest.mark.parametrize(
    ("portal", "name"),
    [
        ("gatehouse", "Gatehouse"),
        ("gate-house_2", "GateHouse2"),
        ("2go", "Portal2go"),
        ("none", "PortalNone"),
        ("visit", "PortalVisit"),
        ("exception", "PortalException"),
    ],
)
def test_a_class_has_a_name_of_its_own(portal: str, name: str) -> None:
    assert class_name(portal) == name and package_name(portal).isidentifier()


def test_an_id_of_any_sign_makes_a_package(tmp_path: Path, load: Any) -> None:
    adapter = load(written(flow_of(WHOLE), tmp_path, manifest_of(id="x-1")), portal="x-1")
    assert adapter.X1.manifest.id == "x-1"
    points = tomllib.loads((tmp_path / "pyproject.toml").read_text())["project"]["entry-points"]["submitter.adapters"]
    assert points == {"x-1": "submitter_x_1.adapter:X1"}


# -- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ('into = "{invoice.net}"', 'into = "{invoice.total}"', "read_back reads invoice.total twice"),
        (
            'into = "{receipt.words}"',
            'into = "{receipt.words} {receipt.reference}"',
            "commit reads receipt.reference twice",
        ),
        (
            '[[read_back]]\nread = "Major"',
            '[[read_back]]\nwhen = "review"\nread = "Major"',
            "read_back, step 5: it is read on",
        ),
        ("Quantity for line {line.number}", "Quantity for line {line.number:digits}", "a format of {line.number}"),
        (
            'value = "{secret.one_time_code}"',
            'value = "{secret.one_time_code}"\noptional = true',
            "is an optional secret",
        ),
    ],
)
def test_what_cannot_be_said_in_python_just_so_is_refused(right: str, wrong: str, sentence: str) -> None:
    assert right in WHOLE
    with pytest.raises(ConfigurationError) as caught:
        ejected(flow_of(WHOLE.replace(right, wrong, 1)), MANIFEST)
    assert sentence in caught.value.message and "\n" not in caught.value.message
    assert caught.value.message.startswith("The flow cannot be ejected: ")


def test_an_id_that_no_package_could_have_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="is no id that a package could be named for"):
        ejected(flow_of(WHOLE), manifest_of(id='x"\n'))


def test_nothing_is_overwritten_and_nothing_is_left_half_written(tmp_path: Path) -> None:
    (tmp_path / "into").mkdir()
    assert len(eject(GATEHOUSE, tmp_path / "into")) == 6, "an empty folder will do"
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ConfigurationError, match="is there already, and nothing is overwritten"):
        eject(GATEHOUSE, tmp_path / "into")
    (tmp_path / "file").write_text("mine")
    for place_taken in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ConfigurationError):
            eject(GATEHOUSE, place_taken)
    assert {path: path.read_bytes() for path in before} == before and (tmp_path / "file").read_text() == "mine"


def test_a_flow_of_a_package_is_copied_first_and_python_is_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "SHIPPED", GATEHOUSE.parent)
    monkeypatch.setattr(catalogue, "installed_adapter", catalogue.installed_adapter.__wrapped__)
    with pytest.raises(ConfigurationError, match="copy its folder"):
        catalogue.own_flow("gatehouse", tmp_path)
    with pytest.raises(ConfigurationError, match="'fieldgate' is in Python already"):
        catalogue.own_flow("fieldgate", tmp_path)
