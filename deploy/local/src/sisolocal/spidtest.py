"""`./siso test spid`: AgID's test against a gateway of ours over https, then our own attacks on it.

The gateway is a real process on a database of its own; only its services are missing, because nobody gets that far.
"""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from sisolocal import quality, spidtool
from sisolocal.errors import SisoError, tail
from sisolocal.layout import write_private
from sisolocal.roles import program
from sisolocal.show import say
from sisolocal.spidtool import Report, Tool, ToolMissing
from sisolocal.testdata import TestRun
from sisolocal.testprocess import chassis, child_environment, free_port

PROFILES = {"spid": ("spid-sp-public", 111), "cie": ("cie-sp-public", 109)}
"""Profile of each scheme, and how many answers it sends at least."""

IDP = "https://localhost:8443"
PRODUCTION_HOST, PRODUCTION_IDP = "127.0.0.10", "https://127.0.0.11"
"""Two digits at the end: the tool's idea of an address without a port wants them."""

IPA_LOOKUP = "IPACode element MUST have a valid value present on IPA"
WHO = {
    "spid": {"spidCode": "PROV0123456789"},
    "cie": {},
}
PERSON = {"name": "Giulia", "familyName": "Bianchi", "dateOfBirth": "1988-04-12", "fiscalNumber": "TINIT-{}"}
IDENTITA = "giulia.bianchi"
CONFIGURATION = """
[organization]
name = "Comune di Monza"
display_name = "Comune di Monza"
url = "https://www.comune.example.it"
locality = "Monza"
[contact]
ipa_code = "c_f704"
municipality = "F704"
email = "sociale@comune.example.it"
phone = "+39039000000"
[log]
key_files = ["spid_log.key"]
[spid]
idp_dir = "gestori"
keys = [{ key_file = "spid.key", certificate_file = "spid.crt" }]
[cie]
idp_dir = "gestori"
keys = [{ key_file = "cie.key", certificate_file = "cie.crt" }]
"""


@dataclass(frozen=True)
class Bench:
    """A gateway that answers at `base`, and the provider the tool plays against it."""

    tool: Tool
    folder: Path
    base: str
    env: dict[str, str]

    def check(self, scheme: str, *more: str) -> Report:
        """One profile, whole."""
        from gateway.seed.operatori import IDENTITIES

        profile, _ = PROFILES[scheme]
        person = next(one for one in IDENTITIES if one.identita == IDENTITA)
        told = {name: value.format(person.codice_fiscale) for name, value in PERSON.items()} | WHO[scheme]
        attributes = self.folder / f"{scheme}.json"
        attributes.write_text(json.dumps(told))
        login = f"{self.base}/{scheme}/login?idp={quote(self.env['IDP_ENTITYID'], safe='')}&ritorno=/aiuto"
        return self.tool.run(
            profile, f"{self.base}/{scheme}", login, self.env, self.folder, "-aj", str(attributes), *more
        )


@contextmanager
def bench(tool: Tool, run: TestRun, folder: Path, host: str, port: int, idp: str) -> Iterator[Bench]:
    """A gateway for the tool, stopped at the end."""
    spidtool.make_keys(folder, (host,))
    env = tool.environment(folder, idp, folder / "tls.crt")
    with gateway_at(run, folder, host, port, tool.idp_metadata(env)) as base:
        yield Bench(tool, folder, base, env)


@contextmanager
def gateway_at(run: TestRun, folder: Path, host: str, port: int, idp_metadata: bytes) -> Iterator[str]:
    """The address of a gateway over https that trusts one provider; `folder` holds `tls.key` and `tls.crt`."""
    base = f"https://{host}" + ("" if port == 443 else f":{port}")
    write_world(folder, base, idp_metadata)
    env = run.service_env("gateway") | {
        "GATEWAY_HTTPS": "true", "GATEWAY_PUBLIC_URL": base, "GATEWAY_SPID_FILE": str(folder / "spid.toml"),
        "GATEWAY_WRONG_LOGIN_DELAY": "0",
    }  # fmt: skip
    chassis("seed", "gateway", env=env)
    with serving(env, folder, host, port):
        yield base


def write_world(folder: Path, base: str, idp_metadata: bytes) -> None:
    """What `GATEWAY_SPID_FILE` needs: keys of AgID's profile, the provider pinned."""
    from gateway.spid.certificate import make_pair
    from gateway.spid.settings import load_configuration

    write_private(folder / "spid.toml", CONFIGURATION)
    write_private(folder / "spid_log.key", sha256(base.encode()).hexdigest())
    write_private(folder / "gestori" / "prova.xml", idp_metadata.decode())
    pinned = {"prova.xml": sha256((folder / "gestori" / "prova.xml").read_bytes()).hexdigest()}
    write_private(folder / "gestori" / "manifest.json", json.dumps(pinned))
    for schema in load_configuration(folder / "spid.toml", base).schemas:
        pair, place = make_pair(schema, 365), schema.keys[0]
        write_private(place.key_file, pair.key.decode())
        write_private(place.certificate_file, pair.certificate.decode())


@contextmanager
def serving(env: dict[str, str], folder: Path, host: str, port: int) -> Iterator[None]:
    log = folder / "gateway.log"
    argv = [
        program("uvicorn"), "sisolocal.spidserver:create", "--factory", "--host", host, "--port", str(port),
        "--ssl-keyfile", str(folder / "tls.key"), "--ssl-certfile", str(folder / "tls.crt"), "--no-access-log",
        "--no-server-header", "--timeout-graceful-shutdown", "3",
    ]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(argv, env=child_environment(env), stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait(f"https://{host}:{port}/health/live", folder / "tls.crt", process, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _wait(url: str, ca: Path, process: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    """Until it answers. Raises SisoError with the last log lines."""
    context = ssl.create_default_context(cafile=str(ca))
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), opener.open(url, timeout=3) as answer:
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise SisoError(f"il gateway della prova non si avvia:\n{tail(log, 40)}")


def public_profiles(tool: Tool, run: TestRun, folder: Path) -> list[Report]:
    """Both public profiles, side by side, on the loopback."""
    with bench(tool, run, folder, "127.0.0.1", free_port(), IDP) as ready, ThreadPoolExecutor(2) as pool:
        return list(pool.map(ready.check, PROFILES))


def production(tool: Tool, run: TestRun, folder: Path) -> Report | None:
    """SPID with the checks of the real federation; None where port 443 cannot be had."""
    with socket.socket() as probe:
        try:
            probe.bind((PRODUCTION_HOST, 443))
        except OSError:
            return None
    with bench(tool, run, folder, PRODUCTION_HOST, 443, PRODUCTION_IDP) as ready:
        return ready.check("spid", "--production")


def judge(report: Report, least: int) -> bool:
    """Prints what a run said; whether it is good."""
    good = not report.failures and report.responses >= least
    parts = ", ".join(f"{category} {count}" for category, count in report.counts.items())
    say(
        f"{report.profile}: {report.total} controlli ({parts}), {len(report.failures)} non riusciti",
        "green" if good else "bold red",
    )
    for failure in report.failures:
        say(f"  non riuscito: {failure}")
    return good


def judge_production(report: Report | None) -> bool:
    """The look-up in the IPA needs the internet, and a body that is there: that one failure is expected, no other."""
    if report is None:
        say(f"--production: saltata, la porta 443 di {PRODUCTION_HOST} non si può aprire", "yellow")
        return True
    others = [failure for failure in report.failures if IPA_LOOKUP not in failure]
    good = not others and report.responses >= PROFILES["spid"][1]
    looked_up = len(report.failures) - len(others)
    say(
        f"{report.profile} --production: {report.total} controlli, non riusciti {looked_up} (la ricerca nell’IPA: "
        f"vuole internet) e {len(others)} altri",
        "green" if good else "bold red",
    )
    for failure in others:
        say(f"  non riuscito: {failure}")
    return good


def run(extra: list[str], keep: bool) -> int:
    """The whole of it: AgID's test, then ours. The exit code is not 0 when any part failed."""
    from sisolocal.teststack import choose, open_stack

    try:
        tool = spidtool.install()
    except ToolMissing as error:
        say(str(error), "bold red")
        return 1
    with quality.stack_for_a_while(keep):
        stack = open_stack(choose())
        folder = tool.home / "prova"
        made = TestRun(stack, f"spid{free_port()}", folder / "stack")
        try:
            (folder / "stack").mkdir(parents=True, exist_ok=True)
            good = [
                judge(report, PROFILES[scheme][1])
                for scheme, report in zip(
                    PROFILES, public_profiles(tool, made, folder / "pubblici"), strict=True
                )
            ]
            good.append(judge_production(production(tool, made, folder / "produzione")))
        finally:
            made.close()
            stack.close()
        code = quality.run_tests("spid", ["--ignore=gateway/tests/spid/test_external.py", *extra], keep=True)
    return code or int(not all(good))
