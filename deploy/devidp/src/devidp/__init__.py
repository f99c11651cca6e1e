"""An identity provider of invented people, shaped as SPID and CIE ask: for the demo and the tests, never elsewhere."""
