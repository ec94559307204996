"""How scripts/all_tests.py reads what ctest and pytest write."""

from __future__ import annotations

import all_tests
import pytest

CTEST = """<testsuite>
<testcase name="a: A.Passes" classname="a: A.Passes" status="run"><system-out/></testcase>
<testcase name="a: A.Fails" classname="a: A.Fails" status="fail"><failure message=""/></testcase>
<testcase name="a: A.Skips" classname="a: A.Skips" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
<system-out>[ RUN      ] A.Skips
x.cc:3: Skipped
no network
[  SKIPPED ] A.Skips</system-out></testcase>
<testcase name="a_NOT_BUILT" classname="a_NOT_BUILT" status="notrun"/>
</testsuite>"""

PYTEST = """<testsuites><testsuite>
<testcase classname="tests.test_x" name="test_passes"/>
<testcase classname="tests.test_x" name="test_fails"><failure message="1 == 2"/></testcase>
<testcase classname="tests.test_x" name="test_has_no_fixture"><error message="setup"/></testcase>
<testcase classname="tests.test_x" name="test_skips"><skipped message="no network"/></testcase>
</testsuite></testsuites>"""


NODE = """<testsuites>
<testcase name="Passes" classname="test"/>
<testsuite name="Flow"><testcase name="Fails" classname="test"><failure message="no"/></testcase></testsuite>
<testcase name="Skips" classname="test"><skipped type="skipped" message="no network"/></testcase>
</testsuites>"""


@pytest.mark.parametrize(
    ("junit", "outcome"),
    [
        (CTEST, all_tests.Outcome(1, ["a: A.Fails"], ["a: A.Skips: no network", "a_NOT_BUILT: notrun"])),
        (
            PYTEST,
            all_tests.Outcome(
                1,
                ["tests.test_x::test_fails", "tests.test_x::test_has_no_fixture"],
                ["tests.test_x::test_skips: no network"],
            ),
        ),
        (NODE, all_tests.Outcome(1, ["Fails"], ["Skips: no network"])),
    ],
    ids=["ctest", "pytest", "node"],
)
def test_a_junit_file_tells_what_passed_failed_and_was_skipped(tmp_path, junit, outcome):
    (tmp_path / "junit.xml").write_text(junit)
    assert all_tests.read_junit(tmp_path / "junit.xml") == outcome


def test_a_stage_whose_tools_are_missing_is_skipped_with_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(all_tests, "ROOT", tmp_path)
    monkeypatch.setattr(all_tests, "RESULTS", tmp_path)
    outcome = all_tests.run_stage("extension")
    reason = ".venv/bin/node, extension/node_modules/.stamp missing; `scripts/setup web` says why"
    assert outcome == all_tests.Outcome(skipped=[f"extension: {reason}"])
    assert reason in capsys.readouterr().out


def test_a_stage_that_does_not_exist_is_refused(capsys):
    assert all_tests.main(["unit", "nonsense"]) == 2
    assert "no stage nonsense" in capsys.readouterr().err
