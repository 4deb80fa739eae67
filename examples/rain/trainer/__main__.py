"""Makes `python3 -m trainer` work."""

import sys

from trainer.cli import main

sys.exit(main())
