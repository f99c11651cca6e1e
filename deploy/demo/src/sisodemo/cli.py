"""Commands: generate, next-day, load, seed-cases, check."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
errors = Console(stderr=True)
RESIDENTI = 12_000
Residenti = Annotated[int, typer.Option(min=100, max=10_000_000, help="residenti della città")]
Seed = Annotated[int, typer.Option(help="seme del generatore")]


@app.command()
def generate(
    out: Annotated[Path, typer.Option(help="cartella dei file")],
    residenti: Residenti = RESIDENTI,
    seed: Seed = 1,
) -> None:
    """Writes the files of the first day."""
    from sisodemo.carica import bar
    from sisodemo.citta import generate as generate_city

    with bar("Genero i residenti", residenti) as progress:
        task = progress.tasks[0].id
        citta = generate_city(out, residenti, seed, progress=lambda _, n: progress.advance(task, n))
    typer.echo(
        json.dumps({"residenti": citta.residenti, "omocodie": citta.omocodie, "file": len(citta.files)})
    )


@app.command()
def next_day(
    directory: Annotated[Path, typer.Argument(help="cartella con i file del giorno prima")],
    out: Annotated[Path | None, typer.Option(help="dove scrivere (la stessa cartella)")] = None,
    decesso: Annotated[list[str] | None, typer.Option(help="id_anagrafe")] = None,
    trasloco: Annotated[list[str] | None, typer.Option(help="id_anagrafe o id_anagrafe:comune")] = None,
    nascita: Annotated[list[str] | None, typer.Option(help="id_anagrafe di un genitore")] = None,
    sfondo: Annotated[float | None, typer.Option(min=0, max=1, help="quota di altri cambiamenti")] = None,
    seed: Seed = 1,
) -> None:
    """Writes the files of the next day."""
    from sisodemo.giorno import SFONDO, Decesso, Nascita, Trasloco
    from sisodemo.giorno import next_day as write_next_day

    moves = [text.partition(":") for text in trasloco or ()]
    notte = write_next_day(
        directory,
        out,
        deaths=[Decesso(i) for i in decesso or ()],
        moves=[Trasloco(i, comune or None) for i, _, comune in moves],
        births=[Nascita(i) for i in nascita or ()],
        sfondo=SFONDO if sfondo is None else sfondo,
        seed=seed,
    )
    typer.echo(
        json.dumps({"giorno": notte.giorno.isoformat(), "file": len(notte.files), "fatti": notte.fatti})
    )


@app.command()
def load(
    residenti: Residenti = RESIDENTI,
    dir: Annotated[Path, typer.Option(help="dove tenere i file")] = Path(".siso/demo/citta"),
    seed: Seed = 1,
) -> None:
    """Generates the city if needed and loads it into the registry (needs the environment of anagrafe)."""
    from sisodemo.carica import LoadFailed, load_city

    try:
        typer.echo(json.dumps(load_city(dir, residenti, seed)))
    except LoadFailed as failure:
        errors.print(f"Anagrafe non caricata: {failure}", style="red")
        raise typer.Exit(1) from None


@app.command()
def seed_cases(
    base_url: Annotated[str, typer.Option(envvar="SISO_BASE_URL", help="indirizzo dell'applicazione")],
    dir: Annotated[Path, typer.Option(envvar="SISO_DATA_DIR", help="file della città")] = Path(
        ".siso/demo/citta"
    ),
    casi: Annotated[int, typer.Option(min=1, max=2000, help="quante cartelle aprire")] = 40,
    seed: Seed = 1,
) -> None:
    """Opens cases with diaries and ISEE, as the workers of the demo would."""
    from random import Random

    from sisodemo.casi import open_cases
    from sisodemo.famiglie_scelte import newest_city

    typer.echo(json.dumps(open_cases(base_url, newest_city(dir), casi, Random(seed))))


@app.command()
def check(
    base_url: Annotated[str, typer.Option(envvar="SISO_BASE_URL", help="indirizzo dell'applicazione")],
    mailbox_url: Annotated[str, typer.Option(envvar="SISO_MAILBOX_URL", help="casella di prova")],
    dir: Annotated[Path, typer.Option(envvar="SISO_DATA_DIR", help="file della città")] = Path(
        ".siso/demo/citta"
    ),
    idp_url: Annotated[
        str, typer.Option(envvar="SISO_IDP_URL", help="gestore di identità di prova, se c'è")
    ] = "",
    seed: Annotated[int | None, typer.Option(help="seme della scelta delle persone")] = None,
) -> None:
    """Walks the main job through the gateway; one JSON object on standard output, exit code 0 if all held."""
    from random import Random

    from sisodemo.cammino import Cammino, walk
    from sisodemo.famiglie_scelte import newest_city
    from sisodemo.passi import PASSI

    def say(number: int, nome: str, ok: bool) -> None:
        errors.print(f"{number:>3}. {nome} ", "[green]✓[/green]" if ok else "[red]✗[/red]")

    cammino = Cammino(base_url, mailbox_url, newest_city(dir), Random(seed), idp_url=idp_url)
    result = walk(cammino, PASSI, say)
    typer.echo(json.dumps(result, ensure_ascii=False))
    raise typer.Exit(0 if result["ok"] else 1)
