//go:build !race

package vmstate_test

const raceEnabled = false
