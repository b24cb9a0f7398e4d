package host

import "context"

// Try launches the plugin with its config, beside one that may be running, and
// ends it without a call to its platform: so a mistake in the block is found before
// anything runs. It reports whether the plugin serves pages for operators.
func (h *Host) Try(ctx context.Context, spec Spec) (pages bool, err error) {
	l, err := h.configure(ctx, &spec, newPluginLog(h.log, spec.ID), 0)
	if err != nil {
		return false, err
	}
	defer func() {
		l.stop(stopPlugin)
		_ = l.socket.Close()
	}()
	_, err = spec.limits(l.desc.GetLimits())
	return l.desc.GetServesHttp(), err
}
