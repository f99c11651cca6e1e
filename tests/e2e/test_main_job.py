"""The main job, walked as `./siso demo --check` walks it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from tests.system import System

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def test_the_ten_steps_of_the_main_job_hold(system: System) -> None:
    from sisolocal.city import tool_environment

    supervisor = system.supervisor
    environment = tool_environment(supervisor.layout, supervisor.environment())

    walk = subprocess.run(
        [sys.executable, "-m", "sisodemo", "check", "--seed", "1"],
        env=environment,
        capture_output=True,
        check=False,
    )

    told = json.loads(walk.stdout)
    failed = [step for step in told["passi"] if not step["ok"]]
    assert failed == []
    assert (told["ok"], told["superati"], walk.returncode) == (True, 11, 0)
