package tailq_test

import (
	"fmt"
	"unsafe"

	"vmconform/impl/tailq"
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

var configureConnector = &vmstate.Description{
	Name: "spaprconfigureconnectorstate", VersionID: 1, MinimumVersionID: 1,
	Fields: []vmstate.Field{
		vmstate.Scalar("drc_index", unsafe.Offsetof(ConfigureConnector{}.DRCIndex), 0, vmstate.InfoUint32),
		vmstate.Scalar("fdt_offset", unsafe.Offsetof(ConfigureConnector{}.FDTOffset), 0, vmstate.InfoInt32),
		vmstate.Scalar("fdt_depth", unsafe.Offsetof(ConfigureConnector{}.FDTDepth), 0, vmstate.InfoInt32),
	},
}

var ccsList = &vmstate.Description{
	Name: "spaprccslist", VersionID: 1, MinimumVersionID: 1,
	Fields: []vmstate.Field{tailq.Field("ccs_list", 0, 1, ccs.Metadata(configureConnector))},
}

// The seed's second user: how far the guest has come in asking for the device
// trees of new devices.
func ExampleType_ccsList() {
	var list tailq.Head[ConfigureConnector]
	ccs.InsertTail(&list, &ConfigureConnector{DRCIndex: 0x40000002, FDTOffset: 56, FDTDepth: 1})
	ccs.InsertTail(&list, &ConfigureConnector{DRCIndex: 0x40000003, FDTOffset: -1, FDTDepth: 0})
	saved, err := vmstate.Save(ccsList, unsafe.Pointer(&list), 1, vmstate.SaveOptions{})
	fmt.Printf("%x %v\n", saved.Stream, err)

	var loaded tailq.Head[ConfigureConnector]
	_, err = vmstate.Load(ccsList, unsafe.Pointer(&loaded), saved.Stream, 1, vmstate.LoadOptions{All: true})
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
