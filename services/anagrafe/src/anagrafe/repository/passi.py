"""The SQL of a load, step by step. One comune, one transaction; never a query per person.

Parameters: ente, giorno, caricamento_id, baseline (first file of a comune: people are taken in without events).
Working tables, gone at commit: `righe` (the lines), `accolte` (the changed lines, typed), `delta` (what each does to a
person), `assenti`, `prima` and `dopo` (households), `fatti` (events to be).
"""

STAGE = """
SET LOCAL jit = off;
SET LOCAL work_mem = '64MB';
SET LOCAL cursor_tuple_fraction = 1;
CREATE TEMP TABLE righe (
    riga integer GENERATED ALWAYS AS IDENTITY (START WITH 2),
    testo text NOT NULL,
    id_anagrafe text COLLATE "C" GENERATED ALWAYS AS (btrim(split_part(testo, ';', 1), ' "')) STORED,
    hash uuid GENERATED ALWAYS AS (md5(testo)::uuid) STORED
) ON COMMIT DROP;
CREATE TEMP TABLE accolte (
    riga integer, id_anagrafe text COLLATE "C", codice_fiscale text, cognome text, nome text, sesso text,
    data_nascita date, luogo_nascita text, cittadinanza text, stato_civile text, id_nucleo text COLLATE "C",
    relazione text, codice_via text, indirizzo text, civico text, lat double precision, lon double precision,
    stato text, data_iscrizione date, data_decesso date, ricerca text
) ON COMMIT DROP;
"""
COPY_RIGHE = "COPY righe (testo) FROM STDIN (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01', NULL E'\\x03')"
COPY_ACCOLTE = "COPY accolte FROM STDIN"
COPY_SEGNALAZIONI = "COPY righe_rifiutate (caricamento_id, riga, colonna, valore, motivo, avviso) FROM STDIN"

DOPPIE = """
CREATE TEMP TABLE doppie ON COMMIT DROP AS
SELECT id_anagrafe, array_agg(riga ORDER BY riga) AS righe FROM righe GROUP BY id_anagrafe HAVING count(*) > 1
"""
RIGHE_DOPPIE = """
SELECT unnest(righe), id_anagrafe, array_to_string(righe, ', ') FROM doppie WHERE id_anagrafe <> '' ORDER BY 1
"""
CAMBIATE = """
SELECT r.riga, r.testo
FROM righe r LEFT JOIN residenti p ON p.ente = %(ente)s AND p.id_anagrafe = r.id_anagrafe
WHERE (p.id IS NULL OR p.riga_hash IS DISTINCT FROM r.hash)
    AND NOT EXISTS (SELECT 1 FROM doppie d WHERE d.id_anagrafe = r.id_anagrafe AND d.id_anagrafe <> '')
"""

ALTRI_ENTI = """
SELECT DISTINCT p.ente FROM accolte a JOIN residenti p ON p.id_anagrafe = a.id_anagrafe
WHERE p.ente <> %(ente)s ORDER BY 1
"""
# A person registered in another comune stays there unless this one has the later registration: without this rule
# two comuni that both list a person would take him from one another every night.
ALTROVE = """
WITH altrove AS (
    DELETE FROM accolte a USING residenti p
    WHERE p.id_anagrafe = a.id_anagrafe AND p.ente <> %(ente)s AND NOT (
        a.stato = 'R' AND (p.stato = 'E' OR (p.stato = 'R'
            AND coalesce(a.data_iscrizione, '-infinity') > coalesce(p.data_iscrizione, '-infinity'))))
    RETURNING a.riga, a.id_anagrafe, a.stato, p.id AS residente_id, p.ente, p.stato AS stato_altrove
)
SELECT riga, 'stato_anagrafico', id_anagrafe,
    'la persona risulta ' || CASE stato_altrove WHEN 'D' THEN 'deceduta' ELSE 'iscritta' END
        || ' in un altro comune' || CASE WHEN residente_id IN (SELECT residente_id FROM vincoli_in_vigore) THEN ''
            ELSE ' (' || ente || ')' END || ': la riga non ha effetto'
FROM altrove WHERE stato <> 'E' AND NOT (stato = 'D' AND stato_altrove = 'D')
"""
CODICI_DOPPI = """
SELECT a.riga, 'codice_fiscale', a.codice_fiscale, 'codice fiscale già di un''altra persona'
FROM accolte a JOIN residenti p ON p.codice_fiscale = a.codice_fiscale AND p.id_anagrafe <> a.id_anagrafe
WHERE a.stato = 'R' AND p.stato = 'R'
UNION
SELECT riga, 'codice_fiscale', codice_fiscale, 'codice fiscale ripetuto nel file' FROM (
    SELECT riga, codice_fiscale, count(*) OVER (PARTITION BY codice_fiscale) AS volte FROM accolte
    WHERE codice_fiscale IS NOT NULL AND stato = 'R') c WHERE volte > 1
"""
NUCLEI = """
INSERT INTO nuclei (id, ente, id_nucleo)
SELECT uuid7(), %(ente)s, n.id_nucleo FROM (SELECT DISTINCT id_nucleo FROM accolte) n
WHERE NOT EXISTS (SELECT 1 FROM nuclei v WHERE v.ente = %(ente)s AND v.id_nucleo = n.id_nucleo)
"""
DELTA = """
CREATE TEMP TABLE delta ON COMMIT DROP AS
SELECT a.*, n.id AS nucleo_id, r.hash, coalesce(p.id, uuid7()) AS residente_id, p.id IS NULL AS nuova,
    p.ente AS da_ente, p.stato AS da_stato, p.nucleo_id AS da_nucleo_id, coalesce(p.version, 0) AS da_version,
    p.data_decesso AS da_decesso,
    (a.codice_via, a.indirizzo, a.civico) IS DISTINCT FROM (p.codice_via, p.indirizzo, p.civico) AS trasloco,
    (a.lat, a.lon) IS DISTINCT FROM (p.lat, p.lon) AS spostato,
    array_remove(ARRAY[
        CASE WHEN a.codice_fiscale IS DISTINCT FROM p.codice_fiscale THEN 'codice_fiscale' END,
        CASE WHEN a.cognome <> p.cognome THEN 'cognome' END,
        CASE WHEN a.nome <> p.nome THEN 'nome' END,
        CASE WHEN a.sesso <> p.sesso THEN 'sesso' END,
        CASE WHEN a.data_nascita <> p.data_nascita THEN 'data_nascita' END,
        CASE WHEN a.luogo_nascita <> p.luogo_nascita THEN 'luogo_nascita' END,
        CASE WHEN a.cittadinanza <> p.cittadinanza THEN 'cittadinanza' END,
        CASE WHEN a.stato_civile <> p.stato_civile THEN 'stato_civile' END,
        CASE WHEN n.id <> p.nucleo_id THEN 'nucleo' END,
        CASE WHEN a.relazione <> p.relazione THEN 'relazione' END,
        CASE WHEN a.data_iscrizione IS DISTINCT FROM p.data_iscrizione THEN 'data_iscrizione' END
    ], NULL) AS campi
FROM accolte a
JOIN righe r ON r.riga = a.riga
JOIN nuclei n ON n.ente = %(ente)s AND n.id_nucleo = a.id_nucleo
LEFT JOIN residenti p ON p.id_anagrafe = a.id_anagrafe
"""
# A line rewritten with the same content (blanks, quotes) is remembered and is no change.
SOLO_FORMA = """
WITH uguali AS (
    DELETE FROM delta WHERE NOT nuova AND da_ente = %(ente)s AND stato = da_stato
        AND data_decesso IS NOT DISTINCT FROM da_decesso AND NOT trasloco AND NOT spostato AND campi = '{}'
    RETURNING residente_id, hash
)
UPDATE residenti p SET riga_hash = u.hash FROM uguali u WHERE p.id = u.residente_id
"""
ASSENTI = """
CREATE TEMP TABLE assenti ON COMMIT DROP AS
SELECT p.id AS residente_id, p.nucleo_id, p.version AS da_version FROM residenti p
WHERE p.ente = %(ente)s AND p.stato = 'R'
    AND NOT EXISTS (SELECT 1 FROM righe r WHERE r.id_anagrafe = p.id_anagrafe)
"""
QUANTI_ASSENTI = "SELECT count(*) FROM assenti"
NESSUN_ASSENTE = "DELETE FROM assenti"
TOLTI = """
SELECT (SELECT count(*) FROM assenti)
    + (SELECT count(*) FROM delta WHERE da_stato = 'R' AND da_ente = %(ente)s AND stato <> 'R'),
    (SELECT residenti FROM enti WHERE codice = %(ente)s)
"""
TOCCATI = """
CREATE TEMP TABLE toccati ON COMMIT DROP AS
SELECT nucleo_id FROM delta WHERE NOT (%(baseline)s AND nuova)
UNION SELECT da_nucleo_id FROM delta WHERE da_nucleo_id IS NOT NULL
UNION SELECT nucleo_id FROM assenti
"""
MEMBRI = """
CREATE TEMP TABLE {nome} ON COMMIT DROP AS
SELECT p.nucleo_id, array_agg(p.id ORDER BY p.id) AS componenti
FROM residenti p JOIN toccati t ON t.nucleo_id = p.nucleo_id WHERE p.stato = 'R' GROUP BY p.nucleo_id
"""
FATTI = """
CREATE TEMP TABLE fatti ON COMMIT DROP AS
SELECT f.*, row_number() OVER (PARTITION BY residente_id ORDER BY ordine) + da_version AS sequence FROM (
    SELECT residente_id, da_version, da_ente AS ente, da_nucleo_id AS nucleo_id, 1 AS ordine,
        'trasferito' AS fatto, coalesce(data_iscrizione, %(giorno)s) AS data_evento,
        jsonb_build_object('motivo', 'emigrazione') AS dettagli
    FROM delta WHERE NOT nuova AND da_ente <> %(ente)s AND da_stato = 'R'
    UNION ALL
    SELECT residente_id, da_version, %(ente)s, nucleo_id, 2, 'registrato',
        CASE WHEN {nato} THEN data_nascita ELSE coalesce(data_iscrizione, %(giorno)s) END,
        jsonb_build_object('motivo', CASE WHEN {nato} THEN 'nascita' ELSE 'immigrazione' END)
    FROM delta WHERE NOT %(baseline)s AND ((nuova AND stato <> 'E')
        OR (NOT nuova AND stato = 'R' AND (da_ente <> %(ente)s OR da_stato = 'E')))
    UNION ALL
    SELECT residente_id, da_version, %(ente)s, nucleo_id, 3, 'decesso_annullato', %(giorno)s, '{{}}'::jsonb
    FROM delta WHERE NOT nuova AND da_ente = %(ente)s AND da_stato = 'D' AND stato <> 'D'
    UNION ALL
    SELECT residente_id, da_version, %(ente)s, nucleo_id, 4, 'deceduto', data_decesso,
        jsonb_build_object('data_decesso', data_decesso)
    FROM delta WHERE stato = 'D' AND NOT (nuova AND %(baseline)s)
        AND (nuova OR da_stato <> 'D' OR data_decesso IS DISTINCT FROM da_decesso)
    UNION ALL
    SELECT residente_id, da_version, %(ente)s, nucleo_id, 5, 'trasferito', %(giorno)s,
        jsonb_build_object('motivo', 'emigrazione')
    FROM delta WHERE NOT nuova AND da_ente = %(ente)s AND stato = 'E' AND da_stato <> 'E'
    UNION ALL
    SELECT residente_id, da_version, %(ente)s, nucleo_id, 5, 'trasferito', %(giorno)s,
        jsonb_build_object('motivo', 'irreperibilita')
    FROM assenti
    UNION ALL
    SELECT residente_id, da_version, %(ente)s, nucleo_id, 6, 'trasferito', %(giorno)s,
        jsonb_build_object('motivo', 'cambio_indirizzo')
    FROM delta WHERE NOT nuova AND da_ente = %(ente)s AND stato = 'R' AND da_stato = 'R' AND trasloco
    UNION ALL
    SELECT residente_id, da_version, %(ente)s, nucleo_id, 7, 'variato', %(giorno)s,
        jsonb_build_object('campi_variati', to_jsonb(campi))
    FROM delta WHERE NOT nuova AND da_ente = %(ente)s AND campi <> '{{}}'
) f
""".format(
    nato="(nuova AND data_nascita > %(giorno)s - 366"
    " AND coalesce(data_iscrizione, data_nascita) - data_nascita <= 60)"
)

COLONNE = (
    "id_anagrafe, codice_fiscale, cognome, nome, sesso, data_nascita, luogo_nascita, cittadinanza, stato_civile,"
    " nucleo_id, relazione, codice_via, indirizzo, civico, lat, lon, stato, motivo, data_iscrizione, data_decesso,"
    " ente, version, valid_from, known_from, caricamento_id"
)
STORICO = f"""
INSERT INTO residenti_storico (residente_id, {COLONNE}, valid_to, known_to)
SELECT p.id, {", ".join(f"p.{c.strip()}" for c in COLONNE.split(","))}, greatest(d.dal, p.valid_from), now()
FROM residenti p JOIN (
    SELECT residente_id, coalesce(data_decesso, %(giorno)s) AS dal FROM delta WHERE NOT nuova
    UNION ALL SELECT residente_id, %(giorno)s FROM assenti
) d ON d.residente_id = p.id
"""
VERSIONI = """
CREATE TEMP TABLE versioni ON COMMIT DROP AS
SELECT residente_id, max(sequence) AS version FROM fatti GROUP BY residente_id
"""
CHIUDI_ASSENTI = """
UPDATE residenti p SET stato = 'E', motivo = 'irreperibilita', riga_hash = NULL,
    version = v.version, valid_from = greatest(%(giorno)s, p.valid_from), known_from = now(),
    caricamento_id = %(caricamento_id)s
FROM assenti d JOIN versioni v USING (residente_id) WHERE p.id = d.residente_id
"""
MOTIVO = "CASE WHEN d.stato = 'E' THEN 'emigrazione' ELSE '' END"
AGGIORNA = f"""
UPDATE residenti p SET codice_fiscale = d.codice_fiscale, cognome = d.cognome, nome = d.nome, sesso = d.sesso,
    data_nascita = d.data_nascita, luogo_nascita = d.luogo_nascita, cittadinanza = d.cittadinanza,
    stato_civile = d.stato_civile, nucleo_id = d.nucleo_id, relazione = d.relazione, codice_via = d.codice_via,
    indirizzo = d.indirizzo, civico = d.civico, lat = d.lat, lon = d.lon, stato = d.stato, motivo = {MOTIVO},
    data_iscrizione = d.data_iscrizione, data_decesso = d.data_decesso, ente = %(ente)s,
    version = coalesce(v.version, d.da_version + 1),
    valid_from = greatest(coalesce(d.data_decesso, %(giorno)s), p.valid_from), known_from = now(),
    caricamento_id = %(caricamento_id)s, ricerca = d.ricerca, riga_hash = d.hash
FROM delta d LEFT JOIN versioni v USING (residente_id) WHERE NOT d.nuova AND p.id = d.residente_id
"""
INSERISCI = f"""
INSERT INTO residenti (id, {COLONNE}, ricerca, riga_hash)
SELECT d.residente_id, d.id_anagrafe, d.codice_fiscale, d.cognome, d.nome, d.sesso, d.data_nascita,
    d.luogo_nascita, d.cittadinanza, d.stato_civile, d.nucleo_id, d.relazione, d.codice_via, d.indirizzo, d.civico,
    d.lat, d.lon, d.stato, {MOTIVO}, d.data_iscrizione, d.data_decesso, %(ente)s,
    coalesce(v.version, 1), coalesce(d.data_decesso, d.data_iscrizione, %(giorno)s), now(), %(caricamento_id)s,
    d.ricerca, d.hash
FROM delta d LEFT JOIN versioni v USING (residente_id) WHERE d.nuova
"""
RISERVATI = "SELECT residente_id FROM vincoli_in_vigore"
# CloudEvents 1.0, as contracts.events.Envelope: a test reads every row back through it.
BUSTA = """jsonb_build_object('specversion', '1.0', 'id', id, 'source', 'anagrafe', 'type', type,
    'subject', subject, 'time', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'datacontenttype', 'application/json', 'dataschema', 'urn:siso:' || type, 'sequence', sequence,
    'correlationid', %(caricamento_id)s::text, 'causationid', '', 'actorid', 'anagrafe.notte', 'data', data)"""
# Of who is under protection an event never names the household he left, nor is he named among those who left one:
# two families (of origin, of adoption) must not be found by it.
EVENTI = f"""
INSERT INTO outbox (id, type, subject, sequence, envelope)
SELECT id, type, subject, sequence, {BUSTA} FROM (
    SELECT uuid7() AS id, 'anagrafe.residente.' || fatto || '.v1' AS type, f.residente_id::text AS subject,
        f.sequence, jsonb_build_object('residente_id', f.residente_id, 'ente', f.ente, 'nucleo_id', f.nucleo_id,
            'componenti', to_jsonb(ARRAY(SELECT DISTINCT unnest(
                CASE WHEN f.residente_id IN ({RISERVATI}) THEN '{{}}' ELSE ARRAY(
                    SELECT unnest(p.componenti) EXCEPT {RISERVATI}) END
                || coalesce(o.componenti, '{{}}') || f.residente_id) ORDER BY 1)),
            'riservato', f.residente_id IN ({RISERVATI}),
            'caricamento_id', %(caricamento_id)s::text, 'data_evento', f.data_evento) || f.dettagli AS data
    FROM fatti f LEFT JOIN delta d ON d.residente_id = f.residente_id
    LEFT JOIN prima p ON p.nucleo_id = coalesce(d.da_nucleo_id, f.nucleo_id)
    LEFT JOIN dopo o ON o.nucleo_id = f.nucleo_id
    ORDER BY f.residente_id, f.sequence
) e
"""
NUCLEI_VARIATI = f"""
WITH variati AS (
    SELECT t.nucleo_id, coalesce(p.componenti, '{{}}') AS prima, coalesce(o.componenti, '{{}}') AS dopo
    FROM toccati t LEFT JOIN prima p USING (nucleo_id) LEFT JOIN dopo o USING (nucleo_id)
    WHERE p.componenti IS DISTINCT FROM o.componenti
), avanzati AS (
    UPDATE nuclei n SET version = n.version + 1 FROM variati v WHERE n.id = v.nucleo_id
    RETURNING n.id, n.ente, n.version
)
INSERT INTO outbox (id, type, subject, sequence, envelope)
SELECT id, type, subject, sequence, {BUSTA} FROM (
    SELECT uuid7() AS id, 'anagrafe.nucleo.variato.v1' AS type, v.nucleo_id::text AS subject,
        a.version AS sequence, jsonb_build_object('nucleo_id', v.nucleo_id, 'ente', a.ente,
            'entrati', to_jsonb(ARRAY(SELECT unnest(v.dopo) EXCEPT SELECT unnest(v.prima) ORDER BY 1)),
            'usciti', to_jsonb(ARRAY(
                (SELECT unnest(v.prima) EXCEPT SELECT unnest(v.dopo)) EXCEPT {RISERVATI} ORDER BY 1)),
            'riservati', to_jsonb(ARRAY(SELECT unnest(v.dopo) INTERSECT {RISERVATI} ORDER BY 1)),
            'componenti', to_jsonb(v.dopo), 'data_evento', %(giorno)s) AS data
    FROM variati v JOIN avanzati a ON a.id = v.nucleo_id
) e
"""
CONTI = """
SELECT count(*) FILTER (WHERE fatto = 'registrato' AND dettagli->>'motivo' = 'nascita'),
    count(*) FILTER (WHERE fatto = 'deceduto'),
    count(*) FILTER (WHERE fatto = 'trasferito' OR fatto = 'registrato' AND dettagli->>'motivo' <> 'nascita'),
    count(*) FILTER (WHERE fatto IN ('variato', 'decesso_annullato'))
FROM fatti
"""
ENTE_CARICATO = """
UPDATE enti SET ultimo_giorno = %(giorno)s, primo_caricamento = coalesce(primo_caricamento, now())
WHERE codice = %(ente)s
"""
# Those who come and go change the number of residents here and, for a move, in the comune that was left.
RESIDENTI_CONTATI = """
UPDATE enti e SET residenti = e.residenti + d.saldo FROM (
    SELECT ente, sum(quanti) AS saldo FROM (
        SELECT %(ente)s AS ente, count(*) AS quanti FROM delta WHERE stato = 'R'
        UNION ALL SELECT da_ente, -count(*) FROM delta WHERE da_stato = 'R' GROUP BY da_ente
        UNION ALL SELECT %(ente)s, -count(*) FROM assenti) m
    GROUP BY ente) d
WHERE e.codice = d.ente
"""
CIVICI = """
CREATE TEMP TABLE civici_nuovi (
    riga integer, codice_via text COLLATE "C", specie text, denominazione text, civico text COLLATE "C",
    lat double precision, lon double precision
) ON COMMIT DROP
"""
COPY_CIVICI = "COPY civici_nuovi FROM STDIN"
CIVICI_APPLICA = """
INSERT INTO civici AS c (ente, codice_via, specie, denominazione, civico, lat, lon)
SELECT DISTINCT ON (codice_via, civico) %(ente)s, codice_via, specie, denominazione, civico, lat, lon
FROM civici_nuovi ORDER BY codice_via, civico, riga DESC
ON CONFLICT (ente, codice_via, civico) DO UPDATE SET specie = excluded.specie,
    denominazione = excluded.denominazione, lat = excluded.lat, lon = excluded.lon
WHERE (c.specie, c.denominazione, c.lat, c.lon)
    IS DISTINCT FROM (excluded.specie, excluded.denominazione, excluded.lat, excluded.lon)
"""
CIVICI_TOGLI = """
DELETE FROM civici c WHERE c.ente = %(ente)s AND NOT EXISTS (
    SELECT 1 FROM civici_nuovi n WHERE n.codice_via = c.codice_via AND n.civico = c.civico)
"""
