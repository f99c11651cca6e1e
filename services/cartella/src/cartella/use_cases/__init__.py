"""One function per intention: checks the scope, opens the transaction, lets the domain decide, emits."""
