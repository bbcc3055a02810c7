package savevm

import "encoding/binary"

// A cursor reads records from bytes in memory: a whole stream, or what a window
// shows of one.
//
// A read beyond the end gives zeros, leaves the position and sets short; a zero
// read that way means nothing, so short is to be looked at before a value is
// used. It stays set.
type cursor struct {
	b     []byte
	off   int64
	short bool
}

func (c *cursor) left() int64 { return int64(len(c.b)) - c.off }

// bytes gives the next n bytes without copying them.
func (c *cursor) bytes(n int64) []byte {
	if c.short || n < 0 || n > c.left() {
		c.short = true
		return nil
	}
	p := c.b[c.off : c.off+n : c.off+n]
	c.off += n
	return p
}

func (c *cursor) u8() byte {
	if p := c.bytes(1); p != nil {
		return p[0]
	}
	return 0
}

func (c *cursor) be16() uint16 {
	if p := c.bytes(2); p != nil {
		return binary.BigEndian.Uint16(p)
	}
	return 0
}

func (c *cursor) be32() uint32 {
	if p := c.bytes(4); p != nil {
		return binary.BigEndian.Uint32(p)
	}
	return 0
}

func (c *cursor) be64() uint64 {
	if p := c.bytes(8); p != nil {
		return binary.BigEndian.Uint64(p)
	}
	return 0
}

// counted reads u8 n and n bytes.
func (c *cursor) counted() []byte { return c.bytes(int64(c.u8())) }
