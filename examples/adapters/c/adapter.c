/*
 * A loader and saver of QEMU's vmstate, behind the protocol of vmconform
 * (docs/protocol.md). C11 and its library; nothing else.
 *
 *     cc -std=c11 -O2 -o adapter adapter.c
 *
 * "Loading" and "Saving" stand for an implementation that is put to the test,
 * all else is what the protocol asks for. There is no other form of a value in
 * here than the protocol's: what a load makes and what a save reads is JSON.
 *
 * Out of scope: trees, pointers, conditions, hooks, bitmaps, structs at a
 * version of their own. A line that is no JSON ends the program; one that has
 * not the form of a request is skipped.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The limits of a load, and what no count may exceed (to QEMU counts are int). */
#define MAX_DEPTH 1024
#define MAX_ELEMENTS (1u << 20)
#define MAX_BYTES (256u << 20)
#define MAX_COUNT INT32_MAX
#define EMPTY_ELEMENT_COST 1024     /* elements that one of an array counts for which took no bytes */
#define MAX_NOTE_PATHS (256u << 10) /* bytes of the paths of all notes */

/* This program's own limits. */
#define MAX_MEMORY ((size_t)1 << 30) /* bytes, for a request */
#define MAX_NESTING 10000            /* arrays and objects of JSON inside each other */

/* What is wrong on purpose, by --wrong. */
static bool wrong_signed; /* versions are compared as signed numbers */
static bool wrong_last;   /* a queue's last element is not saved */
static bool wrong_offset; /* a stream that ends inside an item is truncated at the item's first byte */

/* Text: bytes of UTF-8, with no NUL behind them and maybe some in them. */
struct text {
	const char *bytes;
	size_t length;
};

static struct text text(const char *s)
{
	return (struct text){s, strlen(s)};
}

static bool same(struct text a, struct text b)
{
	return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

static _Noreturn void die(const char *why)
{
	fprintf(stderr, "adapter: %s\n", why);
	exit(1);
}

/* A buffer grows with what is put into it. */
struct buffer {
	char *bytes;
	size_t length, room;
};

static void put(struct buffer *b, const void *bytes, size_t length)
{
	if (length == 0)
		return;
	if (b->room - b->length < length) {
		b->room = 2 * b->room + length;
		b->bytes = realloc(b->bytes, b->room);
		if (!b->bytes)
			die("out of memory");
	}
	memcpy(b->bytes + b->length, bytes, length);
	b->length += length;
}

static void put_string(struct buffer *b, const char *s)
{
	put(b, s, strlen(s));
}

/* put_format puts no more than 255 bytes. */
static void put_format(struct buffer *b, const char *format, ...)
{
	char s[256];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(s, sizeof(s), format, arguments);
	va_end(arguments);
	put_string(b, s);
}

/* put_text puts it as a string of JSON. */
static void put_text(struct buffer *b, struct text t)
{
	put_string(b, "\"");
	for (size_t i = 0; i < t.length; i++) {
		unsigned char c = (unsigned char)t.bytes[i];
		if (c == '"' || c == '\\' || c < 0x20)
			put_format(b, "\\u%04x", c);
		else
			put(b, &c, 1);
	}
	put_string(b, "\"");
}

/* The request that is being answered. */
static jmp_buf failed;       /* where to go with an answer that is not ok */
static struct buffer answer; /* what stands behind the id */

/* skip answers that this is not what the adapter was made for. */
static _Noreturn void skip(const char *why)
{
	answer.length = 0;
	put_format(&answer, "\"skipped\":\"%s\"", why);
	longjmp(failed, 1);
}

/* Memory: all that a request takes is freed when it has been answered. */
struct block {
	struct block *next;
	max_align_t data[];
};

static struct block *blocks;
static size_t allocated;

/* allocate returns n zeroed items. */
static void *allocate(size_t n, size_t size)
{
	struct block *b = NULL;
	if (n <= (MAX_MEMORY - allocated) / (size + sizeof(*b)))
		b = calloc(1, sizeof(*b) + n * size);
	if (!b)
		skip("it takes too much memory");
	allocated += sizeof(*b) + n * size;
	b->next = blocks;
	blocks = b;
	return b->data;
}

static void free_all(void)
{
	for (struct block *next; blocks; blocks = next) {
		next = blocks->next;
		free(blocks);
	}
	allocated = 0;
}

/* JSON */

struct json {
	enum { J_PLAIN, J_STRING, J_ARRAY, J_OBJECT } kind; /* plain: a number, true, false, null */
	struct text name;          /* of a member of an object */
	struct text text;          /* of what is plain, and of a string, its escapes resolved */
	struct json *first, *last; /* what an array or object holds */
	struct json *next;         /* what stands behind this in one */
	size_t length;             /* how much an array or object holds */
	struct schema *schema;     /* what has been read of a definition */
};

static const struct text nothing = {"", 0};

static struct json *make(int kind, struct text text)
{
	struct json *j = allocate(1, sizeof(*j));
	j->kind = kind;
	j->text = text;
	return j;
}

/* append puts an item at the end of an array, or of an object under a name, and returns it. */
static struct json *append(struct json *to, struct text name, struct json *item)
{
	*(to->last ? &to->last->next : &to->first) = item;
	to->last = item;
	to->length++;
	item->name = name;
	return item;
}

/* A reader is at a byte of a line that ends in NUL. */
struct reader {
	char *at;
	int depth;
};

static bool accept(struct reader *r, char c)
{
	r->at += strspn(r->at, " \t\r\n");
	bool stands = *r->at == c;
	r->at += stands;
	return stands;
}

static void expect(bool good)
{
	if (!good)
		die("a line is no JSON, or nests too deeply");
}

static unsigned hex4(struct reader *r)
{
	unsigned n = 0;
	expect(strspn(r->at, "0123456789abcdefABCDEF") >= 4 && sscanf(r->at, "%4x", &n) == 1);
	r->at += 4;
	return n;
}

/* escaped reads what stands behind \u; half a pair is U+FFFD. */
static unsigned escaped(struct reader *r)
{
	unsigned c = hex4(r);
	if (c >> 10 == 0xd800 >> 10 && r->at[0] == '\\' && r->at[1] == 'u') {
		r->at += 2;
		unsigned low = hex4(r);
		return low >> 10 == 0xdc00 >> 10 ? 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff)) : 0xfffd;
	}
	return c >> 11 == 0xd800 >> 11 ? 0xfffd : c;
}

static char *put_utf8(char *to, unsigned c)
{
	static const unsigned lead[] = {0, 0xc0, 0xe0, 0xf0};
	unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	*to++ = (char)(lead[more] | c >> 6 * more);
	while (more-- > 0)
		*to++ = (char)(0x80 | (c >> 6 * more & 0x3f));
	return to;
}

/* read_string resolves escapes in place: none is shorter than what it stands for. */
static struct text read_string(struct reader *r)
{
	static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	expect(accept(r, '"'));
	char *start = r->at, *to = r->at;
	while (*r->at != '"') {
		expect(*r->at != 0);
		if (*r->at != '\\') {
			*to++ = *r->at++;
		} else if (*++r->at == 'u') {
			r->at++;
			to = put_utf8(to, escaped(r));
		} else {
			const char *escape = *r->at ? strchr(escapes, *r->at++) : NULL;
			expect(escape);
			*to++ = meanings[escape - escapes];
		}
	}
	r->at++;
	return (struct text){start, (size_t)(to - start)};
}

static struct json *read_json(struct reader *r)
{
	r->at += strspn(r->at, " \t\r\n");
	if (*r->at == '"')
		return make(J_STRING, read_string(r));
	if (*r->at != '[' && *r->at != '{') {
		struct text t = {r->at, strspn(r->at, "+-.0123456789Eaeflnrstu")};
		expect(t.length > 0);
		r->at += t.length;
		return make(J_PLAIN, t); /* judged where it is used */
	}
	struct json *j = make(*r->at == '[' ? J_ARRAY : J_OBJECT, nothing);
	char close = *r->at++ == '[' ? ']' : '}';
	if (accept(r, close))
		return j;
	expect(++r->depth <= MAX_NESTING);
	do {
		struct text name = nothing;
		if (j->kind == J_OBJECT) {
			name = read_string(r);
			expect(accept(r, ':'));
		}
		append(j, name, read_json(r));
	} while (accept(r, ','));
	expect(accept(r, close));
	r->depth--;
	return j;
}

static void put_json(struct buffer *b, const struct json *j)
{
	if (j->kind == J_PLAIN)
		put(b, j->text.bytes, j->text.length);
	else if (j->kind == J_STRING)
		put_text(b, j->text);
	if (j->kind == J_PLAIN || j->kind == J_STRING)
		return;
	put_string(b, j->kind == J_ARRAY ? "[" : "{");
	for (const struct json *m = j->first; m; m = m->next) {
		if (j->kind == J_OBJECT) {
			put_text(b, m->name);
			put_string(b, ":");
		}
		put_json(b, m);
		put_string(b, m->next ? "," : "");
	}
	put_string(b, j->kind == J_ARRAY ? "]" : "}");
}

/* member returns what an object has by a name, or NULL. */
static struct json *member(const struct json *object, struct text name)
{
	struct json *m = object->first;
	while (m && !same(m->name, name))
		m = m->next;
	return m;
}

/* of_kind returns j, which has to be there and of that kind. */
static struct json *of_kind(struct json *j, int kind)
{
	if (!j || (int)j->kind != kind)
		skip("the request has not the form that it should have");
	return j;
}

static struct json *get(const struct json *object, const char *name, int kind)
{
	return of_kind(member(object, text(name)), kind);
}

/* integer reads a number of so many bytes; false: it is none, or outside its type. */
static bool integer(struct text t, unsigned width, bool is_signed, uint64_t *n)
{
	bool negative = t.length > 0 && t.bytes[0] == '-';
	uint64_t most = UINT64_MAX >> (64 - 8 * width), magnitude = 0;
	if (is_signed)
		most = most / 2 + negative;
	for (size_t i = negative; i < t.length; i++) {
		unsigned digit = (unsigned char)t.bytes[i] - (unsigned)'0';
		if (digit > 9 || magnitude > (most - digit) / 10)
			return false;
		magnitude = 10 * magnitude + digit;
	}
	*n = negative ? -magnitude : magnitude;
	return t.length > negative && (is_signed || !negative);
}

/* get_number returns a number of an object, from 0 to max; 0 where there is none. */
static uint64_t get_number(const struct json *object, const char *name, uint64_t max)
{
	uint64_t n = 0;
	if (member(object, text(name)) && (!integer(get(object, name, J_PLAIN)->text, 8, false, &n) || n > max))
		skip("a number in the request is out of range");
	return n;
}

/* Base64 */

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static struct text to_base64(const void *data, size_t length)
{
	const unsigned char *bytes = data;
	char *start = allocate((length + 2) / 3, 4), *to = start;
	for (size_t i = 0; i < length; i += 3) {
		unsigned second = i + 1 < length ? bytes[i + 1] : 0, third = i + 2 < length ? bytes[i + 2] : 0;
		*to++ = base64[bytes[i] >> 2];
		*to++ = base64[(bytes[i] & 3) << 4 | second >> 4];
		*to++ = i + 1 < length ? base64[(second & 15) << 2 | third >> 6] : '=';
		*to++ = i + 2 < length ? base64[third & 63] : '=';
	}
	return (struct text){start, (size_t)(to - start)};
}

static unsigned char *from_base64(struct text t, size_t *length)
{
	unsigned char *bytes = allocate(t.length, 1);
	unsigned bits = 0;
	*length = 0;
	for (size_t i = 0; i < t.length && t.bytes[i] != '='; i++) {
		const char *digit = t.bytes[i] ? strchr(base64, t.bytes[i]) : NULL;
		if (!digit)
			skip("not base64");
		bits = bits << 6 | (unsigned)(digit - base64);
		if (i % 4 != 0) /* the first of four completes no byte */
			bytes[(*length)++] = (unsigned char)(bits >> (6 - 2 * (i % 4)));
	}
	return bytes;
}

/* Schemas */

struct type {
	const char *name;
	enum { BOOL, NUMBER, EQUAL, LE, BUFFER, UNUSED, STRUCT, QUEUE } kind;
	unsigned width; /* of a number, in bytes */
	bool is_signed;
};

static const struct type types[] = {
	{"bool", BOOL, 1, false},
	{"int8", NUMBER, 1, true}, {"int16", NUMBER, 2, true}, {"int32", NUMBER, 4, true}, {"int64", NUMBER, 8, true},
	{"uint8", NUMBER, 1, false}, {"uint16", NUMBER, 2, false}, {"uint32", NUMBER, 4, false},
	{"uint64", NUMBER, 8, false}, {"timer", NUMBER, 8, true}, {"CPU_Double_U", NUMBER, 8, false},
	{"uint8 equal", EQUAL, 1, false}, {"uint16 equal", EQUAL, 2, false}, {"uint32 equal", EQUAL, 4, false},
	{"uint64 equal", EQUAL, 8, false}, {"int32 equal", EQUAL, 4, true}, {"int32 le", LE, 4, true},
	{"buffer", BUFFER, 0, false}, {"unused", UNUSED, 0, false}, {"struct", STRUCT, 0, false},
	{"queue", QUEUE, 0, false}, {"list", QUEUE, 0, false},
	{NULL, BOOL, 0, false},
};

struct field {
	struct text name, key; /* key: of the value */
	const struct type *type;
	uint32_t version;
	uint64_t local; /* what memory holds before a load; sign-extended */
	bool array, counted;
	size_t number;       /* elements of an array, or bytes; where counted, a member says how many */
	struct text counter; /* the key of that member's value */
	struct schema *elem;
};

struct schema {
	struct text name;
	uint32_t version, minimum;
	size_t fields, subsections;
	struct field *field;
	struct schema **subsection;
};

static void read_schema(struct schema *s, const struct json *j, const struct json *defs);

static struct schema *read_reference(struct json *j, const struct json *defs)
{
	if (j && j->kind == J_STRING)
		j = defs ? member(defs, j->text) : NULL;
	of_kind(j, J_OBJECT);
	if (!j->schema) {
		j->schema = allocate(1, sizeof(*j->schema)); /* first, for it may refer to itself */
		read_schema(j->schema, j, defs);
	}
	return j->schema;
}

/* check_keys skips what has other keys: features that the handshake did not offer. */
static void check_keys(const struct json *object)
{
	static const char *const keys[] = {
		"name", "version", "minimum", "fields", "subsections", "type", "info", "local", "size",
		"size_from", "count", "count_from", "elem",
	};
	for (const struct json *m = object->first; m; m = m->next) {
		size_t i = 0;
		while (i < sizeof(keys) / sizeof(keys[0]) && !same(m->name, text(keys[i])))
			i++;
		if (i == sizeof(keys) / sizeof(keys[0]))
			skip("a schema has what is not supported");
	}
}

/* key_of puts another '/' before a '/', so that no field is taken for "/subsections". */
static struct text key_of(struct text name)
{
	if (name.length == 0 || name.bytes[0] != '/')
		return name;
	char *key = allocate(name.length + 1, 1);
	key[0] = '/';
	memcpy(key + 1, name.bytes, name.length);
	return (struct text){key, name.length + 1};
}

static void read_field(struct field *f, struct json *j, const struct json *defs)
{
	check_keys(of_kind(j, J_OBJECT));
	f->name = get(j, "name", J_STRING)->text;
	f->key = key_of(f->name);
	f->version = (uint32_t)get_number(j, "version", UINT32_MAX);
	for (f->type = types; !same(text(f->type->name), get(j, "type", J_STRING)->text);)
		if (!(++f->type)->name)
			skip("a field's type is not supported");
	if (member(j, text("local")) && !integer(get(j, "local", J_STRING)->text, 8, true, &f->local))
		skip("what memory holds is no number");
	f->counted = member(j, text("count_from")) || member(j, text("size_from"));
	f->array = member(j, text("count_from")) || member(j, text("count"));
	if (f->counted)
		f->counter = key_of(get(j, f->array ? "count_from" : "size_from", J_STRING)->text);
	f->number = get_number(j, f->array ? "count" : "size", MAX_COUNT);
	if (f->type->kind == STRUCT || f->type->kind == QUEUE)
		f->elem = read_reference(member(j, text("elem")), defs);
}

static void read_schema(struct schema *s, const struct json *j, const struct json *defs)
{
	check_keys(j);
	s->name = get(j, "name", J_STRING)->text;
	s->version = (uint32_t)get_number(j, "version", UINT32_MAX);
	s->minimum = (uint32_t)get_number(j, "minimum", UINT32_MAX);
	struct json *fields = get(j, "fields", J_ARRAY), *subsections = member(j, text("subsections"));
	s->field = allocate(fields->length, sizeof(*s->field));
	for (struct json *m = fields->first; m; m = m->next)
		read_field(&s->field[s->fields++], m, defs);
	s->subsection = allocate(subsections ? subsections->length : 0, sizeof(*s->subsection));
	for (struct json *m = subsections ? subsections->first : NULL; m; m = m->next)
		s->subsection[s->subsections++] = read_reference(m, defs);
}

/* Refusal */

/* A path leads up to the top, which is NULL. A component without a name is an index. */
struct path {
	const struct path *up;
	struct text name;
	size_t index;
};

static void put_path(struct buffer *b, const struct path *p)
{
	if (!p)
		return;
	put_path(b, p->up);
	if (p->name.bytes) {
		put_string(b, p->up ? "/" : "");
		put(b, p->name.bytes, p->name.length);
	} else {
		put_format(b, "[%zu]", p->index);
	}
}

/* put_place puts offset and path, and returns the length of the path. */
static size_t put_place(struct buffer *b, size_t offset, const struct path *path)
{
	static struct buffer t;
	t.length = 0;
	put_path(&t, path);
	put_format(b, "\"offset\":%zu,\"path\":", offset);
	put_text(b, (struct text){t.bytes, t.length});
	return t.length;
}

static _Noreturn void refuse(const char *class, size_t offset, const struct path *path, const char *message)
{
	answer.length = 0;
	put_format(&answer, "\"error\":{\"class\":\"%s\",\"message\":\"%s\",", class, message);
	put_place(&answer, offset, path);
	put_string(&answer, "}");
	longjmp(failed, 1);
}

static bool above(uint32_t a, uint32_t b)
{
	return wrong_signed ? (int32_t)a > (int32_t)b : a > b;
}

static void check_version(const struct schema *s, uint32_t version, size_t offset, const struct path *path)
{
	if (above(version, s->version))
		refuse("version-too-new", offset, path, "the version is too new");
	if (above(s->minimum, version))
		refuse("version-too-old", offset, path, "the version is too old");
}

/* value_of returns the value in an object that has a key. */
static struct json *value_of(const struct json *object, struct text key)
{
	struct json *value = member(object, key);
	if (!value)
		skip("a value has not all its fields");
	return value;
}

/* number_of says how many elements or bytes a field of an object has. */
static size_t number_of(const struct field *f, const struct json *object, size_t offset, const struct path *path)
{
	uint64_t n = f->number;
	if (f->counted && (!integer(value_of(object, f->counter)->text, 8, false, &n) || n > MAX_COUNT))
		refuse("out-of-range", offset, path, "what counts it is out of range");
	return n;
}

/* Loading */

static struct text number_text(const struct type *t, uint64_t n)
{
	if (t->kind == BOOL)
		return text(n ? "true" : "false");
	bool negative = t->is_signed && n > INT64_MAX;
	char *digits = allocate(24, 1);
	snprintf(digits, 24, "%s%llu", negative ? "-" : "", (unsigned long long)(negative ? -n : n));
	return text(digits);
}

static struct json *fresh(const struct schema *s, unsigned depth);

/* fresh_value makes what memory holds before a load: of an array, one element. */
static struct json *fresh_value(const struct field *f, unsigned depth)
{
	const struct type *t = f->type;
	if (t->kind == STRUCT)
		return fresh(f->elem, depth + 1);
	if (t->kind == QUEUE)
		return make(J_ARRAY, nothing);
	if (t->kind == BUFFER)
		return make(J_STRING, to_base64(allocate(f->number, 1), f->number));
	return make(t->width == 8 ? J_STRING : J_PLAIN, number_text(t, f->local));
}

static struct json *fresh(const struct schema *s, unsigned depth)
{
	struct json *object = make(J_OBJECT, nothing);
	if (depth > MAX_DEPTH)
		skip("a struct holds itself");
	for (const struct field *f = s->field; f < s->field + s->fields; f++) {
		if (f->type->kind == UNUSED)
			continue;
		struct json *value = f->array ? make(J_ARRAY, nothing) : fresh_value(f, depth);
		while (f->array && value->length < f->number)
			append(value, nothing, fresh_value(f, depth));
		append(object, f->key, value);
	}
	return object;
}

struct load {
	const unsigned char *stream;
	size_t length, at;
	unsigned depth;
	uint32_t elements;
	struct buffer *notes;
	size_t note_paths;
};

static void note(struct load *l, const char *rule, size_t offset, const struct path *path)
{
	size_t before = l->notes->length;
	put_format(l->notes, "%s{\"rule\":\"%s\",", before > 0 ? "," : "", rule);
	l->note_paths += put_place(l->notes, offset, path);
	put_string(l->notes, "}");
	if (l->note_paths > MAX_NOTE_PATHS)
		l->notes->length = before;
}

/* take takes an item: size bytes, all of which must be there. */
static const unsigned char *take(struct load *l, size_t size, const struct path *path)
{
	const unsigned char *item = l->stream + l->at;
	if (size > MAX_BYTES || l->at > MAX_BYTES - size)
		refuse("limit", l->at, path, "too many bytes");
	if (size > l->length - l->at)
		refuse("truncated", wrong_offset ? l->at : l->length, path, "the stream ends here");
	l->at += size;
	return item;
}

static uint64_t take_number(struct load *l, unsigned width, bool is_signed, const struct path *path)
{
	const unsigned char *bytes = take(l, width, path);
	uint64_t n = is_signed && bytes[0] >= 0x80 ? UINT64_MAX : 0;
	for (unsigned i = 0; i < width; i++)
		n = n << 8 | bytes[i];
	return n;
}

static void count_element(struct load *l, size_t offset, const struct path *path)
{
	if (++l->elements > MAX_ELEMENTS)
		refuse("limit", offset, path, "too many elements");
}

static void check_depth(const struct load *l, size_t offset, const struct path *path)
{
	if (l->depth == MAX_DEPTH)
		refuse("limit", offset, path, "too many vmsds inside each other");
}

static void load_vmsd(struct load *, const struct schema *, struct json *, uint32_t version, const struct path *);

static void load_number(struct load *l, const struct type *t, struct json *place, const struct path *path)
{
	size_t start = l->at;
	uint64_t n = take_number(l, t->width, t->is_signed, path);
	uint64_t local = 0;
	integer(place->text, t->width, t->is_signed, &local);
	if (t->kind == BOOL && n > 1)
		note(l, "vmstate/bool-canonical", start, path);
	if (t->kind == EQUAL && n != local)
		refuse("mismatch", start, path, "not what memory holds");
	if (t->kind == LE && ((int64_t)n < 0 || (int64_t)n > (int64_t)local))
		refuse("out-of-range", start, path, "negative, or above what memory holds");
	place->text = number_text(t, n);
}

static void load_queue(struct load *l, const struct field *f, struct json *queue, const struct path *path)
{
	const char *canonical = strcmp(f->type->name, "list") == 0 ? "qlist/marker-canonical" : "qtailq/marker-canonical";
	struct path element = {path, {NULL, 0}, 0};
	check_version(f->elem, f->version, l->at, path);
	for (;; element.index++) {
		size_t start = l->at;
		uint64_t marker = take_number(l, 1, false, &element);
		if (marker == 0)
			return;
		if (marker != 1)
			note(l, canonical, start, &element);
		count_element(l, start, &element);
		check_depth(l, start, &element);
		load_vmsd(l, f->elem, append(queue, nothing, fresh(f->elem, 0)), f->version, &element);
	}
}

static void load_unused(struct load *l, size_t size, const struct path *path)
{
	const unsigned char *bytes = take(l, size, path);
	size_t i = 0;
	while (i < size && bytes[i] == 0)
		i++;
	if (i < size)
		note(l, "vmstate/unused-zero", l->at - size + i, path);
}

/* load_one loads what is no array into its place. */
static void load_one(struct load *l, const struct field *f, struct json *place, size_t size, const struct path *path)
{
	if (f->type->kind == STRUCT) {
		check_depth(l, l->at, path);
		load_vmsd(l, f->elem, place, f->elem->version, path);
	} else if (f->type->kind == QUEUE) {
		load_queue(l, f, place, path);
	} else if (f->type->kind == BUFFER) {
		place->text = to_base64(take(l, size, path), size);
	} else {
		load_number(l, f->type, place, path);
	}
}

static void load_array(struct load *l, const struct field *f, struct json *array, size_t n, const struct path *path)
{
	struct path element = {path, {NULL, 0}, 0};
	if (f->counted) /* a new one, where a subsection is loaded again */
		*array = (struct json){.kind = J_ARRAY, .name = array->name, .next = array->next};
	for (struct json *item = array->first; element.index < n; item = item->next, element.index++) {
		size_t start = l->at;
		if (f->elem)
			count_element(l, start, &element);
		if (!item)
			item = append(array, nothing, fresh_value(f, 0));
		load_one(l, f, item, 0, &element);
		if (l->at == start)
			l->elements += EMPTY_ELEMENT_COST - 1;
	}
}

static void load_field(struct load *l, const struct field *f, struct json *object, const struct path *up)
{
	struct path path = {up, f->name, 0};
	size_t n = number_of(f, object, l->at, &path);
	if (f->type->kind == UNUSED)
		load_unused(l, n, &path);
	else if (f->array)
		load_array(l, f, value_of(object, f->key), n, &path);
	else
		load_one(l, f, value_of(object, f->key), n, &path);
}

/* peek says whether a subsection stands here, and its name; no byte is taken. */
static bool peek(const struct load *l, const struct schema *s, struct text *name)
{
	const unsigned char *here = l->stream + l->at;
	size_t left = l->length - l->at;
	if (left < 2 || here[0] != 5 || here[1] <= s->name.length || here[1] > left - 2)
		return false;
	*name = (struct text){(const char *)here + 2, here[1]};
	return memcmp(name->bytes, s->name.bytes, s->name.length) == 0;
}

static void load_subsection(struct load *l, const struct schema *s, struct json *object, const struct path *path)
{
	take(l, 2 + s->name.length, path);
	size_t start = l->at;
	uint32_t version = (uint32_t)take_number(l, 4, false, path);
	check_version(s, version & 0xff, start, path);
	if (version > 0xff)
		note(l, "subsection/version-mod-256", start, path);
	struct json *present = member(object, text("/subsections"));
	if (!present)
		present = append(object, text("/subsections"), make(J_OBJECT, nothing));
	struct json *subsection = member(present, s->name);
	if (!subsection)
		subsection = append(present, s->name, fresh(s, 0));
	load_vmsd(l, s, subsection, version & 0xff, path);
}

static void load_vmsd(struct load *l, const struct schema *s, struct json *object, uint32_t version,
		      const struct path *path)
{
	l->depth++;
	for (size_t i = 0; i < s->fields; i++)
		if (!above(s->field[i].version, version))
			load_field(l, &s->field[i], object, path);
	bool *loaded = allocate(s->subsections, sizeof(*loaded));
	size_t last = 0;
	for (struct text name; peek(l, s, &name);) {
		struct path below = {path, name, 0};
		size_t i = 0;
		check_depth(l, l->at, &below);
		while (i < s->subsections && !same(s->subsection[i]->name, name))
			i++;
		if (i == s->subsections)
			refuse("unknown-subsection", l->at, path, "no subsection has that name");
		if (loaded[i])
			note(l, "subsection/repeated", l->at, &below);
		else if (i < last)
			note(l, "subsection/order", l->at, &below);
		loaded[i] = true;
		last = i;
		load_subsection(l, s->subsection[i], object, &below);
	}
	l->depth--;
}

/* Saving */

static void save_vmsd(struct buffer *, const struct schema *, const struct json *, uint32_t version, const struct path *);

static void put_big_endian(struct buffer *out, uint64_t n, unsigned width)
{
	while (width-- > 0)
		put(out, &(unsigned char){(unsigned char)(n >> 8 * width)}, 1);
}

static void save_number(struct buffer *out, const struct type *t, const struct json *value, const struct path *path)
{
	uint64_t n = same(value->text, text("true"));
	if (t->kind != BOOL && !integer(value->text, t->width, t->is_signed, &n))
		refuse("out-of-range", out->length, path, "the number is outside its type");
	put_big_endian(out, n, t->width);
}

static void save_queue(struct buffer *out, const struct field *f, const struct json *queue, const struct path *path)
{
	struct path element = {path, {NULL, 0}, 0};
	for (const struct json *e = queue->first; e && (e->next || !wrong_last); e = e->next, element.index++) {
		put_big_endian(out, 1, 1);
		save_vmsd(out, f->elem, e, f->elem->version, &element);
	}
	put_big_endian(out, 0, 1);
}

static void save_one(struct buffer *out, const struct field *f, struct json *value, size_t size, const struct path *path)
{
	if (f->type->kind == STRUCT) {
		save_vmsd(out, f->elem, value, f->elem->version, path);
	} else if (f->type->kind == QUEUE) {
		save_queue(out, f, of_kind(value, J_ARRAY), path);
	} else if (f->type->kind == BUFFER) {
		size_t length;
		unsigned char *bytes = from_base64(of_kind(value, J_STRING)->text, &length);
		if (length != size)
			refuse("out-of-range", out->length, path, "the buffer has another size");
		put(out, bytes, length);
	} else {
		save_number(out, f->type, value, path);
	}
}

static void save_field(struct buffer *out, const struct field *f, const struct json *object, const struct path *up)
{
	struct path path = {up, f->name, 0}, element = {&path, {NULL, 0}, 0};
	size_t n = number_of(f, object, out->length, &path);
	if (f->type->kind == UNUSED) {
		put(out, allocate(n, 1), n);
	} else if (!f->array) {
		save_one(out, f, value_of(object, f->key), n, &path);
	} else {
		struct json *array = of_kind(value_of(object, f->key), J_ARRAY);
		if (array->length != n)
			refuse("out-of-range", out->length, &path, "the array has another length");
		for (struct json *item = array->first; item; item = item->next, element.index++)
			save_one(out, f, item, 0, &element);
	}
}

static void save_vmsd(struct buffer *out, const struct schema *s, const struct json *object, uint32_t version,
		      const struct path *path)
{
	for (size_t i = 0; i < s->fields; i++)
		if (!above(s->field[i].version, version))
			save_field(out, &s->field[i], object, path);
	const struct json *present = member(object, text("/subsections"));
	for (size_t i = 0; present && i < s->subsections; i++) {
		const struct schema *sub = s->subsection[i];
		const struct json *value = member(present, sub->name);
		if (!value)
			continue;
		put_big_endian(out, 5 << 8 | sub->name.length, 2);
		put(out, sub->name.bytes, sub->name.length);
		put_big_endian(out, sub->version, 4);
		save_vmsd(out, sub, value, sub->version, &(struct path){path, sub->name, 0});
	}
}

/* The protocol */

static void hello(void)
{
	put_string(&answer, "\"ok\":{\"protocol\":1,\"name\":\"example-c\",\"language\":\"C11\",\"version\":\"1\","
			    "\"ops\":[\"load\",\"save\"],\"offsets\":true,\"paths\":true,\"notes\":true,\"features\":"
			    "[\"arrays\",\"counts\",\"subsections\",\"recursive\",\"versions\",\"locals\",\"limits\"],\"types\":[");
	for (const struct type *t = types; t->name; t++)
		put_format(&answer, "%s\"%s\"", t > types ? "," : "", t->name);
	put_string(&answer, "]}");
}

static void load(const struct schema *s, const struct json *request, uint32_t version)
{
	static struct buffer notes;
	struct load l = {.notes = &notes};
	struct json *object = fresh(s, 0);
	notes.length = 0;
	l.stream = from_base64(get(request, "stream", J_STRING)->text, &l.length);
	check_version(s, version, 0, NULL);
	load_vmsd(&l, s, object, version, NULL);
	put_string(&answer, "\"ok\":{\"value\":");
	put_json(&answer, object);
	put_format(&answer, ",\"consumed\":%zu,\"notes\":[", l.at);
	put(&answer, notes.bytes, notes.length);
	put_string(&answer, "]}");
}

static void save(const struct schema *s, const struct json *request, uint32_t version)
{
	static struct buffer out;
	out.length = 0;
	check_version(s, version, 0, NULL);
	save_vmsd(&out, s, get(request, "value", J_OBJECT), version, NULL);
	put_string(&answer, "\"ok\":{\"stream\":");
	put_text(&answer, to_base64(out.bytes, out.length));
	put_string(&answer, "}");
}

/* perform does what a line asks for, or jumps away with an answer that is not ok. */
static void perform(char *line, struct text *id)
{
	struct reader r = {line, 0};
	const struct json *request = read_json(&r);
	expect(accept(&r, 0));
	*id = get(request, "id", J_PLAIN)->text;
	struct text op = get(request, "op", J_STRING)->text;
	if (same(op, text("hello"))) {
		hello();
		return;
	}
	struct json *document = get(request, "schema", J_OBJECT);
	struct schema *s = read_reference(member(document, text("schema")), member(document, text("defs")));
	uint32_t version = (uint32_t)get_number(request, "version", UINT32_MAX);
	if (same(op, text("load")))
		load(s, request, version);
	else if (same(op, text("save")))
		save(s, request, version);
	else
		skip("there is no such op");
}

static void reply(char *line)
{
	static struct text id;
	id.length = 0;
	answer.length = 0;
	if (!setjmp(failed))
		perform(line, &id);
	if (id.length == 0)
		die("a request has no id, or is too large");
	printf("{\"id\":%.*s,%.*s}\n", (int)id.length, id.bytes, (int)answer.length, answer.bytes);
	if (fflush(stdout) != 0)
		die("nobody reads the replies");
	free_all();
}

int main(int argc, char **argv)
{
	static struct buffer line;
	if (argc == 3 && strcmp(argv[1], "--wrong") == 0) {
		wrong_signed = strcmp(argv[2], "signed") == 0;
		wrong_last = strcmp(argv[2], "last") == 0;
		wrong_offset = strcmp(argv[2], "offset") == 0;
	}
	if (argc > 1 && !wrong_signed && !wrong_last && !wrong_offset)
		die("usage: adapter [--wrong signed|last|offset]");
	for (int c; (c = getchar()) != EOF;) {
		put(&line, &(char){c == '\n' ? 0 : (char)c}, 1);
		if (c == '\n') {
			reply(line.bytes);
			line.length = 0;
		}
	}
	return 0;
}
