package record

import (
	"context"
	"encoding/json"
	"fmt"
)

// migrate gives a migration command and waits for the end of that migration.
func (s *session) migrate(ctx context.Context, command, uri string) error {
	capability := []map[string]any{{"capability": "events", "state": true}}
	if _, err := s.client.Execute(ctx, "migrate-set-capabilities", map[string]any{"capabilities": capability}); err != nil {
		return s.explain(ctx, err)
	}
	if _, err := s.client.Execute(ctx, command, map[string]string{"uri": uri}); err != nil {
		return s.explain(ctx, err)
	}
	for {
		event, err := s.client.NextEvent(ctx)
		if err != nil {
			return s.explain(ctx, err)
		}
		if event.Name != "MIGRATION" {
			continue
		}
		var data struct{ Status string }
		if err := json.Unmarshal(event.Data, &data); err != nil {
			return fmt.Errorf("MIGRATION event with %s: %w", event.Data, err)
		}
		switch data.Status {
		case "completed":
			return nil
		case "failed", "cancelled":
			return s.migrationFailed(ctx, data.Status)
		}
	}
}

// migrationFailed asks for the reason, which the event does not carry.
func (s *session) migrationFailed(ctx context.Context, status string) error {
	result, err := s.client.Execute(ctx, "query-migrate", nil)
	if err != nil {
		return s.explain(ctx, err)
	}
	var info struct {
		Reason string `json:"error-desc"`
	}
	if json.Unmarshal(result, &info) != nil || info.Reason == "" {
		info.Reason = s.printed.last()
	}
	return fmt.Errorf("%s: %w", s.phase, &migrationError{status, oneLine(info.Reason)})
}

// migrationError is a migration that QEMU gave up.
type migrationError struct{ status, reason string }

func (e *migrationError) Error() string { return "migration " + e.status + ": " + e.reason }
