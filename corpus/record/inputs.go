package main

import "fmt"

// inputFile is a file that recipes name in their arguments.
type inputFile struct {
	name    string
	setup   string // makes it, in a shell
	content []byte
}

// Firmware is replaced by zeros, because a stream contains it and it is not ours
// to distribute.
const (
	blank4K      = "blank-4096.bin"
	blank64K     = "blank-65536.bin"
	uefiVarsJSON = "uefi-vars.json"
)

const uefiVars = `{"version": 2, "variables": [` +
	`{"name": "PlatformLang", "guid": "8be4df61-93ca-11d2-aa0d-00e098032b8c", "attr": 7, "data": "656e00"}, ` +
	`{"name": "Timeout", "guid": "8be4df61-93ca-11d2-aa0d-00e098032b8c", "attr": 7, "data": "0000"}]}`

var inputFiles = []inputFile{
	blank(blank4K, 4096),
	blank(blank64K, 65536),
	{name: uefiVarsJSON, setup: "echo '" + uefiVars + "' >" + uefiVarsJSON, content: []byte(uefiVars + "\n")},
}

func blank(name string, size int) inputFile {
	return inputFile{name, fmt.Sprintf("head -c %d /dev/zero >%s", size, name), make([]byte, size)}
}
