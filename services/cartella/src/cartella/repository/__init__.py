"""Every query of this service. What a person may not see is left out by the query itself: see `visibility`.

No module here can delete: a case, its passaggi and its entries only grow (a test reads the source and says so).
"""
