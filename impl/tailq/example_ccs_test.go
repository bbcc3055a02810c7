package tailq_test

import (
	"fmt"

	"vmconform/impl/tailq"
	"vmconform/impl/vmsd"
	"vmconform/impl/vmstate"
)

// ConfigureConnector is sPAPR's sPAPRConfigureConnectorState (hw/ppc/spapr.c
// of QEMU 2.8).
type ConfigureConnector struct {
	DRCIndex  uint32
	FDTOffset int32
	FDTDepth  int32
	Next      tailq.Entry[ConfigureConnector]
}

var ccs = tailq.Of(func(c *ConfigureConnector) *tailq.Entry[ConfigureConnector] { return &c.Next })

var configureConnector = vmsd.Must(&vmsd.Description[ConfigureConnector]{
	Name: "spaprconfigureconnectorstate", VersionID: 1, MinimumVersionID: 1,
	Fields: func(c *ConfigureConnector) []vmsd.Field[ConfigureConnector] {
		return []vmsd.Field[ConfigureConnector]{
			vmsd.Uint32(c, "drc_index", &c.DRCIndex),
			vmsd.Int32(c, "fdt_offset", &c.FDTOffset),
			vmsd.Int32(c, "fdt_depth", &c.FDTDepth),
		}
	},
})

type ccsHead = tailq.Head[ConfigureConnector]

var ccsList = vmsd.Must(&vmsd.Description[ccsHead]{
	Name: "spaprccslist", VersionID: 1, MinimumVersionID: 1,
	Fields: func(h *ccsHead) []vmsd.Field[ccsHead] {
		return []vmsd.Field[ccsHead]{vmsd.Single(h, "ccs_list", h, ccs.Queue(configureConnector)).Since(1)}
	},
})

// The seed's second user: how far the guest has come in asking for the device
// trees of new devices.
func ExampleType_ccsList() {
	var list ccsHead
	ccs.InsertTail(&list, &ConfigureConnector{DRCIndex: 0x40000002, FDTOffset: 56, FDTDepth: 1})
	ccs.InsertTail(&list, &ConfigureConnector{DRCIndex: 0x40000003, FDTOffset: -1, FDTDepth: 0})
	saved, err := ccsList.Save(&list, 1, vmstate.SaveOptions{})
	fmt.Printf("%x %v\n", saved.Stream, err)

	var loaded ccsHead
	_, err = ccsList.Load(&loaded, saved.Stream, 1, vmstate.LoadOptions{All: true})
	for c := range ccs.All(&loaded) {
		fmt.Printf("drc_index %x, fdt_offset %d, fdt_depth %d\n", c.DRCIndex, c.FDTOffset, c.FDTDepth)
	}
	fmt.Println(err, ccs.Check(&loaded))
	// Output:
	// 014000000200000038000000010140000003ffffffff0000000000 <nil>
	// drc_index 40000002, fdt_offset 56, fdt_depth 1
	// drc_index 40000003, fdt_offset -1, fdt_depth 0
	// <nil> <nil>
}
