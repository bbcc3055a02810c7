package props

// subjects are what TestProperties tries.
var subjects = []Subject{Reference()}
