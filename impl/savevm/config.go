package savevm

import (
	"fmt"
	"slices"
	"strings"

	"vmconform/rules"
)

const (
	configName      = "configuration"
	subPageBits     = "configuration/target-page-bits"
	subCapabilities = "configuration/capabilities"
	subUUID         = "configuration/uuid"

	configSubVersion = 1 // of every subsection, newest and oldest

	minPageBits = 10 // the flags of RAM records take ten bits
	maxPageBits = 30
)

// configOrder is the order in which QEMU writes the subsections.
var configOrder = []string{subPageBits, subCapabilities, subUUID}

// writtenCapabilities are those that QEMU writes: the ones that change what the
// stream looks like.
var writtenCapabilities = []string{"x-ignore-shared", "mapped-ram"}

// readConfig reads the configuration record, if one comes next.
func readConfig(c *cursor, s *Stream) error {
	if c.left() == 0 || c.b[c.off] != KindConfiguration {
		return nil
	}
	cfg := &Config{Offset: c.off}
	c.u8()
	n := c.be32()
	if !c.short && n > rules.MaxCount {
		return &rules.Error{Class: rules.OutOfRange, Offset: c.off, Path: configName, Rule: rules.CountRange, Detail: fmt.Sprintf("machine name of %d bytes", n)}
	}
	at := c.off
	cfg.Machine = string(c.bytes(int64(n)))
	if c.short {
		return truncated(c.b, configName)
	}
	if n == 0 || strings.Contains(cfg.Machine, "\x00") {
		s.note(rules.Note{Rule: rules.MachineName, Offset: at, Path: configName, Detail: fmt.Sprintf("%q", cfg.Machine)})
	}
	last := -1
	for {
		name, m := configSubsectionAt(*c)
		if m == no {
			break
		}
		if m == cut {
			return truncated(c.b, configName)
		}
		place := slices.Index(configOrder, name)
		if place < 0 {
			return &rules.Error{Class: rules.UnknownSubsection, Offset: c.off, Path: configName, Rule: rules.SubsectionKnown, Detail: fmt.Sprintf("%q", name)}
		}
		path := configName + "/" + name
		known := func(sub ConfigSubsection) bool { return sub.Name == name }
		switch {
		case slices.ContainsFunc(cfg.Subsections, known):
			s.note(rules.Note{Rule: rules.SubsectionRepeated, Offset: c.off, Path: path})
		case place < last:
			s.note(rules.Note{Rule: rules.SubsectionOrder, Offset: c.off, Path: path})
		}
		last = place
		if err := readConfigSubsection(c, s, cfg, name, path); err != nil {
			return err
		}
	}
	cfg.Size = c.off - cfg.Offset
	s.Config = cfg
	return nil
}

// configSubsectionAt is the peek rule of subsections, for the configuration. A
// header that the input ends in counts as one if what is there fits: an item of
// type 05 does not exist.
func configSubsectionAt(c cursor) (name string, m match) {
	if c.left() == 0 || c.u8() != KindSubsection {
		return "", no
	}
	n := int64(c.u8())
	if c.short {
		return "", cut
	}
	if n <= int64(len(configName)) {
		return "", no
	}
	have := string(c.b[c.off:min(c.off+n, int64(len(c.b)))])
	if !strings.HasPrefix(have, configName[:min(len(configName), len(have))]) {
		return "", no
	}
	if int64(len(have)) < n {
		return "", cut
	}
	return have, yes
}

func readConfigSubsection(c *cursor, s *Stream, cfg *Config, name, path string) *rules.Error {
	sub := ConfigSubsection{Name: name, Offset: c.off}
	c.u8()
	c.counted()
	at := c.off
	sub.Version = c.be32()
	if c.short {
		return truncated(c.b, configName)
	}
	switch low := sub.Version & 0xff; {
	case low > configSubVersion:
		return &rules.Error{Class: rules.VersionTooNew, Offset: at, Path: path, Rule: rules.SubsectionVersion}
	case low < configSubVersion:
		return &rules.Error{Class: rules.VersionTooOld, Offset: at, Path: path, Rule: rules.SubsectionVersion}
	case sub.Version != low:
		s.note(rules.Note{Rule: rules.SubsectionVersion256, Offset: at, Path: path})
	}
	at = c.off
	switch name {
	case subPageBits:
		sub.PageBits = c.be32()
		if !c.short && (sub.PageBits < minPageBits || sub.PageBits > maxPageBits) {
			return &rules.Error{Class: rules.OutOfRange, Offset: at, Path: path, Rule: rules.Configuration, Detail: fmt.Sprintf("%d page bits", sub.PageBits)}
		}
		cfg.PageBits = sub.PageBits
	case subCapabilities:
		n := c.be32()
		if !c.short && n > rules.MaxCount {
			return &rules.Error{Class: rules.OutOfRange, Offset: c.off, Path: path, Rule: rules.CountRange, Detail: fmt.Sprintf("%d capabilities", n)}
		}
		for ; n > 0 && !c.short; n-- {
			at = c.off
			name := string(c.counted())
			if !c.short && !slices.Contains(writtenCapabilities, name) {
				s.note(rules.Note{Rule: rules.Capability, Offset: at, Path: path, Detail: fmt.Sprintf("%q", name)})
			}
			sub.Capabilities = append(sub.Capabilities, name)
		}
		cfg.Capabilities = sub.Capabilities
	case subUUID:
		copy(sub.UUID[:], c.bytes(int64(len(sub.UUID))))
		cfg.UUID = &sub.UUID
	}
	if c.short {
		return truncated(c.b, configName)
	}
	cfg.Subsections = append(cfg.Subsections, sub)
	return nil
}
