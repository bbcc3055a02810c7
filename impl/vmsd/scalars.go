package vmsd

// Bool is a bool (VMSTATE_BOOL).
func Bool[T any](t *T, name string, m *bool) Field[T] { return Single(t, name, m, InfoBool) }

// Int8 is an int8 (VMSTATE_INT8).
func Int8[T any](t *T, name string, m *int8) Field[T] { return Single(t, name, m, InfoInt8) }

// Int16 is an int16 (VMSTATE_INT16).
func Int16[T any](t *T, name string, m *int16) Field[T] { return Single(t, name, m, InfoInt16) }

// Int32 is an int32 (VMSTATE_INT32).
func Int32[T any](t *T, name string, m *int32) Field[T] { return Single(t, name, m, InfoInt32) }

// Int64 is an int64 (VMSTATE_INT64).
func Int64[T any](t *T, name string, m *int64) Field[T] { return Single(t, name, m, InfoInt64) }

// Uint8 is a uint8 (VMSTATE_UINT8).
func Uint8[T any](t *T, name string, m *uint8) Field[T] { return Single(t, name, m, InfoUint8) }

// Uint16 is a uint16 (VMSTATE_UINT16).
func Uint16[T any](t *T, name string, m *uint16) Field[T] { return Single(t, name, m, InfoUint16) }

// Uint32 is a uint32 (VMSTATE_UINT32).
func Uint32[T any](t *T, name string, m *uint32) Field[T] { return Single(t, name, m, InfoUint32) }

// Uint64 is a uint64 (VMSTATE_UINT64).
func Uint64[T any](t *T, name string, m *uint64) Field[T] { return Single(t, name, m, InfoUint64) }
