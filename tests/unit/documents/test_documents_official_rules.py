"""The official rules of EN 16931: the rule that is broken is named, and what breaks none is left in peace."""

from __future__ import annotations

import http.server
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from papers import TODAY, cii, customer, hybrid, invoice, page, reading, with_attachments
from papers import found as found_file

from submitter.documents.einvoices import official_rules
from submitter.documents.einvoices.official_rules import NOT_CHECKED, OfficialRules, rules_possible
from submitter.documents.opening.opening import DocumentReader, open_reader
from submitter.documents.opening.reading import DocumentReading
from submitter.documents.preflight.preflight import check
from submitter.errors import ConfigurationError
from submitter.model.document import DocumentKind, Finding, Severity
from submitter.settings import Files, Settings

needs_rules = pytest.mark.skipif(not rules_possible(), reason="submitter[rules] is not installed")
ASKED = Files(official_rules=True, second_opinion=False)


@pytest.fixture(scope="module")
def strict() -> Iterator[DocumentReader]:
    with DocumentReader(how=ASKED) as opened:
        yield opened


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def rules(read: DocumentReading) -> set[str]:
    return {finding.rule for finding in read.official}


@needs_rules
def test_a_broken_rule_is_named_in_data_and_in_a_hybrid(tmp_path: Path, strict: DocumentReader) -> None:
    wrong = cii(total="300.00")
    for name, data in (("a.xml", wrong), ("a.pdf", with_attachments(page("x"), {"factur-x.xml": wrong}))):
        read = strict.read(put(tmp_path, name, data))
        [told] = [finding for finding in read.official if finding.rule == "en16931.BR-CO-15"]
        assert told.severity is Severity.BLOCKS
        assert told.sentence.startswith("The electronic invoice breaks rule BR-CO-15: Invoice total amount with VAT")
    assert "en16931.BR-CO-15" not in rules(strict.read(put(tmp_path, "b.xml", cii())))


@needs_rules
@pytest.mark.samples
@pytest.mark.parametrize(
    "file",
    [
        "en16931/CII_example1.xml",
        "en16931/CII_example5.xml",
        "en16931/ubl-tc434-creditnote1.xml",
        "en16931/ubl-tc434-example1.xml",
        "en16931/ubl-tc434-example9.xml",
        "facturx/factur-x-minimum.xml",
        "xrechnung/01.01a-INVOICE_ubl.xml",
        "xrechnung/01.01a-INVOICE_uncefact.xml",
        "xrechnung/01.12a-INVOICE_ubl.xml",
        "xrechnung/03.02a-INVOICE_ubl.xml",
        "zugferd/EN16931_Einfach.pdf",
        "zugferd/EN16931_Einfach.ubl.xml",
        "zugferd/Facture_UE_MINIMUM.pdf",
        "zugferd/Avoir_FR_type381_BASIC.pdf",
    ],
)
def test_valid_invoices_break_nothing(samples: Path, strict: DocumentReader, file: str) -> None:
    read = strict.read(samples / file)
    assert read.invoice is not None
    assert [finding for finding in read.official if finding.severity is Severity.BLOCKS] == []


MUTATION = re.compile(
    r'<\?xmute mutator="code" values="(?P<value>[^"]*)" schematron-invalid="(?:cencii|cenubl):(?P<rule>[^"]*)"'
    r"[^?]*\?>(?P<between>(?:\s|<!--.*?-->|<\?.*?\?>)*)(?P<open><[^>]+>)[^<]*",
    re.DOTALL,
)


@needs_rules
@pytest.mark.samples
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("cii-br-03-wrong-date-format.xml", {"BR-03"}),
        ("cii-br-co-15-negative-test.xml", {"BR-CO-15"}),
        ("ubl-br-dec-23-not-more-than-2-decimal-places-bt131.xml", {"BR-DEC-23"}),
    ],
)
def test_the_rules_makers_own_broken_invoices(
    samples: Path, strict: DocumentReader, tmp_path: Path, file: str, expected: set[str]
) -> None:
    """Their files are whole and say in an instruction what to write into the next element to break which rule."""
    text = (samples / "xrechnung-invalid" / file).read_text(encoding="utf-8")
    mutations = list(MUTATION.finditer(text))
    assert {mutation["rule"] for mutation in mutations} == expected
    for place, mutation in enumerate(mutations):
        broken = text[: mutation.start("open")] + mutation["open"] + mutation["value"] + text[mutation.end() :]
        read = strict.read(put(tmp_path, f"{place}.xml", broken.encode()))
        if read.invoice is None:
            assert read.invoice_problem  # what our own reading refuses is not asked further
        else:
            assert f"en16931.{mutation['rule']}" in rules(read)
    whole = strict.read(put(tmp_path, "whole.xml", text.encode()))
    assert not {f"en16931.{rule}" for rule in expected} & rules(whole)


def test_broken_rules_are_findings_of_preflight_beside_our_own() -> None:
    said = Finding(rule="en16931.BR-CO-15", severity=Severity.BLOCKS, sentence="Broken.", source="official rules")
    own = found_file("INV-1001.pdf", DocumentKind.INVOICE, "INV-1001 TR-45017 216.50", official=(said,))
    pod = found_file("FT-5031.pdf", DocumentKind.POD, "FT-5031", official=(said,))
    findings = check(invoice(), (own, pod), customer(), (), TODAY)
    assert [finding for finding in findings if finding.rule.startswith("en16931")] == [said]


def test_they_are_asked_only_when_wanted(tmp_path: Path) -> None:
    path = put(tmp_path, "a.xml", cii(total="300.00"))
    with DocumentReader(how=Files(second_opinion=False)) as reader:
        assert reader.read(path).official == ()


def test_wanted_and_not_installed_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(official_rules, "rules_possible", lambda: False)
    with pytest.raises(ConfigurationError, match=r"submitter\[rules\]"):
        DocumentReader(how=ASKED)


OWN_RULE = """<xsl:stylesheet version="2.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
 xmlns:svrl="http://purl.oclc.org/dsdl/svrl"><xsl:template match="/"><svrl:schematron-output>
 <svrl:failed-assert id="TR-1" flag="warning"><svrl:text>[TR-1]-Tejas Resources wants a phone number.</svrl:text>
 </svrl:failed-assert>{more}</svrl:schematron-output></xsl:template></xsl:stylesheet>"""


@needs_rules
def test_the_users_own_rule_files_are_asked_too(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, files=ASKED)
    (settings.rules_folder / "cii").mkdir(parents=True)
    put(settings.rules_folder / "cii", "Tejas.xslt", OWN_RULE.format(more="").encode())
    with open_reader(settings) as reader:
        read = reader.read(put(tmp_path, "a.xml", cii()))
    [told] = [finding for finding in read.official if finding.rule.startswith("tejas.")]
    assert (told.rule, told.severity) == ("tejas.TR-1", Severity.WARNS)
    assert told.sentence == "The electronic invoice breaks rule TR-1: Tejas Resources wants a phone number."


@needs_rules
def test_a_rule_file_reaches_no_network(tmp_path: Path) -> None:
    asked: list[str] = []

    class Notes(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Notes) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        more = f"<xsl:copy-of select=\"document('http://127.0.0.1:{server.server_port}/x')\"/>"
        (tmp_path / "cii").mkdir()
        put(tmp_path / "cii", "nosy.xslt", OWN_RULE.format(more=more).encode())
        with DocumentReader(how=ASKED, own_rules=tmp_path) as reader:
            read = reader.read(put(tmp_path, "a.xml", cii()))
        server.shutdown()
    assert asked == []
    assert rules(read) == {NOT_CHECKED}


@needs_rules
@pytest.mark.parametrize("rule", ["<xsl:broken", OWN_RULE.format(more='<xsl:value-of select="error()"/>')])
def test_a_rule_file_that_fails_is_said_and_stops_nothing(tmp_path: Path, rule: str) -> None:
    (tmp_path / "cii").mkdir()
    put(tmp_path / "cii", "bad.xslt", rule.encode())
    with DocumentReader(how=ASKED, own_rules=tmp_path) as reader:
        for _ in range(2):
            [told] = reader.read(put(tmp_path, "a.pdf", hybrid())).official
            assert (told.rule, told.severity) == (NOT_CHECKED, Severity.WARNS)
            assert "could not be checked for a.pdf" in told.sentence


@needs_rules
def test_a_rule_file_that_takes_all_memory_costs_the_check_only(tmp_path: Path) -> None:
    greedy = "<xsl:value-of select=\"count(for $i in 1 to 200000000 return concat('abc', string($i)))\"/>"
    greedy += '<xsl:variable name="a" select="for $i in 1 to 200000000 return concat(\'abc\', string($i))"/>'
    greedy += '<xsl:value-of select="$a[last()]"/>'
    (tmp_path / "cii").mkdir()
    put(tmp_path / "cii", "greedy.xslt", OWN_RULE.format(more=greedy).encode())
    with DocumentReader(how=ASKED, own_rules=tmp_path) as reader:
        read = reader.read(put(tmp_path, "a.xml", cii()))
        assert rules(read) == {NOT_CHECKED}
        assert read.invoice is not None
        assert reader.read(put(tmp_path, "b.pdf", page("next"))).text_plain.strip() == "next"


def limits_of(pid: int) -> dict[str, str]:
    """The soft limits that the system itself holds a process to."""
    lines = Path(f"/proc/{pid}/limits").read_text(encoding="ascii").splitlines()[1:]
    return {line[:26].strip(): line[26:].split()[0] for line in lines}


@needs_rules
@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="only Linux tells the limits of a process")
def test_the_process_of_the_rules_lives_under_its_limits(tmp_path: Path, strict: DocumentReader) -> None:
    strict.read(put(tmp_path, "a.xml", cii()))
    assert strict._rules is not None
    [child] = strict._rules._children.running
    limits = limits_of(child.pid)
    assert limits["Max data size"] == str(1 << 30)
    assert limits["Max file size"] == str(1 << 20)
    assert int(limits["Max cpu time"]) < 200
    assert limits["Max open files"] == "64"


def test_an_answer_that_is_none_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = """
import json, sys
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    print(json.dumps({"findings": [{"rule": 7}]}), flush=True)
"""
    monkeypatch.setattr(official_rules, "rules_possible", lambda: True)
    monkeypatch.setattr(official_rules, "program", lambda _module: (sys.executable, "-c", script))
    asked = OfficialRules()
    read = asked.judge(tmp_path / "a.xml", reading("a.xml", media_type="application/xml", invoice=invoice()))
    asked.stop()
    assert rules(read) == {NOT_CHECKED}
