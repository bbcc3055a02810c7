package qemuunit_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"vmconform/impl/gtree"
	"vmconform/impl/vmsd"
	"vmconform/rules"
)

// TestGTreeDomain, TestGTreeIOMMU and what is in their trees. In QEMU a pre_load
// makes the tree; here the zero Tree is one.
type (
	interval struct{ low, high uint64 }

	mapping struct {
		physAddr uint64
		flags    uint32
	}

	domain struct {
		id       int32
		mappings gtree.Tree[interval, mapping]
	}

	iommu struct {
		id      int32
		domains gtree.Tree[uint64, domain]
	}
)

var (
	// Intervals that overlap are one.
	mappingsType = gtree.Of[interval, mapping](func(a, b *interval) int {
		switch {
		case a.high < b.low:
			return -1
		case a.low > b.high:
			return 1
		}
		return 0
	})
	domainsType = gtree.Of[uint64, domain](func(a, b *uint64) int { return cmp.Compare(*a, *b) })
)

func describeDomain() *vmsd.Description[domain] {
	key := describe("interval", 1, 1, func(i *interval) []vmsd.Field[interval] {
		return []vmsd.Field[interval]{
			vmsd.Uint64(i, "low", &i.low),
			vmsd.Uint64(i, "high", &i.high),
		}
	})
	value := describe("mapping", 1, 1, func(m *mapping) []vmsd.Field[mapping] {
		return []vmsd.Field[mapping]{
			vmsd.Uint64(m, "phys_addr", &m.physAddr),
			vmsd.Uint32(m, "flags", &m.flags),
		}
	})
	return describe("domain", 1, 1, func(d *domain) []vmsd.Field[domain] {
		return []vmsd.Field[domain]{
			vmsd.Int32(d, "id", &d.id),
			vmsd.Single(d, "mappings", &d.mappings, mappingsType.Pairs(key, value)).Since(1),
		}
	})
}

func describeIOMMU() *vmsd.Description[iommu] {
	return describe("iommu", 1, 1, func(o *iommu) []vmsd.Field[iommu] {
		return []vmsd.Field[iommu]{
			vmsd.Int32(o, "id", &o.id),
			vmsd.Single(o, "domains", &o.domains, gtree.DirectPairs(domainsType, describeDomain())).Since(1),
		}
	})
}

// fullDomain is domain 6, whose second interval is put in first.
func fullDomain() *domain {
	d := &domain{id: 6}
	mappingsType.Insert(&d.mappings, &interval{0x4000, 0x4fff}, &mapping{0xe0000, 2})
	mappingsType.Insert(&d.mappings, &interval{0x1000, 0x1fff}, &mapping{0xa000, 1})
	return d
}

func fullIOMMU() *iommu {
	five := &domain{id: 5}
	mappingsType.Insert(&five.mappings, &interval{0x1000000, 0x1ffffff}, &mapping{0xf000000, 3})
	o := &iommu{id: 7}
	for key, d := range map[uint64]*domain{6: fullDomain(), 5: five} {
		domainsType.Insert(&o.domains, &key, d)
	}
	return o
}

// pair is the items of one mapping, which stands at path.
func pair(path, low, high, physAddr, flags string) []item {
	return []item{{"01", path}, {low, path + "/low"}, {high, path + "/high"}, {physAddr, path + "/phys_addr"}, {flags, path + "/flags"}}
}

func concat(lists ...[]item) (all []item) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// domainSix is the items of domain 6 at a path, "" or one that ends in a slash.
func domainSix(at string) []item {
	return concat(
		[]item{{"00000006", at + "id"}, {"00000002", at + "mappings"}},
		pair(at+"mappings[0]", "0000000000001000", "0000000000001fff", "000000000000a000", "00000001"),
		pair(at+"mappings[1]", "0000000000004000", "0000000000004fff", "00000000000e0000", "00000002"),
		[]item{{"00", at + "mappings[2]"}},
	)
}

const spelledSix = "6 {1000-1fff: a000 1} {4000-4fff: e0000 2}"

func (d *domain) spell() string {
	b := new(strings.Builder)
	fmt.Fprint(b, d.id)
	for k, v := range mappingsType.All(&d.mappings) {
		fmt.Fprintf(b, " {%x-%x: %x %d}", k.low, k.high, v.physAddr, v.flags)
	}
	return b.String()
}

// The second half, 00000101 00000000 00 …, is a domain without mappings.
var domainUnit = unit[domain]{
	describe: describeDomain,
	version:  1,
	wire:     domainSix(""),
	full:     fullDomain,
	blank:    func() *domain { return new(domain) },
	asserts: func(t *testing.T, d *domain) {
		t.Helper()
		same(t, d.spell(), spelledSix)
		// Any place in an interval finds it.
		same(t, *mappingsType.Lookup(&d.mappings, &interval{0x4abc, 0x4abc}), mapping{0xe0000, 2})
		same(t, mappingsType.Lookup(&d.mappings, &interval{0x2000, 0x3fff}), nil)
		if err := mappingsType.Check(&d.mappings); err != nil {
			t.Fatal(err)
		}
	},
}

var iommuUnit = unit[iommu]{
	describe: describeIOMMU,
	version:  1,
	wire: concat(
		[]item{{"00000007", "id"}, {"00000002", "domains"},
			{"01", "domains[0]"}, {"0000000000000005", "domains[0]"}, {"00000005", "domains[0]/id"}, {"00000001", "domains[0]/mappings"}},
		pair("domains[0]/mappings[0]", "0000000001000000", "0000000001ffffff", "000000000f000000", "00000003"),
		[]item{{"00", "domains[0]/mappings[1]"}, {"01", "domains[1]"}, {"0000000000000006", "domains[1]"}},
		domainSix("domains[1]/"),
		[]item{{"00", "domains[2]"}},
	),
	full:  fullIOMMU,
	blank: func() *iommu { return new(iommu) },
	asserts: func(t *testing.T, o *iommu) {
		t.Helper()
		same(t, o.id, 7)
		var got []string
		for key, d := range domainsType.All(&o.domains) {
			got = append(got, fmt.Sprint(*key, ": ", d.spell()))
		}
		same(t, strings.Join(got, ", "), "5: 5 {1000000-1ffffff: f000000 3}, 6: "+spelledSix)
		if err := domainsType.Check(&o.domains); err != nil {
			t.Fatal(err)
		}
	},
	second: &verdict{rules.CountMismatch, 8, "domains[0]"}, // 00060000 00020100 00 …
}
