"""The command, as `python -m visionhelpers`."""

import sys

from .cli import main

sys.exit(main())
