"""The service provider of SPID and CIE: SAML 2 on lxml and signxml, with AgID's own checks."""
