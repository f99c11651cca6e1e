"""What every service stands on. No domain noun lives here."""

import warnings

# Known and decided (ADR 0003): nameko stands on eventlet, and both are imported in this package alone.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
