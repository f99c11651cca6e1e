"""The policy as something people write: its content, drafts and decisions, what a change would do, CSV."""
