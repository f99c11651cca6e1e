"""The commands of `./siso`."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from typing import Annotated

import typer

from sisolocal.errors import SisoError
from sisolocal.layout import Layout, repository_root

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)
Name = Annotated[str, typer.Option("--name", help="Quale stack, fra quelli in .siso/.")]
Port = Annotated[int | None, typer.Option("--porta", min=1024, max=65535, help="Porta dell'applicazione.")]
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command()
def demo(
    check: Annotated[
        bool, typer.Option("--check", help="Percorre il lavoro principale, stampa un JSON e finisce.")
    ] = False,
    residenti: Annotated[
        int, typer.Option(min=100, max=875_000, help="Abitanti della città di prova.")
    ] = 12_000,
    porta: Port = None,
    da_capo: Annotated[
        bool, typer.Option("--da-capo", help="Butta via i dati della prova precedente.")
    ] = False,
) -> None:
    """Il sistema intero con una città di persone inventate. Ctrl-C ferma tutto."""
    from sisolocal import background
    from sisolocal import demo as running

    if check:
        raise typer.Exit(running.run_check(Layout.of("check"), residenti, porta))
    layout = Layout.of("demo")
    if da_capo:
        background.down(layout, erase=True)
    raise typer.Exit(running.run_demo(layout, residenti, porta))


@app.command()
def up(name: Name = "demo", porta: Port = None) -> None:
    """Avvia il sistema in sottofondo (senza caricare la città)."""
    from sisolocal import background

    state = background.up(Layout.of(name), porta)
    for what, address in state["addresses"].items():
        typer.echo(f"{what}: {address}")


@app.command(hidden=True)
def supervise(name: Name, porta: Port = None) -> None:
    """Tiene in vita uno stack fino a SIGTERM."""
    from sisolocal import background

    raise typer.Exit(background.supervise(Layout.of(name), porta))


@app.command()
def down(
    name: Name = "demo",
    azzera: Annotated[bool, typer.Option("--azzera", help="Butta via anche i dati.")] = False,
) -> None:
    """Ferma il sistema; i dati restano."""
    from sisolocal import background

    background.down(Layout.of(name), erase=azzera)


@app.command()
def status(name: Name = "demo") -> None:
    """Che cosa è in esecuzione; codice 0 se tutto è pronto."""
    from sisolocal import background

    raise typer.Exit(0 if background.show_status(Layout.of(name)) else 1)


@app.command()
def logs(
    processi: Annotated[list[str] | None, typer.Argument(help="Per esempio: gateway anagrafe-rpc")] = None,
    name: Name = "demo",
    righe: Annotated[int, typer.Option("-n", help="Quante righe per processo.")] = 20,
    segui: Annotated[bool, typer.Option("-f", help="Continua a mostrare le nuove.")] = False,
) -> None:
    """I registri dei processi."""
    from sisolocal import background

    try:
        background.show_logs(Layout.of(name), processi or [], righe, segui)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@app.command("test", context_settings=PASS_ON)
def run_tests(
    context: typer.Context,
    quali: Annotated[str, typer.Argument(help="unit, integration, e2e, faults, spid, all")] = "all",
    tieni: Annotated[bool, typer.Option("--tieni", help="Lascia acceso lo stack dei test.")] = False,
) -> None:
    """I test. Ciò che segue va a pytest, per esempio: ./siso test unit -k quota

    matrice: la prova lunga dei diritti, mondi interi contro l'oracolo: ./siso test matrice --mondi 20
    """
    from sisolocal import quality

    extra = list(context.args)
    if quali == "matrice":
        raise typer.Exit(quality.run_matrice(extra))
    if quali not in quality.SETS:
        if not quali.startswith("-"):
            raise SisoError(f"Non conosco i test «{quali}». Ci sono: {', '.join(quality.SETS)}.")
        extra, quali = [quali, *extra], "all"
    if quali == "spid":
        from sisolocal import spidtest

        raise typer.Exit(spidtest.run(extra, tieni))
    raise typer.Exit(quality.run_tests(quali, extra, tieni))


@app.command()
def bench(
    nome: str,
    as_json: Annotated[bool, typer.Option("--json", help="Solo il JSON, su una riga.")] = False,
    size: Annotated[int | None, typer.Option(help="Quanti elementi.")] = None,
) -> None:
    """Una misura, con il suo termine di paragone preso nella stessa esecuzione."""
    folder = repository_root() / "bench"
    names = sorted(path.stem for path in folder.glob("*.py") if "def run(" in path.read_text())
    if nome not in names:
        raise SisoError(f"Non conosco la misura «{nome}». Ci sono: {', '.join(names)}.")
    sys.path.insert(0, str(folder.parent))
    module = importlib.import_module(f"bench.{nome}")
    result = module.run(size) if size is not None else module.run()
    typer.echo(json.dumps(result, ensure_ascii=False, indent=None if as_json else 1, default=str))


@app.command()
def notte(
    file: Annotated[list[str], typer.Argument(help="File dell'anagrafe, in CSV.")], name: Name = "demo"
) -> None:
    """Una notte dell'anagrafe: carica i file, trova le differenze, avvisa i servizi."""
    _chassis(name, "job", "anagrafe", "notte", *file)


@app.command()
def dead(
    azione: Annotated[str, typer.Argument(help="list, show, requeue, drop")],
    servizio: Annotated[str, typer.Argument()] = "",
    evento: Annotated[str, typer.Argument(help="Identificativo dell'evento.")] = "",
    name: Name = "demo",
) -> None:
    """Gli eventi che nessuno è riuscito a trattare."""
    if azione not in ("list", "show", "requeue", "drop"):
        raise SisoError("Le azioni sono: list, show, requeue, drop.")
    _chassis(name, "dead", azione, *(word for word in (servizio, evento) if word))


@app.command()
def accessi(
    azione: Annotated[str, typer.Argument(help="verifica, sigillo, chiave, scarti, scarta")],
    numero: Annotated[str, typer.Argument(help="Numero di un sigillo.")] = "",
    impronta: Annotated[str, typer.Option(help="Impronta conservata altrove, da confrontare.")] = "",
    name: Name = "demo",
) -> None:
    """Il registro degli accessi: è integro? Un sigillo da conservare, i mesi scartati."""
    jobs = {
        "verifica": ["verify-accessi", *([numero, impronta] if numero else [])],
        "sigillo": ["sigillo", *([numero] if numero else [])],
        "chiave": ["chiave-sigilli"],
        "scarti": ["scarti"],
        "scarta": ["scarta-accessi"],
    }
    if azione not in jobs:
        raise SisoError(f"Le azioni sono: {', '.join(jobs)}.")
    _chassis(name, "job", "gateway", *jobs[azione])


def _chassis(name: str, *words: str) -> None:
    """Run a chassis command with the environment of a running stack; ends with its exit code."""
    from sisolocal import environment
    from sisolocal.roles import program

    file = Layout.of(name).env_file
    if not file.exists():
        raise SisoError(
            f"Lo stack «{name}» non è mai stato avviato: ./siso demo, oppure ./siso up --name {name}"
        )
    env = os.environ | environment.read(str(file))
    raise typer.Exit(subprocess.run([program("chassis"), *words], env=env, check=False).returncode)


@app.command()
def contracts(
    check: Annotated[
        bool, typer.Option("--check", help="Non scrive: fallisce se qualcosa è diverso.")
    ] = False,
) -> None:
    """Rigenera ciò che nasce dai contratti: eventi, AsyncAPI, OpenAPI, schemi, definizioni di RabbitMQ."""
    from sisolocal.generated import differences, write

    different = differences()
    if check:
        for path in different:
            typer.echo(f"diverso: {path}")
        raise typer.Exit(1 if different else 0)
    write(different)
    typer.echo(f"{len(different)} file riscritti")


def _later(what: str) -> None:
    raise SisoError(f"«{what}» arriva con la prossima versione: oggi non salva nulla e non finge di farlo.")


@app.command()
def backup() -> None:
    """Salva i dati (arriva con la prossima versione)."""
    _later("backup")


@app.command()
def restore() -> None:
    """Ripristina i dati (arriva con la prossima versione)."""
    _later("restore")


@app.command()
def verify() -> None:
    """Prova che un ripristino è completo (arriva con la prossima versione)."""
    _later("verify")


def main() -> None:
    """Run a command; an expected failure is one message in Italian and its exit code."""
    from sisolocal.show import say

    try:
        app(prog_name="siso")
    except SisoError as error:
        say(f"siso: {error}", "red")
        sys.exit(error.exit_code)
