/*
 * A loader and saver of QEMU's vmstate, behind the protocol of vmconform
 * (docs/protocol.md). C11 and its library; nothing else.
 *
 *     cc -std=c11 -O2 -o adapter adapter.c
 *
 * An example for people who put an implementation of their own to the test:
 * "Loading" and "Saving" stand for that implementation, all else is what the
 * protocol asks for. A request is a JSON object on a line of standard input,
 * its reply one on a line of standard output.
 *
 * Out of scope: trees, pointers, conditions, hooks, bitmaps, structs at a
 * version of their own. A request that is no JSON ends the program; one that
 * has not the form of a request is skipped.
 */

#include <limits.h>
#include <setjmp.h>
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

/* This program's own limits: a request that takes more is skipped. */
#define MAX_MEMORY ((size_t)1 << 30)
#define MAX_NESTING 10000 /* arrays and objects of JSON inside each other */

/* What is wrong on purpose, by --wrong. */
static bool wrong_signed; /* versions are compared as signed numbers */
static bool wrong_last;   /* the last element of a queue is not saved */
static bool wrong_offset; /* where the stream ends inside an item, the item's first byte is blamed */

/* Text: bytes of UTF-8, with no NUL behind them and maybe some in them. */
struct text {
	const char *bytes;
	size_t length;
};

#define TEXT(literal) ((struct text){literal, sizeof(literal) - 1})

static bool same(struct text a, struct text b)
{
	return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

/* A buffer grows with what is put into it. */
struct buffer {
	char *bytes;
	size_t length, room;
};

/* The request that is being answered. */
static jmp_buf failed;       /* where to go with an answer other than ok */
static struct buffer answer; /* what to say, behind the id */

static _Noreturn void die(const char *why)
{
	fprintf(stderr, "adapter: %s\n", why);
	exit(1);
}

static void put(struct buffer *b, const void *bytes, size_t length)
{
	if (b->room - b->length < length) {
		size_t room = 2 * b->room + length;
		char *grown = realloc(b->bytes, room);

		if (!grown)
			die("out of memory");
		b->bytes = grown;
		b->room = room;
	}
	if (length > 0)
		memcpy(b->bytes + b->length, bytes, length);
	b->length += length;
}

static void put_text(struct buffer *b, const char *text)
{
	put(b, text, strlen(text));
}

static void put_text_json(struct buffer *b, struct text t)
{
	put_text(b, "\"");
	for (size_t i = 0; i < t.length; i++) {
		unsigned char c = t.bytes[i];
		char escape[8];

		if (c == '"' || c == '\\' || c < 0x20) {
			snprintf(escape, sizeof(escape), "\\u%04x", c);
			put_text(b, escape);
		} else {
			put(b, &c, 1);
		}
	}
	put_text(b, "\"");
}

static void put_number(struct buffer *b, size_t n)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%zu", n);
	put_text(b, digits);
}

/* skip answers that this is not what the adapter was made for. */
static _Noreturn void skip(const char *why)
{
	answer.length = 0;
	put_text(&answer, "\"skipped\":");
	put_text_json(&answer, (struct text){why, strlen(why)});
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
	struct block *b;

	if (n > (MAX_MEMORY - allocated) / (size + sizeof(*b)))
		skip("it takes too much memory");
	b = calloc(1, sizeof(*b) + n * size);
	if (!b)
		skip("out of memory");
	allocated += sizeof(*b) + n * size;
	b->next = blocks;
	blocks = b;
	return b->data;
}

static void free_all(void)
{
	while (blocks) {
		struct block *next = blocks->next;

		free(blocks);
		blocks = next;
	}
	allocated = 0;
}

/* JSON */

struct json {
	enum { J_NULL, J_BOOL, J_NUMBER, J_STRING, J_ARRAY, J_OBJECT } kind;
	struct text name;          /* of a member of an object */
	struct text text;          /* of a string, its escapes resolved; else as it stands */
	struct json *first, *last; /* what an array or object holds */
	struct json *next;         /* what stands behind this in one */
	size_t length;             /* how much an array or object holds */
};

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
	if (to->last)
		to->last->next = item;
	else
		to->first = item;
	to->last = item;
	to->length++;
	item->name = name;
	return item;
}

static const struct text no_name = {"", 0};

/* A reader is at a byte of a line that ends in NUL. */
struct reader {
	const char *at;
	int depth;
};

static void blanks(struct reader *r)
{
	while (*r->at == ' ' || *r->at == '\t' || *r->at == '\r' || *r->at == '\n')
		r->at++;
}

static bool accept(struct reader *r, char c)
{
	blanks(r);
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

static void expect(struct reader *r, char c)
{
	if (!accept(r, c))
		die("a request is no JSON");
}

static unsigned hex4(struct reader *r)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	unsigned n = 0;

	for (int i = 0; i < 4; i++) {
		const char *digit = *r->at ? strchr(digits, *r->at) : NULL;

		if (!digit)
			die("a request is no JSON");
		n = 16 * n + (unsigned)(digit - digits - (digit - digits > 15 ? 6 : 0));
		r->at++;
	}
	return n;
}

/* escaped reads what stands behind \u and writes it as UTF-8; half a pair is U+FFFD. */
static char *escaped(struct reader *r, char *to)
{
	unsigned c = hex4(r);

	if (c >= 0xd800 && c < 0xdc00 && r->at[0] == '\\' && r->at[1] == 'u') {
		unsigned low;

		r->at += 2;
		low = hex4(r);
		c = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
	} else if (c >= 0xd800 && c < 0xe000) {
		c = 0xfffd;
	}
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c >= 0x10000) {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
	} else if (c >= 0x800) {
		*to++ = (char)(0xe0 | c >> 12);
	}
	*to++ = (char)(c >= 0x800 ? 0x80 | (c >> 6 & 0x3f) : 0xc0 | c >> 6);
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

static struct text read_string(struct reader *r)
{
	static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	size_t room = 0;
	char *start, *to;

	expect(r, '"');
	while (r->at[room] && r->at[room] != '"')
		room += r->at[room] == '\\' && r->at[room + 1] ? 2 : 1;
	start = to = allocate(room, 1); /* with its escapes resolved a string is no longer */
	while (*r->at != '"') {
		if (!*r->at)
			die("a request is no JSON");
		if (*r->at != '\\') {
			*to++ = *r->at++;
		} else if (*++r->at == 'u') {
			r->at++;
			to = escaped(r, to);
		} else {
			const char *escape = *r->at ? strchr(escapes, *r->at) : NULL;

			if (!escape)
				die("a request is no JSON");
			*to++ = meanings[escape - escapes];
			r->at++;
		}
	}
	r->at++;
	return (struct text){start, (size_t)(to - start)};
}

static struct json *read_json(struct reader *r)
{
	struct json *j;
	char close;

	blanks(r);
	if (*r->at == '"')
		return make(J_STRING, read_string(r));
	if (*r->at != '[' && *r->at != '{') {
		struct text t = {r->at, strspn(r->at, "+-.0123456789Eaeflnrstu")};

		r->at += t.length;
		if (t.length == 0)
			die("a request is no JSON");
		if (same(t, TEXT("null")))
			return make(J_NULL, t);
		if (same(t, TEXT("true")) || same(t, TEXT("false")))
			return make(J_BOOL, t);
		return make(J_NUMBER, t); /* integer() judges it where it is used */
	}
	if (++r->depth > MAX_NESTING)
		die("a request nests too deeply");
	j = make(*r->at == '[' ? J_ARRAY : J_OBJECT, no_name);
	close = *r->at++ == '[' ? ']' : '}';
	if (!accept(r, close)) {
		do {
			struct text name = no_name;

			if (j->kind == J_OBJECT) {
				blanks(r);
				name = read_string(r);
				expect(r, ':');
			}
			append(j, name, read_json(r));
		} while (accept(r, ','));
		expect(r, close);
	}
	r->depth--;
	return j;
}

static void put_json(struct buffer *b, const struct json *j)
{
	if (j->kind == J_STRING) {
		put_text_json(b, j->text);
	} else if (j->kind == J_ARRAY || j->kind == J_OBJECT) {
		put_text(b, j->kind == J_ARRAY ? "[" : "{");
		for (const struct json *m = j->first; m; m = m->next) {
			if (j->kind == J_OBJECT) {
				put_text_json(b, m->name);
				put_text(b, ":");
			}
			put_json(b, m);
			put_text(b, m->next ? "," : "");
		}
		put_text(b, j->kind == J_ARRAY ? "]" : "}");
	} else {
		put(b, j->text.bytes, j->text.length);
	}
}

/* member returns what an object has by a name, or NULL. */
static struct json *member(const struct json *object, struct text name)
{
	struct json *m = object->first;

	while (m && !same(m->name, name))
		m = m->next;
	return m;
}

static struct json *of_kind(struct json *j, int kind)
{
	if (!j || (int)j->kind != kind)
		skip("the request has not the form that it should have");
	return j;
}

static struct json *get(const struct json *object, const char *name, int kind)
{
	return of_kind(member(object, (struct text){name, strlen(name)}), kind);
}

/* A number from JSON, of any size and sign. */
struct integer {
	bool negative, fits; /* fits: an integer, whose magnitude has 64 bits */
	uint64_t magnitude;
};

static struct integer integer(struct text digits)
{
	struct integer n = {.fits = true};
	size_t i = 0;

	if (digits.length > 0 && digits.bytes[0] == '-') {
		n.negative = true;
		i++;
	}
	n.fits = i < digits.length;
	for (; i < digits.length; i++) {
		unsigned digit = (unsigned char)digits.bytes[i] - '0';

		if (digit > 9 || n.magnitude > (UINT64_MAX - digit) / 10) {
			n.fits = false;
			break;
		}
		n.magnitude = 10 * n.magnitude + digit;
	}
	if (n.magnitude == 0)
		n.negative = false;
	return n;
}

/* get_number returns a number of an object, from 0 to max; 0 if it is not there and may be so. */
static uint64_t get_number(const struct json *object, const char *name, uint64_t max, bool needed)
{
	struct json *m = member(object, (struct text){name, strlen(name)});
	struct integer n;

	if (!m && !needed)
		return 0;
	n = integer(of_kind(m, J_NUMBER)->text);
	if (!n.fits || n.negative || n.magnitude > max)
		skip("a number in the request is out of range");
	return n.magnitude;
}

/* Base64 */

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static struct text base64_of(const unsigned char *bytes, size_t length)
{
	char *text = allocate((length + 2) / 3, 4), *to = text;

	for (size_t i = 0; i < length; i += 3) {
		uint32_t n = (uint32_t)bytes[i] << 16;

		if (i + 1 < length)
			n |= (uint32_t)bytes[i + 1] << 8;
		if (i + 2 < length)
			n |= bytes[i + 2];
		*to++ = base64[n >> 18];
		*to++ = base64[n >> 12 & 63];
		*to++ = i + 1 < length ? base64[n >> 6 & 63] : '=';
		*to++ = i + 2 < length ? base64[n & 63] : '=';
	}
	return (struct text){text, (size_t)(to - text)};
}

static unsigned char *read_base64(struct text t, size_t *length)
{
	unsigned char *bytes = allocate(t.length, 1);
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;

	while (t.length > 0 && t.bytes[t.length - 1] == '=')
		t.length--;
	for (size_t i = 0; i < t.length; i++) {
		const char *digit = t.bytes[i] ? strchr(base64, t.bytes[i]) : NULL;

		if (!digit)
			skip("not base64");
		bits = bits << 6 | (uint32_t)(digit - base64);
		have += 6;
		if (have >= 8) {
			have -= 8;
			bytes[n++] = (unsigned char)(bits >> have);
		}
	}
	*length = n;
	return bytes;
}

/* Schemas */

enum kind { BOOL, NUMBER, EQUAL, LE, NIL, BUFFER, UNUSED, STRUCT, QUEUE };

static const struct type {
	const char *name;
	enum kind kind;
	unsigned width; /* of a number, in bytes */
	bool is_signed;
	const char *marker_rule; /* of a queue */
} types[] = {
	{"bool", BOOL, 1, false, NULL},
	{"int8", NUMBER, 1, true, NULL},
	{"int16", NUMBER, 2, true, NULL},
	{"int32", NUMBER, 4, true, NULL},
	{"int64", NUMBER, 8, true, NULL},
	{"uint8", NUMBER, 1, false, NULL},
	{"uint16", NUMBER, 2, false, NULL},
	{"uint32", NUMBER, 4, false, NULL},
	{"uint64", NUMBER, 8, false, NULL},
	{"timer", NUMBER, 8, true, NULL},
	{"CPU_Double_U", NUMBER, 8, false, NULL},
	{"uint8 equal", EQUAL, 1, false, NULL},
	{"uint16 equal", EQUAL, 2, false, NULL},
	{"uint32 equal", EQUAL, 4, false, NULL},
	{"uint64 equal", EQUAL, 8, false, NULL},
	{"int32 equal", EQUAL, 4, true, NULL},
	{"int32 le", LE, 4, true, NULL},
	{"null", NIL, 1, false, NULL},
	{"buffer", BUFFER, 0, false, NULL},
	{"unused", UNUSED, 0, false, NULL},
	{"struct", STRUCT, 0, false, NULL},
	{"queue", QUEUE, 0, false, "qtailq/marker-canonical"},
	{"list", QUEUE, 0, false, "qlist/marker-canonical"},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct field {
	struct text name, key; /* key: of the value, see protocol.md */
	const struct type *type;
	uint32_t version;
	uint64_t local;        /* what memory holds before a load; sign-extended */
	bool array;
	size_t number;         /* elements of an array, or bytes, unless counted */
	struct field *counter; /* the field of the same vmsd that holds that number */
	uint64_t times, room;
	struct schema *elem;
};

struct schema {
	struct text name;
	uint32_t version, minimum;
	size_t fields, subsections;
	struct field *field;
	struct schema **subsection;
};

/* A definition is a schema that others refer to by name; NULL until one has. */
struct document {
	const struct json *defs;
	struct schema **known;
};

static struct schema *read_schema(struct document *d, const struct json *j);

static struct schema *read_reference(struct document *d, const struct json *j)
{
	const struct json *def = d->defs ? d->defs->first : NULL;

	if (j->kind != J_STRING)
		return read_schema(d, j);
	for (size_t i = 0; def; def = def->next, i++) {
		if (same(def->name, j->text)) {
			if (!d->known[i]) {
				/* Known before it is filled in, for it may refer to itself. */
				d->known[i] = allocate(1, sizeof(struct schema));
				*d->known[i] = *read_schema(d, def);
			}
			return d->known[i];
		}
	}
	skip("a schema is not in defs");
}

/* check_keys skips what has other keys: features that the handshake did not offer. */
static void check_keys(const struct json *object, const char *const *keys)
{
	for (const struct json *m = object->first; m; m = m->next) {
		const char *const *key = keys;

		while (*key && !same(m->name, (struct text){*key, strlen(*key)}))
			key++;
		if (!*key)
			skip("a schema has what is not supported");
	}
}

/* value_key is a name with another '/' before a '/', so that none is "/subsections". */
static struct text value_key(struct text name)
{
	char *key;

	if (name.length == 0 || name.bytes[0] != '/')
		return name;
	key = allocate(name.length + 1, 1);
	key[0] = '/';
	memcpy(key + 1, name.bytes, name.length);
	return (struct text){key, name.length + 1};
}

/* value_of returns the value of a field. */
static struct json *value_of(const struct json *object, const struct field *f)
{
	struct json *value = member(object, f->key);

	if (!value)
		skip("a value has not all its fields");
	return value;
}

static const struct type *type_by_name(struct text name)
{
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (same(name, (struct text){types[i].name, strlen(types[i].name)}))
			return &types[i];
	skip("a field's type is not supported");
}

static uint64_t two_complement(struct integer n)
{
	return n.negative ? -n.magnitude : n.magnitude;
}

static void read_field(struct document *d, struct schema *s, struct field *f, const struct json *j)
{
	static const char *const keys[] = {
		"name", "type", "version", "info", "local", "size", "size_from", "count", "count_from",
		"times", "room", "elem", NULL,
	};
	struct json *m;

	check_keys(j, keys);
	f->name = get(j, "name", J_STRING)->text;
	f->key = value_key(f->name);
	f->type = type_by_name(get(j, "type", J_STRING)->text);
	f->version = (uint32_t)get_number(j, "version", UINT32_MAX, true);
	m = member(j, TEXT("local"));
	if (m)
		f->local = two_complement(integer(of_kind(m, J_STRING)->text));
	f->array = member(j, TEXT("count")) || member(j, TEXT("count_from"));
	f->number = get_number(j, f->array ? "count" : "size", MAX_COUNT, false);
	m = member(j, f->array ? TEXT("count_from") : TEXT("size_from"));
	if (m) {
		for (f->counter = s->field; f->counter < f; f->counter++)
			if (same(f->counter->name, of_kind(m, J_STRING)->text))
				break;
		if (f->counter == f || f->counter->array || f->counter->type->width == 0)
			skip("a counter is no number before what it counts");
	}
	f->times = get_number(j, "times", MAX_COUNT, false);
	f->room = get_number(j, "room", MAX_COUNT, false);
	if (f->type->kind == STRUCT || f->type->kind == QUEUE) {
		m = member(j, TEXT("elem"));
		if (!m)
			skip("a field has no element");
		f->elem = read_reference(d, m);
	}
}

static struct schema *read_schema(struct document *d, const struct json *j)
{
	static const char *const keys[] = {"name", "version", "minimum", "fields", "subsections", NULL};
	struct schema *s = allocate(1, sizeof(*s));
	const struct json *fields, *subsections, *m;

	if (j->kind != J_OBJECT)
		skip("a schema is no object");
	check_keys(j, keys);
	s->name = get(j, "name", J_STRING)->text;
	s->version = (uint32_t)get_number(j, "version", UINT32_MAX, true);
	s->minimum = (uint32_t)get_number(j, "minimum", UINT32_MAX, true);
	fields = get(j, "fields", J_ARRAY);
	s->field = allocate(fields->length, sizeof(*s->field));
	for (m = fields->first; m; m = m->next)
		read_field(d, s, &s->field[s->fields++], of_kind((struct json *)m, J_OBJECT));
	subsections = member(j, TEXT("subsections"));
	if (subsections) {
		s->subsection = allocate(subsections->length, sizeof(*s->subsection));
		for (m = subsections->first; m; m = m->next)
			s->subsection[s->subsections++] = read_reference(d, m);
	}
	return s;
}

/* above compares versions. */
static bool above(uint32_t a, uint32_t b)
{
	return wrong_signed ? (int32_t)a > (int32_t)b : a > b;
}

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
		put_text(b, p->up ? "/" : "");
		put(b, p->name.bytes, p->name.length);
	} else {
		put_text(b, "[");
		put_number(b, p->index);
		put_text(b, "]");
	}
}

/* put_place writes offset and path, and returns the length of the path. */
static size_t put_place(struct buffer *b, size_t offset, const struct path *path)
{
	static struct buffer text;

	text.length = 0;
	put_path(&text, path);
	put_text(b, ",\"offset\":");
	put_number(b, offset);
	put_text(b, ",\"path\":");
	put_text_json(b, (struct text){text.bytes, text.length});
	return text.length;
}

static _Noreturn void refuse(const char *class, size_t offset, const struct path *path, const char *message)
{
	answer.length = 0;
	put_text(&answer, "\"error\":{\"class\":\"");
	put_text(&answer, class);
	put_text(&answer, "\"");
	put_place(&answer, offset, path);
	put_text(&answer, ",\"message\":");
	put_text_json(&answer, (struct text){message, strlen(message)});
	put_text(&answer, "}");
	longjmp(failed, 1);
}

static void check_version(const struct schema *s, uint32_t version, size_t offset, const struct path *path)
{
	if (above(version, s->version))
		refuse("version-too-new", offset, path, "the version is too new");
	if (above(s->minimum, version))
		refuse("version-too-old", offset, path, "the version is too old");
}

/* counted says how many elements or bytes a field of an object has; false: out of range. */
static bool counted(const struct field *f, const struct json *object, size_t *many)
{
	uint64_t times = f->times ? f->times : 1, room = f->room ? f->room : MAX_COUNT;
	struct integer n;

	*many = f->number;
	if (!f->counter)
		return true;
	n = integer(value_of(object, f->counter)->text);
	if (!n.fits || n.negative || n.magnitude > MAX_COUNT || n.magnitude * times > room)
		return false;
	*many = n.magnitude * times;
	return true;
}

/* Memory: what a load makes is the value in its JSON form. */

static struct json *number_value(const struct type *t, uint64_t n)
{
	char *digits = allocate(24, 1);

	if (t->kind == BOOL)
		return make(J_BOOL, n ? TEXT("true") : TEXT("false"));
	if (t->is_signed)
		snprintf(digits, 24, "%lld", (long long)n);
	else
		snprintf(digits, 24, "%llu", (unsigned long long)n);
	return make(t->width == 8 ? J_STRING : J_NUMBER, (struct text){digits, strlen(digits)});
}

static struct json *fresh(const struct schema *s, unsigned depth);

/* fresh_value makes what memory holds before a load: no array, and size bytes of a buffer. */
static struct json *fresh_value(const struct field *f, size_t size, unsigned depth)
{
	switch (f->type->kind) {
	case NIL:
		return make(J_NULL, TEXT("null"));
	case BUFFER:
		return make(J_STRING, base64_of(allocate(size, 1), size));
	case STRUCT:
		return fresh(f->elem, depth + 1);
	case QUEUE:
		return make(J_ARRAY, no_name);
	default:
		return number_value(f->type, f->local);
	}
}

/* fresh makes an object. Memory with room has as many at any moment as the counter says. */
static struct json *fresh(const struct schema *s, unsigned depth)
{
	struct json *object = make(J_OBJECT, no_name);

	if (depth > MAX_DEPTH)
		skip("a struct holds itself");
	for (const struct field *f = s->field; f < s->field + s->fields; f++) {
		struct json *array = make(J_ARRAY, no_name);
		size_t n;

		if ((f->counter && f->room == 0) || !counted(f, object, &n))
			n = 0;
		if (f->array)
			while (array->length < n)
				append(array, no_name, fresh_value(f, 0, depth));
		if (f->type->kind != UNUSED)
			append(object, f->key, f->array ? array : fresh_value(f, n, depth));
	}
	return object;
}

/* set puts a value in the place of another. */
static void set(struct json *place, const struct json *value)
{
	struct json *next = place->next;
	struct text name = place->name;

	*place = *value;
	place->next = next;
	place->name = name;
}

/* Loading */

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

	if (l->note_paths > MAX_NOTE_PATHS)
		return;
	put_text(l->notes, before > 0 ? ",{\"rule\":\"" : "{\"rule\":\"");
	put_text(l->notes, rule);
	put_text(l->notes, "\"");
	l->note_paths += put_place(l->notes, offset, path);
	put_text(l->notes, "}");
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

static void count_elements(struct load *l, uint32_t n, size_t offset, const struct path *path)
{
	l->elements += n;
	if (l->elements > MAX_ELEMENTS)
		refuse("limit", offset, path, "too many elements");
}

static void check_depth(const struct load *l, size_t offset, const struct path *path)
{
	if (l->depth == MAX_DEPTH)
		refuse("limit", offset, path, "too many vmsds inside each other");
}

static void load_vmsd(struct load *l, const struct schema *s, struct json *object, uint32_t version,
		      const struct path *path);

static void load_number(struct load *l, const struct type *t, struct json *place, const struct path *path)
{
	size_t start = l->at;
	uint64_t n = take_number(l, t->width, t->is_signed, path);
	uint64_t local = two_complement(integer(place->text));

	if (t->kind == BOOL && n > 1)
		note(l, "vmstate/bool-canonical", start, path);
	if (t->kind == EQUAL && n != local)
		refuse("mismatch", start, path, "not what memory holds");
	if (t->kind == LE && ((int64_t)n < 0 || (int64_t)n > (int64_t)local))
		refuse("out-of-range", start, path, "negative, or above what memory holds");
	set(place, number_value(t, n));
}

static void load_queue(struct load *l, const struct field *f, struct json *queue, const struct path *path)
{
	struct path element = {path, {NULL, 0}, 0};

	check_version(f->elem, f->version, l->at, path);
	for (;; element.index++) {
		size_t start = l->at;
		uint64_t marker = take_number(l, 1, false, &element);

		if (marker == 0)
			return;
		if (marker != 1)
			note(l, f->type->marker_rule, start, &element);
		count_elements(l, 1, start, &element);
		check_depth(l, start, &element);
		load_vmsd(l, f->elem, append(queue, no_name, fresh(f->elem, 0)), f->version, &element);
	}
}

/* load_one loads what is no array into its place. */
static void load_one(struct load *l, const struct field *f, struct json *place, size_t size, const struct path *path)
{
	size_t start = l->at;

	switch (f->type->kind) {
	case NIL:
		if (*take(l, 1, path) != 0x30)
			refuse("mismatch", start, path, "not the marker of a NULL");
		break;
	case BUFFER:
		place->text = base64_of(take(l, size, path), size);
		break;
	case STRUCT:
		check_depth(l, start, path);
		load_vmsd(l, f->elem, place, f->elem->version, path);
		break;
	case QUEUE:
		load_queue(l, f, place, path);
		break;
	default:
		load_number(l, f->type, place, path);
	}
}

static void load_array(struct load *l, const struct field *f, struct json *array, size_t n, const struct path *path)
{
	struct path element = {path, {NULL, 0}, 0};
	struct json *item = array->first;

	for (; element.index < n; element.index++, item = item->next) {
		size_t start = l->at;

		if (f->elem)
			count_elements(l, 1, start, &element);
		if (!item)
			item = append(array, no_name, fresh_value(f, 0, 0));
		load_one(l, f, item, 0, &element);
		if (l->at == start)
			count_elements(l, EMPTY_ELEMENT_COST - 1, start, &element);
	}
}

static void load_field(struct load *l, const struct field *f, struct json *object, const struct path *up)
{
	struct path path = {up, f->name, 0};
	struct json *place = f->type->kind == UNUSED ? NULL : value_of(object, f);
	size_t start = l->at, n;

	if (!counted(f, object, &n))
		refuse("out-of-range", l->at, &path, "what counts it is out of range");
	if (!place) {
		const unsigned char *bytes = take(l, n, &path);

		for (size_t i = 0; i < n; i++) {
			if (bytes[i] != 0) {
				note(l, "vmstate/unused-zero", start + i, &path);
				break;
			}
		}
	} else if (f->array) {
		if (f->counter) /* a new one, where a subsection is loaded again */
			set(place, make(J_ARRAY, no_name));
		load_array(l, f, place, n, &path);
	} else {
		load_one(l, f, place, n, &path);
	}
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
	struct json *present = member(object, TEXT("/subsections")), *subsection;
	uint32_t version;
	size_t start;

	check_depth(l, l->at, path);
	take(l, 2 + s->name.length, path);
	start = l->at;
	version = (uint32_t)take_number(l, 4, false, path);
	check_version(s, version & 0xff, start, path);
	if (version > 0xff)
		note(l, "subsection/version-mod-256", start, path);
	if (!present)
		present = append(object, TEXT("/subsections"), make(J_OBJECT, no_name));
	subsection = member(present, s->name);
	if (!subsection)
		subsection = append(present, s->name, fresh(s, 0));
	load_vmsd(l, s, subsection, version & 0xff, path);
}

static void load_vmsd(struct load *l, const struct schema *s, struct json *object, uint32_t version,
		      const struct path *path)
{
	bool *loaded = allocate(s->subsections, 1);
	struct text name;
	size_t last = 0, i;

	l->depth++;
	for (i = 0; i < s->fields; i++)
		if (!above(s->field[i].version, version))
			load_field(l, &s->field[i], object, path);
	while (peek(l, s, &name)) {
		struct path sub = {path, name, 0};

		for (i = 0; i < s->subsections && !same(s->subsection[i]->name, name); i++)
			;
		if (i == s->subsections)
			refuse("unknown-subsection", l->at, path, "no subsection has that name");
		if (loaded[i])
			note(l, "subsection/repeated", l->at, &sub);
		else if (i < last)
			note(l, "subsection/order", l->at, &sub);
		loaded[i] = true;
		last = i;
		load_subsection(l, s->subsection[i], object, &sub);
	}
	l->depth--;
}

/* Saving */

static void save_vmsd(struct buffer *out, const struct schema *s, const struct json *object, uint32_t version,
		      const struct path *path);

static void put_big_endian(struct buffer *out, uint64_t n, unsigned width)
{
	while (width-- > 0)
		put(out, &(unsigned char){(unsigned char)(n >> 8 * width)}, 1);
}

static void save_number(struct buffer *out, const struct type *t, const struct json *value, const struct path *path)
{
	struct integer n = integer(value->text);
	uint64_t most = UINT64_MAX >> (64 - 8 * t->width);

	if (t->kind == BOOL)
		n = (struct integer){.fits = true, .magnitude = same(value->text, TEXT("true"))};
	if (t->is_signed)
		most = most / 2 + n.negative; /* -128 to 127 */
	else if (n.negative)
		n.fits = false;
	if (!n.fits || n.magnitude > most)
		refuse("out-of-range", out->length, path, "the number is outside its type");
	put_big_endian(out, two_complement(n), t->width);
}

static void save_queue(struct buffer *out, const struct field *f, const struct json *queue, const struct path *path)
{
	struct path element = {path, {NULL, 0}, 0};

	for (const struct json *e = queue->first; e && !(wrong_last && !e->next); e = e->next, element.index++) {
		put_big_endian(out, 1, 1);
		save_vmsd(out, f->elem, e, f->elem->version, &element);
	}
	put_big_endian(out, 0, 1);
}

static void save_one(struct buffer *out, const struct field *f, struct json *value, size_t size,
		     const struct path *path)
{
	unsigned char *bytes;
	size_t length;

	switch (f->type->kind) {
	case NIL:
		put_big_endian(out, 0x30, 1);
		break;
	case BUFFER:
		bytes = read_base64(of_kind(value, J_STRING)->text, &length);
		if (length != size)
			refuse("out-of-range", out->length, path, "the buffer has another size");
		put(out, bytes, length);
		break;
	case STRUCT:
		save_vmsd(out, f->elem, value, f->elem->version, path);
		break;
	case QUEUE:
		save_queue(out, f, of_kind(value, J_ARRAY), path);
		break;
	default:
		save_number(out, f->type, value, path);
	}
}

static void save_field(struct buffer *out, const struct field *f, const struct json *object, const struct path *up)
{
	struct path path = {up, f->name, 0}, element = {&path, {NULL, 0}, 0};
	struct json *value;
	size_t n;

	if (!counted(f, object, &n))
		refuse("out-of-range", out->length, &path, "what counts it is out of range");
	if (f->type->kind == UNUSED) {
		put(out, allocate(n, 1), n);
		return;
	}
	value = value_of(object, f);
	if (!f->array) {
		save_one(out, f, value, n, &path);
		return;
	}
	if (of_kind(value, J_ARRAY)->length != n)
		refuse("out-of-range", out->length, &path, "the array has another length");
	for (struct json *item = value->first; item; item = item->next, element.index++)
		save_one(out, f, item, 0, &element);
}

static void save_vmsd(struct buffer *out, const struct schema *s, const struct json *object, uint32_t version,
		      const struct path *path)
{
	const struct json *present = member(object, TEXT("/subsections"));

	for (size_t i = 0; i < s->fields; i++)
		if (!above(s->field[i].version, version))
			save_field(out, &s->field[i], object, path);
	for (size_t i = 0; present && i < s->subsections; i++) {
		const struct schema *sub = s->subsection[i];
		const struct json *value = member(present, sub->name);
		struct path below = {path, sub->name, 0};

		if (!value)
			continue;
		put_big_endian(out, 5, 1);
		put_big_endian(out, sub->name.length, 1);
		put(out, sub->name.bytes, sub->name.length);
		put_big_endian(out, sub->version, 4);
		save_vmsd(out, sub, value, sub->version, &below);
	}
}

/* The protocol */

static void hello(void)
{
	put_text(&answer, "\"ok\":{\"protocol\":1,\"name\":\"example-c\",\"language\":\"C11\",\"version\":\"1\","
			  "\"ops\":[\"load\",\"save\"],\"offsets\":true,\"paths\":true,\"notes\":true,\"features\":"
			  "[\"arrays\",\"counts\",\"rooms\",\"subsections\",\"recursive\",\"versions\",\"locals\"],"
			  "\"types\":");
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		put_text(&answer, i > 0 ? ",\"" : "[\"");
		put_text(&answer, types[i].name);
		put_text(&answer, "\"");
	}
	put_text(&answer, "]}");
}

static void load(const struct schema *s, const struct json *request, uint32_t version)
{
	static struct buffer notes;
	struct load l = {.notes = &notes};
	struct json *object = fresh(s, 0);

	notes.length = 0;
	l.stream = read_base64(get(request, "stream", J_STRING)->text, &l.length);
	check_version(s, version, 0, NULL);
	load_vmsd(&l, s, object, version, NULL);
	put_text(&answer, "\"ok\":{\"value\":");
	put_json(&answer, object);
	put_text(&answer, ",\"consumed\":");
	put_number(&answer, l.at);
	put_text(&answer, ",\"notes\":[");
	put(&answer, notes.bytes, notes.length);
	put_text(&answer, "]}");
}

static void save(const struct schema *s, const struct json *request, uint32_t version)
{
	static struct buffer out;

	out.length = 0;
	check_version(s, version, 0, NULL);
	save_vmsd(&out, s, get(request, "value", J_OBJECT), version, NULL);
	put_text(&answer, "\"ok\":{\"stream\":");
	put_text_json(&answer, base64_of((unsigned char *)out.bytes, out.length));
	put_text(&answer, "}");
}

/* perform makes the answer, or jumps away with another one. */
static void perform(const struct json *request)
{
	struct text op = get(request, "op", J_STRING)->text;
	struct document d = {0};
	const struct json *document;
	const struct schema *s;
	uint32_t version;

	if (same(op, TEXT("hello"))) {
		hello();
		return;
	}
	document = get(request, "schema", J_OBJECT);
	d.defs = member(document, TEXT("defs"));
	d.known = allocate(d.defs ? d.defs->length : 0, sizeof(*d.known));
	if (!member(document, TEXT("schema")))
		skip("there is no schema");
	s = read_reference(&d, member(document, TEXT("schema")));
	version = (uint32_t)get_number(request, "version", UINT32_MAX, true);
	if (same(op, TEXT("load")))
		load(s, request, version);
	else if (same(op, TEXT("save")))
		save(s, request, version);
	else
		skip("there is no such op");
}

/* reply answers the request in a line. */
static void reply(const char *line)
{
	struct reader r = {line, 0};
	const struct json *request, *id;

	if (setjmp(failed))
		die("a request takes too much memory");
	request = read_json(&r);
	blanks(&r);
	id = member(request, TEXT("id"));
	if (*r.at || !id || id->kind != J_NUMBER)
		die("a request is no JSON, or has no id");
	printf("{\"id\":%.*s,", (int)id->text.length, id->text.bytes);
	answer.length = 0;
	if (!setjmp(failed))
		perform(request);
	fwrite(answer.bytes, 1, answer.length, stdout);
	puts("}");
	if (fflush(stdout) != 0)
		die("nobody reads the replies");
	free_all();
}

int main(int argc, char **argv)
{
	static struct buffer line;
	int c;

	if (argc == 3 && strcmp(argv[1], "--wrong") == 0) {
		wrong_signed = strcmp(argv[2], "signed") == 0;
		wrong_last = strcmp(argv[2], "last") == 0;
		wrong_offset = strcmp(argv[2], "offset") == 0;
	}
	if (argc > 1 && !wrong_signed && !wrong_last && !wrong_offset)
		die("usage: adapter [--wrong signed|last|offset]");
	while ((c = getchar()) != EOF) {
		put(&line, &(char){c == '\n' ? 0 : (char)c}, 1);
		if (c == '\n') {
			reply(line.bytes);
			line.length = 0;
		}
	}
	return 0;
}
