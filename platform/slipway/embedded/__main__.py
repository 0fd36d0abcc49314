import sys

from slipway.embedded.command import main

sys.exit(main())
