"""The rules of the case and of its sections: plain frozen data and pure functions, one module a section."""
