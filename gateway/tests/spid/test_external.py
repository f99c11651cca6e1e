"""AgID's own test of a service provider against this gateway over https: both public profiles, nothing may fail."""

from pathlib import Path

import pytest

from sisolocal import spidtest, spidtool
from sisolocal.testdata import TestRun


@pytest.mark.timeout(600)
def test_spid_sp_test_finds_nothing_in_either_public_profile(siso_run: TestRun, tmp_path: Path) -> None:
    try:
        tool = spidtool.install()
    except spidtool.ToolMissing as missing:
        pytest.skip(str(missing))

    reports = spidtest.public_profiles(tool, siso_run, tmp_path)

    assert {report.profile: report.failures for report in reports} == {
        "spid-sp-public": [],
        "cie-sp-public": [],
    }
    assert [
        report.responses >= least
        for report, (_, least) in zip(reports, spidtest.PROFILES.values(), strict=True)
    ] == [True, True]
