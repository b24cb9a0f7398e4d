package cli

import "context"

// onHangup does nothing: this system has no such signal. POST /v1/admin/reload does the
// same everywhere.
func onHangup(context.Context, func()) {}
