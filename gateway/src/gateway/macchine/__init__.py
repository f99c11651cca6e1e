"""Machine clients: other systems that call the API in their own name, with keys of their own (RFC 7523)."""
