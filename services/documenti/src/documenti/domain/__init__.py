"""The pure part: documents, prints, and what a printed case file says."""
