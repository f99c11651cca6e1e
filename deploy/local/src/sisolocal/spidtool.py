"""AgID's own test of a service provider, spid-sp-test: installed apart (it pins old packages), run, its report read.

It plays an identity provider that never listens: it fetches our metadata and a login, then posts a hundred answers, all
wrong but a few, and looks at the HTTP status of what comes back.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from sisolocal.errors import SisoError
from sisolocal.layout import repository_root
from sisolocal.show import say

REQUIREMENTS = Path("deploy/local/spid-sp-test.txt")
PROGRAMS = ("xmlsec1", "openssl")
DAYS = 30
RESPONSES = "response"


class ToolMissing(SisoError):
    """spid-sp-test cannot run on this machine, and why."""


@dataclass(frozen=True)
class Report:
    """What a run said. `counts`: checks by category (metadata…, authnrequest…, response)."""

    profile: str
    counts: dict[str, int]
    failures: list[str]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def responses(self) -> int:
        return self.counts.get(RESPONSES, 0)


@dataclass(frozen=True)
class Tool:
    """The installed tool; `home` keeps it and the work of its runs."""

    home: Path

    @property
    def _python(self) -> Path:
        return self.home / "venv" / "bin" / "python"

    def environment(self, keys: Path, entity_id: str, ca: Path) -> dict[str, str]:
        """For a run: the provider it plays, and the certificate our https is trusted by."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return kept | {
            "IDP_CERT_PATH": str(keys), "IDP_ENTITYID": entity_id, "PYTHONWARNINGS": "ignore",
            "REQUESTS_CA_BUNDLE": str(ca), "NO_PROXY": "*",
        }  # fmt: skip

    def idp_metadata(self, env: dict[str, str]) -> bytes:
        """Metadata of the provider it plays."""
        return self._run(["--idp-metadata"], env, self.home).encode()

    def run(
        self, profile: str, base: str, login: str, env: dict[str, str], folder: Path, *more: str
    ) -> Report:
        """All three parts of a profile against the scheme whose addresses begin with `base`."""
        folder.mkdir(parents=True, exist_ok=True)
        report = folder / f"{profile}{'-produzione' if '--production' in more else ''}.json"
        report.unlink(missing_ok=True)
        words = [
            "--profile", profile, "--extra", "-tr", "--debug", "CRITICAL", "--metadata-url", f"{base}/metadata",
            "--authn-url", login, "-rf", "json", "-o", str(report), *more,
        ]  # fmt: skip
        output = self._run(words, env, folder, check=False)
        if not report.exists():
            raise SisoError(f"spid-sp-test non ha finito ({profile}):\n{output[-3000:]}")
        return read_report(profile, report)

    def _run(self, words: list[str], env: dict[str, str], folder: Path, check: bool = True) -> str:
        argv = [str(self._python), str(self._python.with_name("spid_sp_test")), *words]
        done = subprocess.run(
            argv, env=env, cwd=folder, capture_output=True, text=True, check=False, timeout=900
        )
        if check and done.returncode != 0:
            raise SisoError(f"spid-sp-test: {done.stderr[-3000:]}")
        return done.stdout if check else done.stdout + done.stderr


def read_report(profile: str, file: Path) -> Report:
    parts: dict[str, dict[str, list[dict[str, str]]]] = json.loads(file.read_text())["test"]["sp"]
    counts, failures = {}, []
    for category, classes in parts.items():
        checks = [check for listed in classes.values() for check in listed]
        counts[category] = len(checks)
        failures += [str(check["test"]) for check in checks if check["result"] == "failure"]
    return Report(profile, counts, failures)


def install() -> Tool:
    """The tool, installed at first use with hashes checked. Raises ToolMissing."""
    if missing := [name for name in PROGRAMS if not shutil.which(name)]:
        raise ToolMissing(
            f"spid-sp-test ha bisogno di {' e '.join(missing)}: apt-get install {' '.join(missing)}"
        )
    root = repository_root()
    tool = Tool(root / ".siso" / "spid-sp-test")
    wanted = hashlib.sha256((root / REQUIREMENTS).read_bytes() + sys.version.encode()).hexdigest()
    stamp = tool.home / "stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return tool
    say("installo spid-sp-test (con impronte verificate)")
    tool.home.mkdir(parents=True, exist_ok=True)
    venv.create(tool.home / "venv", with_pip=True, clear=True, symlinks=True)
    pip = [
        tool._python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes",
        "--no-deps", "-r", root / REQUIREMENTS,
    ]  # fmt: skip
    done = subprocess.run([str(word) for word in pip], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ToolMissing(f"spid-sp-test non si installa:\n{done.stderr[-2000:]}")
    stamp.write_text(wanted)
    return tool


def make_keys(folder: Path, hosts: tuple[str, ...]) -> None:
    """Key and certificate of the provider played (`private.key`, `public.cert`: the bundled one has ended) and of our
    https (`tls.key`, `tls.crt`)."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ",".join(f"IP:{host}" for host in hosts)
    for key, certificate, more in (
        ("private.key", "public.cert", []),
        ("tls.key", "tls.crt", ["-addext", f"subjectAltName={names}"]),
    ):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256", "-days", str(DAYS), "-keyout",
             folder / key, "-out", folder / certificate, "-subj", "/C=IT/O=Prova/CN=prova.example", *more],
            capture_output=True, check=True,
        )  # fmt: skip
