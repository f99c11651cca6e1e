"""The mail queue: claim, send, mark; three short transactions so that no lock waits for a mail server."""

from datetime import timedelta

import structlog

from chassis.sql import SqlDatabase
from notifiche import projections
from notifiche.adapters import Mailbox, MailPostponed, MailRefused, MailSender, MailServerAway
from notifiche.policies import InboxReaders
from notifiche.repository import MailDaInviare, MailRepository
from notifiche.use_cases.making import today

log = structlog.get_logger()
BATCH = 20
NO_ADDRESS_AGAIN = timedelta(minutes=10)


def send_due_mail(
    db: SqlDatabase, sender: MailSender, base_url: str, readers: InboxReaders = InboxReaders()
) -> int:
    """Sends what is due; how many went out. A server that is away loses nothing: all of it comes again later.

    A process killed between handing over and marking leaves the mail in_invio: after two minutes it is sent once
    more under the same Message-ID.
    """
    sent = 0
    while True:
        with db.transaction() as tx:
            claimed = MailRepository(tx).claim(BATCH)
        if claimed:
            sent += _send_batch(claimed, db, sender, base_url, readers)
        if len(claimed) < BATCH:
            return sent


def _send_batch(
    claimed: list[MailDaInviare], db: SqlDatabase, sender: MailSender, base_url: str, readers: InboxReaders
) -> int:
    done = 0
    sent = 0
    try:
        with sender.connect() as mailbox:
            for mail in claimed:
                sent += _send(mail, mailbox, db, base_url, readers)
                done += 1
    except MailServerAway as error:
        log.warning("mail_server_away", error=str(error), waiting=len(claimed) - done)
        with db.transaction() as tx:
            for mail in claimed[done:]:
                MailRepository(tx).postpone(mail.id, _delay(mail), str(error))
    return sent


def _send(
    mail: MailDaInviare, mailbox: Mailbox, db: SqlDatabase, base_url: str, readers: InboxReaders
) -> int:
    with db.transaction() as tx:
        to = projections.mail_addresses(mail, readers, today(), tx)
        if (
            not to
        ):  # the operator is not known yet, or nobody works in the settore: the alert stands on the page
            MailRepository(tx).postpone(mail.id, NO_ADDRESS_AGAIN, "no address")
            return 0
    address = f"{base_url.rstrip('/')}/avvisi/{mail.avviso_id}"
    subject, body = mail_text(
        mail.tipo, mail.titolo, mail.cartella_numero, address, inbox=mail.destinatario_id is None
    )
    try:
        mailbox.send(mail.id, to, subject, body, mail.creata_il)
    except MailRefused as error:
        log.error("mail_refused", mail_id=str(mail.id), error=str(error))
        with db.transaction() as tx:
            MailRepository(tx).mark_failed(mail.id, str(error))
        return 0
    except MailPostponed as error:
        with db.transaction() as tx:
            MailRepository(tx).postpone(mail.id, _delay(mail), str(error))
        return 0
    with db.transaction() as tx:
        MailRepository(tx).mark_sent(mail.id)
    return 1


def _delay(mail: MailDaInviare) -> timedelta:
    return timedelta(seconds=mail_delay(mail.tentativi))


# --- what it says -------------------------------------------------------------------------------------------------

OGGETTI = {
    "foglio_da_approvare": "Un foglio amministrativo attende la tua approvazione",
    "foglio_deciso": "Esito di un foglio amministrativo",
    "stampa_pronta": "La stampa che hai chiesto è pronta",
    "condivisione_proposta": "Ti propongono di condividere un caso",
    "condivisione_decisa": "Hanno risposto alla condivisione che hai proposto",
    "altra_cartella": "Un'altra cartella per una persona che segui",
    "emergenza_aperta": "Un accesso d'emergenza attende una firma",
    "accesso_anomalo": "Accessi da guardare",
    "riepilogo_accessi": "Riepilogo degli accessi della settimana",
}


def mail_text(tipo: str, titolo: str, cartella_numero: str, address: str, *, inbox: bool) -> tuple[str, str]:
    """(subject, body) of the mail for an alert: no names, no social content, only where to look."""
    whose = "senza responsabile nel tuo settore" if inbox else "a te affidato"
    oggetto = OGGETTI.get(tipo, "Variazione anagrafica")
    what = oggetto if tipo in OGGETTI else f"Variazione anagrafica ({titolo.lower()}) su un caso {whose}"
    number = f": n. {cartella_numero}" if cartella_numero else ""
    body = f"{what}{number}.\nApri: {address}\n\nMessaggio automatico della Cartella Sociale."
    subject = f"{oggetto}: caso n. {cartella_numero}" if cartella_numero else oggetto
    return subject, f"{body}\n"


def mail_delay(attempts: int) -> float:
    """Seconds before the next try: 2, 4, 8 … at most ten minutes."""
    return float(min(2 ** min(attempts, 10), 600))
