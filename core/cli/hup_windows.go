package cli

import "os"

// hangups never come: this system has no such signal. POST /v1/admin/reload does the
// same everywhere.
func hangups() <-chan os.Signal { return nil }
