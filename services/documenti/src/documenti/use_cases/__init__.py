"""What one may ask of documenti: files of a case, and prints of it."""
