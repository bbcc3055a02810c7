package record

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"vmconform/internal/qmp"
)

// Command is one thing to do before the stream is saved: either a line of the
// human monitor or a QMP command, {"execute": …, "arguments": {…}}.
type Command struct {
	HMP string
	QMP json.RawMessage
}

func (c Command) String() string {
	if c.QMP != nil {
		return string(c.QMP)
	}
	return c.HMP
}

// ParseQMP makes a Command of a QMP command as JSON. It is refused here if QEMU
// could not read it.
func ParseQMP(text string) (Command, error) {
	_, err := parseQMP([]byte(text))
	return Command{QMP: json.RawMessage(text)}, err
}

// qmpCall is a Command's QMP.
type qmpCall struct {
	Execute   string
	Arguments json.RawMessage
}

func parseQMP(text []byte) (qmpCall, error) {
	var call qmpCall
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&call)
	if _, more := decoder.Token(); err != nil || more != io.EOF || call.Execute == "" {
		return call, fmt.Errorf(`%s is not a QMP command, {"execute": …, "arguments": {…}}`, text)
	}
	return call, nil
}

// run runs one command of the user's.
func (s *session) run(ctx context.Context, command Command) error {
	if command.QMP == nil {
		printed, err := s.client.HMP(ctx, command.HMP)
		if err != nil {
			return s.refused(ctx, command, err)
		}
		if refusesHMP(printed) {
			return fmt.Errorf("QEMU refused %s: %s", command, oneLine(printed))
		}
		return s.printed.pass(strings.ReplaceAll(printed, "\r\n", "\n"))
	}
	call, err := parseQMP(command.QMP)
	if err != nil {
		return err
	}
	if _, err := s.client.Execute(ctx, call.Execute, call.Arguments); err != nil {
		return s.refused(ctx, command, err)
	}
	return nil
}

func (s *session) refused(ctx context.Context, command Command, err error) error {
	if refusal, ok := errors.AsType[*qmp.Error](err); ok {
		return fmt.Errorf("QEMU refused %s: %w", command, refusal)
	}
	return s.explain(ctx, err)
}
