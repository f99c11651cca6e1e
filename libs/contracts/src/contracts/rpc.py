"""Every RPC of the house: service → method → (request, reply). The gateway and the contract tests read it."""

from contracts import anagrafe as a
from contracts import cartella as c
from contracts import condivisioni as k
from contracts import documenti as d
from contracts import erogazioni as e
from contracts import notifiche as n
from contracts import report as r
from contracts.base import Message

RPC: dict[str, dict[str, tuple[type[Message], type[Message]]]] = {
    "anagrafe": {
        "search_residenti": (a.SearchResidenti, a.ResidentiTrovati),
        "get_residente": (a.GetResidente, a.ResidenteOut),
        "get_residenti": (a.GetResidenti, a.ResidentiOut),
        "list_beneficiari": (a.ListBeneficiari, a.ResidentiOut),
        "list_conviventi": (a.ListConviventi, a.ConviventiOut),
        "list_variazioni": (a.ListVariazioni, a.VariazioniOut),
        "set_vincolo": (a.SetVincolo, a.VincoloOut),
        "revoke_vincolo": (a.RevokeVincolo, a.VincoloOut),
        "list_vincoli": (a.ListVincoli, a.VincoliOut),
        "list_caricamenti": (a.ListCaricamenti, a.CaricamentiOut),
        "list_righe_rifiutate": (a.ListRigheRifiutate, a.RigheRifiutateOut),
        "confirm_caricamento": (a.ConfirmCaricamento, a.CaricamentoOut),
        "list_enti": (a.ListEnti, a.EntiOut),
    },
    "cartella": {
        "open_cartella": (c.OpenCartella, c.CartellaOut),
        "get_cartella": (c.GetCartella, c.CartellaOut),
        "list_cartelle": (c.ListCartelle, c.CartelleOut),
        "take_in_carico": (c.TakeInCarico, c.CartellaOut),
        "assign_cartella": (c.AssignCartella, c.CartellaOut),
        "close_cartella": (c.CloseCartella, c.CartellaOut),
        "reopen_cartella": (c.ReopenCartella, c.CartellaOut),
        "set_riservatezza": (c.SetRiservatezza, c.CartellaOut),
        "propose_condivisione": (k.ProposeCondivisione, k.CondivisioneOut),
        "decide_condivisione": (k.DecideCondivisione, k.CondivisioneOut),
        "revoke_condivisione": (k.RevokeCondivisione, k.CondivisioneOut),
        "list_condivisioni": (k.ListCondivisioni, k.CondivisioniOut),
        "explain_accesso": (k.ExplainAccesso, k.AccessoOut),
        "add_voce_diario": (c.AddVoceDiario, c.VoceDiarioOut),
        "rectify_voce_diario": (c.RectifyVoceDiario, c.VoceDiarioOut),
        "annul_voce_diario": (c.AnnulVoceDiario, c.VoceDiarioOut),
        "get_voce_diario": (c.GetVoceDiario, c.VoceDiarioOut),
        "list_voci_diario": (c.ListVociDiario, c.VociDiarioOut),
        "add_isee": (c.AddIsee, c.IseeOut),
        "list_isee": (c.ListIsee, c.IseeListOut),
        "export_fascicolo": (c.ExportFascicolo, c.FascicoloOut),
    },
    "documenti": {
        "begin_upload": (d.BeginUpload, d.UploadOut),
        "complete_upload": (d.CompleteUpload, d.DocumentoOut),
        "list_documenti": (d.ListDocumenti, d.DocumentiOut),
        "get_download": (d.GetDownload, d.DownloadOut),
        "request_stampa": (d.RequestStampa, d.StampaOut),
        "get_stampa": (d.GetStampa, d.StampaOut),
        "list_stampe": (d.ListStampe, d.StampeOut),
    },
    "erogazioni": {
        "list_catalogo": (e.ListCatalogo, e.CatalogoOut),
        "propose_foglio": (e.ProposeFoglio, e.FoglioOut),
        "get_foglio": (e.GetFoglio, e.FoglioOut),
        "list_fogli": (e.ListFogli, e.FogliOut),
        "decide_foglio": (e.DecideFoglio, e.FoglioOut),
        "propose_erogazione": (e.ProposeErogazione, e.ErogazioneOut),
        "liquidate_erogazione": (e.LiquidateErogazione, e.ErogazioneOut),
        "annul_erogazione": (e.AnnulErogazione, e.ErogazioneOut),
        "list_erogazioni": (e.ListErogazioni, e.ErogazioniOut),
        "preview_siuss": (e.PreviewSiuss, e.PreviewSiussOut),
        "generate_flusso": (e.GenerateFlusso, e.FlussoOut),
        "list_flussi": (e.ListFlussi, e.FlussiOut),
        "get_flusso": (e.GetFlusso, e.FlussoXml),
    },
    "notifiche": {
        "list_avvisi": (n.ListAvvisi, n.AvvisiOut),
        "mark_avviso_letto": (n.MarkAvvisoLetto, n.AvvisoOut),
        "confirm_avviso": (n.ConfirmAvviso, n.AvvisoOut),
    },
    "report": {
        "run_crosstab": (r.RunCrosstab, r.CrosstabOut),
    },
}
