"""Pages on a real gateway, with services that answer from one small invented world."""

import sys
from pathlib import Path

import pytest

from gateway.testing import FakeServices

# gateway/ is a folder and a package: helpers of these tests are found by their own folder.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def services() -> FakeServices:
    import web_world

    services = FakeServices()
    web_world.populate(services)
    return services
