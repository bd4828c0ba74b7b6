/* SPDX-License-Identifier: MIT */
/* The front of an image: read from everything, set, written; nothing after it is looked at. */
#include <xenstream/head.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "build.h"
#include "unit.h"

#define CONFIG "name = 'a'\n"
#define BEHIND "no stream at all, and nobody minds"

static const char rest[] = "\1unknown\0data";

/* Bytes of an xl header by hand. */
struct front {
	bool big;
	uint32_t mandatory, optional, length, config_length;
	const void *data;
	size_t size;
};

static void number(struct build *b, bool big, uint32_t v)
{
	uint8_t n[4];

	for (int i = 0; i < 4; i++)
		n[big ? 3 - i : i] = (uint8_t)(v >> 8 * i);
	put(b, n, sizeof(n));
}

static void build_front(struct build *b, const struct front *f)
{
	put(b, "Xen saved domain, xl format\n \0 \r", 32);
	number(b, f->big, 0x01020304);
	number(b, f->big, f->mandatory);
	number(b, f->big, f->optional);
	number(b, f->big, f->length);
	if (f->length)
		number(b, f->big, f->config_length);
	put(b, f->data, f->size);
}

static int file_of(const struct build *b)
{
	int fd = memfd_create("head", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, b->data, b->size), b->size);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static int pipe_of(const struct build *b)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], b->data, b->size), b->size);
	close(ends[1]);
	return ends[0];
}

/* Configuration, unknown data, padding; then what is no stream. */
static void build_usual(struct build *b, bool big)
{
	char data[100] = CONFIG;
	struct front f = { big, XST_XL_LIBXL_V2, 0x40, 4 + 60, sizeof(CONFIG) - 1, data, 60 };

	memcpy(data + sizeof(CONFIG) - 1, rest, sizeof(rest) - 1);
	build_front(b, &f);
	put(b, BEHIND, sizeof(BEHIND));
}

static struct xst_head *read_usual(int fd, bool big)
{
	struct xst_head *h = NULL;
	struct xst_finding e;
	char next[sizeof(BEHIND) + 1];

	assert_int_equal(xst_head_read(fd, NULL, &h, &e), 0);
	assert_int_equal(h->layer, XST_LAYER_XL);
	assert_int_equal(h->big_endian, big);
	assert_int_equal(h->mandatory_flags, XST_XL_LIBXL_V2);
	assert_int_equal(h->optional_flags, 0x40);
	assert_int_equal(h->config_size, sizeof(CONFIG) - 1);
	assert_string_equal((char *)h->config, CONFIG);
	assert_int_equal(h->rest_size, sizeof(rest) - 1);
	assert_memory_equal(h->rest, rest, sizeof(rest) - 1);
	assert_int_equal(h->padding, 60 - (sizeof(CONFIG) - 1) - (sizeof(rest) - 1));
	assert_int_equal(h->end, 48 + 64);
	assert_int_equal(read(fd, next, sizeof(next)), sizeof(BEHIND));
	assert_string_equal(next, BEHIND);
	return h;
}

static void read_from_everything(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct build b = { 0 };
		int fd;

		build_usual(&b, big);
		fd = file_of(&b);
		xst_head_free(read_usual(fd, big));
		close(fd);
		fd = pipe_of(&b);
		xst_head_free(read_usual(fd, big));
		close(fd);
		build_free(&b);
	}
	assert_null(xst_head_free(NULL));
}

/* Writes a head with a memfd as the output and takes it apart again. */
static struct xst_head *rewritten(struct xst_head *h, int behind, size_t *ret_size)
{
	struct xst_output *o = NULL;
	struct xst_head *again = NULL;
	struct xst_finding e;
	enum xst_change_way way = XST_CHANGE_NONE;
	int out = memfd_create("out", 0);

	assert_int_equal(xst_output_fd(out, &o), 0);
	assert_int_equal(xst_head_copy(h, behind, o, NULL, NULL, &way, &e), 0);
	assert_int_equal(xst_output_commit(o), 0);
	assert_int_equal(way, XST_CHANGE_COPIED);
	xst_output_free(o);
	*ret_size = (size_t)lseek(out, 0, SEEK_END);
	assert_int_equal(lseek(out, 0, SEEK_SET), 0);
	assert_int_equal(xst_head_read(out, NULL, &again, &e), 0);
	close(out);
	return again;
}

static void set_and_copy(void **state)
{
	struct build b = { 0 };
	struct xst_head *h, *again;
	struct xst_finding e;
	size_t size;
	int fd;

	(void)state;
	build_usual(&b, false);
	fd = file_of(&b);
	assert_int_equal(xst_head_read(fd, NULL, &h, &e), 0);
	assert_int_equal(xst_head_set_config(h, "{}", 3, true), 0);
	assert_int_equal(h->mandatory_flags, XST_XL_JSON | XST_XL_LIBXL_V2);
	again = rewritten(h, fd, &size);
	assert_int_equal(size, 48 + 4 + 3 + sizeof(rest) - 1 + sizeof(BEHIND));
	assert_int_equal(again->mandatory_flags, XST_XL_JSON | XST_XL_LIBXL_V2);
	assert_int_equal(again->optional_flags, 0x40);
	assert_memory_equal(again->config, "{}\0", 3);
	assert_memory_equal(again->rest, rest, sizeof(rest) - 1);
	assert_int_equal(again->padding, 0);
	xst_head_free(again);
	assert_int_equal(xst_head_set_config(h, NULL, 0, true), 0);
	assert_int_equal(h->mandatory_flags, XST_XL_LIBXL_V2);
	assert_null(h->config);
	assert_int_equal(lseek(fd, 48 + 64, SEEK_SET), 48 + 64);
	again = rewritten(h, fd, &size);
	assert_int_equal(again->config_size, 0);
	assert_int_equal(again->rest_size, sizeof(rest) - 1);
	xst_head_free(again);
	xst_head_free(h);
	close(fd);
	build_free(&b);
}

static void nothing_at_all(void **state)
{
	struct front f = { .mandatory = XST_XL_LIBXL_V2 };
	struct build b = { 0 };
	struct xst_head *h, *again;
	struct xst_finding e;
	size_t size;
	int fd;

	(void)state;
	build_front(&b, &f);
	fd = file_of(&b);
	assert_int_equal(xst_head_read(fd, NULL, &h, &e), 0);
	assert_int_equal(h->end, 48);
	assert_null(h->config);
	again = rewritten(h, fd, &size);
	assert_int_equal(size, 48);
	xst_head_free(again);
	xst_head_free(h);
	close(fd);
	build_free(&b);
}

static void limits(void **state)
{
	static uint8_t large[(4 << 20) + 1];
	struct build b = { 0 };
	struct xst_head *h, other = { .layer = XST_LAYER_LIBVIRT };
	struct xst_finding e;
	int fd;

	(void)state;
	memset(large, 'x', sizeof(large));
	build_usual(&b, false);
	fd = file_of(&b);
	assert_int_equal(xst_head_read(fd, NULL, &h, &e), 0);
	assert_int_equal(xst_head_set_config(h, large, sizeof(large), false), XST_E_LIMIT);
	assert_string_equal((char *)h->config, CONFIG);
	assert_int_equal(xst_head_set_config(h, large, sizeof(large) - 1, false), 0);
	assert_int_equal(xst_head_set_config(&other, "x", 1, false), XST_E_UNSUPPORTED);
	assert_int_equal(xst_head_copy(&other, fd, NULL, NULL, NULL, NULL, &e), XST_E_UNSUPPORTED);
	assert_int_equal(xst_head_replace(NULL, 0, &other, NULL, NULL, NULL, &e),
			 XST_E_UNSUPPORTED);
	xst_head_free(h);
	close(fd);
	build_free(&b);
}

static int read_error(const struct build *b, struct xst_finding *e)
{
	struct xst_head *h = NULL;
	int fd = file_of(b), r = xst_head_read(fd, NULL, &h, e);

	assert_null(h);
	assert_int_equal(r, e->code);
	close(fd);
	return r;
}

static void refused(void **state)
{
	const struct front flags = { .mandatory = 4, .length = 4 };
	const struct front beyond = {
		.length = 14, .config_length = 11, .data = "0123456789", .size = 10
	};
	const struct front four_gib = { .length = UINT32_MAX, .config_length = UINT32_MAX - 4 };
	struct xst_finding e;
	struct build b = { 0 };

	(void)state;
	build_front(&b, &flags);
	assert_int_equal(read_error(&b, &e), XST_E_UNKNOWN);
	b.size = 0;
	build_front(&b, &beyond);
	assert_int_equal(read_error(&b, &e), XST_E_MALFORMED);
	b.size = 0;
	build_front(&b, &four_gib);
	assert_int_equal(read_error(&b, &e), XST_E_LIMIT);
	b.size = 0;
	put(&b, "certainly not a saved domain at all", 35);
	(void)read_error(&b, &e);
	b.size = 0;
	build_usual(&b, false);
	for (b.size = 0; b.size < 48 + 64; b.size++)
		assert_true(read_error(&b, &e) < 0);
	build_free(&b);
}

/* A stream that stands by itself, legacy or not, has none; one in a container has. */
static void of_all_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < samples_count; i++) {
		struct build b = { 0 };
		struct xst_head *h = NULL;
		struct xst_finding e = { 0 };
		int fd, r;

		build_sample(&b, &samples[i]);
		fd = file_of(&b);
		r = xst_head_read(fd, NULL, &h, &e);
		if (r == 0)
			assert_int_not_equal(h->layer, XST_LAYER_NONE);
		else
			assert_int_equal(r, XST_E_UNSUPPORTED);
		if (strncmp(samples[i].name, "xl", 2) == 0)
			assert_int_equal(r, 0);
		xst_head_free(h);
		close(fd);
		build_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_from_everything),
		cmocka_unit_test(set_and_copy),
		cmocka_unit_test(nothing_at_all),
		cmocka_unit_test(limits),
		cmocka_unit_test(refused),
		cmocka_unit_test(of_all_samples),
	};

	return cmocka_run_group_tests_name("head", tests, NULL, NULL);
}
