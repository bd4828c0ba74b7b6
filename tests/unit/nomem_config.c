/* SPDX-License-Identifier: MIT */
/* Configurations with little memory: each allocation fails in turn, the answer is XST_E_NOMEM, and the
 * document is what it was. */
#include <json-c/json.h>

#include "config/config.h"
#include "config/foreign/foreign_config.h"
#include "config/keys/key.h"
#include "config/stored.h"
#include "config/view.h"
#include "starve.h"
#include "unit.h"

void *__wrap_malloc(size_t n);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);

json_object *__real_json_tokener_parse_ex(json_tokener *t, const char *s, int n);
json_object *__wrap_json_tokener_parse_ex(json_tokener *t, const char *s, int n);
enum json_tokener_error __real_json_tokener_get_error(json_tokener *t);
enum json_tokener_error __wrap_json_tokener_get_error(json_tokener *t);
size_t __real_json_tokener_get_parse_end(json_tokener *t);
size_t __wrap_json_tokener_get_parse_end(json_tokener *t);

/* A parser of JSON that has no memory says that all is well, but comes not to the end, as json-c's 0.16. */
static bool has_stopped;

json_object *__wrap_json_tokener_parse_ex(json_tokener *t, const char *s, int n)
{
	has_stopped = starve_fails();
	return has_stopped ? NULL : __real_json_tokener_parse_ex(t, s, n);
}

enum json_tokener_error __wrap_json_tokener_get_error(json_tokener *t)
{
	return has_stopped ? json_tokener_success : __real_json_tokener_get_error(t);
}

size_t __wrap_json_tokener_get_parse_end(json_tokener *t)
{
	return has_stopped ? 1 : __real_json_tokener_get_parse_end(t);
}

/* Each kind of key once, in the shape that takes most of memory. */
#define FOR_ALL                                                                                   \
	"name = \"it's\"\nuuid = '11111111-2222-3333-4444-555555555555'\nmemory = 64\n"           \
	"maxmem = 128\nvcpus = 2\nmaxvcpus = 4\ncpus = [\"0-1,^1\", \"1\"]\n"                       \
	"cpus_soft = '0-1'\non_crash = 'destroy'\ntsc_mode = 'native'\nirqs = [3]\n"              \
	"ioports = [\"2f8-2ff\", \"3f8\"]\niomem = [\"fed00,1\", \"a0,20@100\"]\n"                  \
	"pci = [\"0000:02:00.1@5,msitranslate=1,rdm_policy=relaxed\", \"00:1b.*\"]\n"              \
	"pci_seize = 1\ncpuid = [\"0x1:ecx=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx0\","                    \
	" \"0xd,1:eax=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx0\"]\n"                                       \
	"vtpm = [\"backend=0,uuid=11111111-2222-3333-4444-555555555506\"]\n"                      \
	"vfb = [\"vnc=1,vncdisplay=2\", \"sdl=1,opengl=1,display=:1\"]\n"                          \
	"usbctrl = [\"version=2,ports=4\"]\n"                                                     \
	"usbdev = [\"type=hostdev,hostbus=1,hostaddr=2,controller=0,port=1\"]\n"                  \
	"channel = [\"connection=pty,name=c\", \"connection=socket,name=d,path=/x\"]\n"            \
	"disk = ['/x,raw,xvda,r', 'script=s,vdev=xvdb,target=a,b',"                               \
	" 'backend=b,discard,vdev=xvdc,target=/x,colo,colo-host=h,colo-port=1', ',hdc:cdrom,r',"  \
	" 'tap:qcow2:/y,xvdd,w']\n"                                                               \
	"vif = ['type=ioemu,rate=1MB/s@20ms,model=e1000,mac=0:1:2:a:B:c', 'ip=1.2.3.4,what=x',"    \
	" 'type=vif,bridge=b,script=s,devid=5,mtu=9000,trusted']\n"                               \
	"device_model_args = [\"-x\"]\nbootloader_args = '-q  x'\nunknown = 1\nseclabel = 's'\n"

#define IMPOSSIBLE                                                                                \
	"name = 'a/b'\nmemory = '-1'\nvcpus = 3\nmaxvcpus = 2\ndisk = ['x']\nvif = ['mac=z']\n" \
	"on_crash = 'what'\nuuid = 'u'\nioports = ['z']\ndisk += ['/x,,xvda', '/y,,xvda']\n"

static const char *const texts[] = {
	"type = 'hvm'\n" FOR_ALL "boot = 'cd'\nviridian = [\"base\", \"!freq\"]\nserial = [\"pty\", \"x\"]\n"
	"usbdevice = [\"tablet\", \"mouse\"]\nfirmware = 'uefi'\ngfx_passthru = 'igd'\nstdvga = 1\n"
	"hap = 1\nvga = 'qxl'\n",
	"kernel = '/k'\nroot = '/dev/xvda1'\nextra = 'quiet'\nextra += ' more'\n" FOR_ALL,
	IMPOSSIBLE,
};

static const char *json[COUNT(texts)]; /* the same */

static const char *text;
static size_t size;
static enum config_language to;
static struct config *doc;
static const char *key, *value;
static unsigned told;

static void count_loss(void *userdata, const char *what, const char *why)
{
	(void)userdata;
	told += *what && *why;
}

static void count_complaint(void *userdata, const struct config_complaint *c)
{
	count_loss(userdata, c->key, c->text);
}

static int print(const struct config *c)
{
	char *s;
	size_t n;
	int r = xst_config_print(c, &s, &n);

	if (r == 0)
		free(s);
	return r;
}

static int parse(void)
{
	struct config *c = NULL;
	int r = xst_config_parse(text, size, 0, &c, NULL);

	if (r == 0)
		r = print(c);
	xst_config_free(c);
	return r;
}

static int translate(void)
{
	struct config *other = NULL;
	int r = xst_config_translate(doc, to, count_loss, NULL, &other, NULL);

	if (r == 0)
		r = print(other);
	xst_config_free(other);
	return r;
}

static int store(void)
{
	struct config_stored s = { .bytes = NULL };
	int r = xst_config_to_stored(doc, to, count_loss, NULL, &s, NULL);

	xst_config_stored_clear(&s);
	return r;
}

static int view(void)
{
	struct config_view v;
	size_t n;
	char *s;
	int r = xst_config_view_read(doc, &v);

	if (r)
		return r;
	r = xst_config_view_print(&v, NULL, 0, &s, &n);
	if (r == 0)
		free(s);
	xst_config_view_clear(&v);
	return r;
}

static int check(void)
{
	int r = xst_config_check(doc, count_complaint, NULL);

	return r > 0 ? 0 : r;
}

static int get(void)
{
	char *s;
	int r = xst_config_get(doc, key, &s, NULL);

	if (r == 0)
		free(s);
	return r;
}

/* --- changes ---------------------------------------------------------------------------------- */

static int (*change)(struct config *, const char *, const char *, struct config_error *);

static int unset(struct config *c, const char *k, const char *v, struct config_error *err)
{
	(void)v;
	return xst_config_unset(c, k, err);
}

/* What fails leaves the document as it was. */
static int edit(void)
{
	struct config *c;
	char *after;
	size_t n;
	int r;

	starve_pause();
	assert_int_equal(xst_config_parse(text, size, 0, &c, NULL), 0);
	starve_on();
	r = change(c, key, value, NULL);
	starve_pause();
	assert_int_equal(xst_config_print(c, &after, &n), 0);
	if (r) {
		assert_int_equal(n, size);
		assert_memory_equal(after, text, n);
	}
	free(after);
	xst_config_free(c);
	return r;
}

static const struct {
	const char *key, *value, *more;
} changes[] = {
	{ "name", "'x'", "y" },
	{ "memory", "32", NULL },
	{ "vcpus", "3", NULL },
	{ "disk", "['/a,raw,xvda,w', '/b,raw,xvdb,w']", "/y,raw,xvde,w" },
	{ "vif", "['bridge=b,rate=1MB/s']", "bridge=c" },
	{ "cpus", "['0-3', '1']", "2" },
	{ "cpuid", "['1:ecx=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx0']", NULL },
	{ "ioports", "['3f8', '2f8-2ff']", "2e8" },
	{ "iomem", "['a0,20@100']", "a0,1" },
	{ "pci", "['00:1b.0']", "00:1c.0" },
	{ "vfb", "['vnc=1']", "sdl=1" },
	{ "channel", "['connection=pty,name=c']", "connection=pty,name=d" },
	{ "device_model_args", "['-a', '-b']", "-c" },
	{ "on_crash", "preserve", NULL },
};

/* In JSON only. */
static const struct {
	const char *path, *value, *more;
} paths[] = {
	{ "b_info.new.list[0].x", "{ \"a\": [ 1, \"x\" ] }", NULL },
	{ "c_info.name", "x", "y" },
	{ "disks[0].pdev_path", "/new", "er" },
	{ "disks[5]", "{}", NULL },
	{ "disks", "[]", "{ \"vdev\": \"x\" }" },
};

static void each_change_fails(const char *what, const char *new, const char *more)
{
	key = what;
	value = new;
	change = xst_config_set;
	each_fails(edit, XST_E_NOMEM);
	value = more;
	change = xst_config_append;
	if (more)
		each_fails(edit, XST_E_NOMEM);
}

static void each_unset_fails(const char *what)
{
	key = what;
	change = unset;
	each_fails(edit, XST_E_NOMEM);
}

static void of_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * COUNT(texts) - 2; i++) {
		text = i % 2 ? json[i / 2] : texts[i / 2];
		size = strlen(text);
		for (size_t k = 0; k < COUNT(changes); k++) {
			each_change_fails(changes[k].key, changes[k].value, changes[k].more);
			each_unset_fails(changes[k].key);
		}
		for (size_t k = 0; i % 2 && k < COUNT(paths); k++)
			each_change_fails(paths[k].path, paths[k].value, paths[k].more);
	}
}

/* --- reading ---------------------------------------------------------------------------------- */

static void each_get_fails(const char *what)
{
	char *s;

	key = what;
	if (xst_config_get(doc, key, &s, NULL) != 0)
		return;
	free(s);
	each_fails(get, XST_E_NOMEM);
}

static void of_a_document(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * COUNT(texts); i++) {
		text = i % 2 ? json[i / 2] : texts[i / 2];
		if (!text)
			continue;
		size = strlen(text);
		each_fails(parse, XST_E_NOMEM);
		assert_int_equal(xst_config_parse(text, size, 0, &doc, NULL), 0);
		each_fails(view, XST_E_NOMEM);
		each_fails(check, XST_E_NOMEM);
		for (size_t k = 0; k < xst_config_keys_count; k++)
			each_get_fails(xst_config_keys[k].name);
		if (i % 2) {
			each_get_fails("b_info");
			each_get_fails("disks[0].pdev_path");
		}
		xst_config_free(doc);
	}
}

static void of_a_translation(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * COUNT(texts); i++) {
		text = i % 2 ? json[i / 2] : texts[i / 2];
		if (!text || !json[i / 2])
			continue;
		assert_int_equal(xst_config_parse(text, strlen(text), 0, &doc, NULL), 0);
		for (to = CONFIG_CFG; to <= CONFIG_JSON; to++) {
			each_fails(translate, XST_E_NOMEM);
			each_fails(store, XST_E_NOMEM);
		}
		xst_config_free(doc);
	}
}

/* --- other toolstacks' ------------------------------------------------------------------------ */

static const struct {
	enum config_foreign_language language;
	enum xst_layer layer;
	const char *text;
} foreign[] = {
	{ CONFIG_XEND, XST_LAYER_XEND,
	  "(domain (domid 3) (name it) (uuid 11111111-2222-3333-4444-555555555555) (vcpus 2)"
	  " (memory 64) (maxmem 128) (on_crash restart) (what (is this) 'x y') (cpus ((1 2) (3)))"
	  " (image (linux (kernel /k) (ramdisk /r) (args 'quiet more') (vncpasswd s)))"
	  " (device (vbd (uname phy:vg/x) (dev xvda:disk) (mode w) (driver paravirtualised)))"
	  " (device (tap (uname tap:qcow2:/srv/y) (dev xvdb) (mode r)))"
	  " (device (vbd (uname drbd:res) (dev xvdc) (mode r!)))"
	  " (device (vif (bridge b) (mac 00:16:3e:01:02:03) (script vif-bridge) (rate 1MB/s)"
	  " (what x))) (device (vkbd (backend 0))) (device (vfb (vnc 1))))" },
	{ CONFIG_LIBVIRT, XST_LAYER_LIBVIRT,
	  "<domain type='xen' id='3'><name>mail &amp; more</name>"
	  "<uuid>11111111-2222-3333-4444-555555555555</uuid><memory unit='MiB'>64</memory>"
	  "<currentMemory unit='KiB'>32768</currentMemory><vcpu current='1'>2</vcpu>"
	  "<os><type arch='x86_64' machine='xenfv'>hvm</type><loader type='rom'>/l</loader>"
	  "<boot dev='cdrom'/><boot dev='hd'/></os><features><acpi/></features>"
	  "<on_reboot>restart</on_reboot><description>a <b x='1'>c</b></description><devices>"
	  "<disk type='block' device='disk'><driver name='phy' type='raw'/><source dev='/dev/vg/x'/>"
	  "<target dev='xvda' bus='xen'/><readonly/></disk>"
	  "<disk type='file' device='cdrom'><source file='/c'/><target dev='hdc'/></disk>"
	  "<interface type='bridge'><mac address='00:16:3e:01:02:03'/><source bridge='b'/>"
	  "<script path='s'/><model type='e1000'/><mtu size='9000'/><what/></interface>"
	  "<graphics type='vnc' port='5900'/></devices></domain>" },
	{ CONFIG_XENOPS, XST_LAYER_XENSERVER,
	  "((word_size 64)(vm_str \"((id 1234)(name \\\"my vm\\\")(what (is this))(ty (HVM ((hap true)"
	  "(boot_order cd)(firmware Bios)(what 1))))(platformdata ((device-model qemu-upstream-compat)"
	  "(x y)))(memory_static_max 134217728)(memory_dynamic_max 134217728)(vcpu_max 2)(vcpus 2)"
	  "(on_crash (Coredump Start))(on_shutdown (Shutdown)))\")(xs_subtree ()))" },
};

static size_t which;

static int read_foreign(void)
{
	struct config_foreign f;
	struct config_view v;
	size_t n;
	char *s;
	int r = xst_foreign_read(foreign[which].language, text, size, &f, NULL);

	if (r)
		return r;
	r = xst_foreign_print(&f, &s, &n);
	if (r == 0)
		free(s);
	xst_foreign_clear(&f);
	if (r == 0)
		r = xst_config_view_of(foreign[which].layer, text, size, &v, NULL);
	if (r == 0)
		xst_config_view_clear(&v);
	return r;
}

static void of_foreign_languages(void **state)
{
	(void)state;
	for (which = 0; which < COUNT(foreign); which++) {
		text = foreign[which].text;
		size = strlen(text);
		each_fails(read_foreign, XST_E_NOMEM);
	}
}

/* --- the documents in JSON -------------------------------------------------------------------- */

static int make_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts) - 1; i++) {
		struct config_error err = { .text = "" };
		struct config *c, *other;
		char *s;
		size_t n;

		if (xst_config_parse(texts[i], strlen(texts[i]), 0, &c, &err) != 0 ||
		    xst_config_translate(c, CONFIG_JSON, NULL, NULL, &other, &err) != 0) {
			print_error("%s\n", err.text);
			return -1;
		}
		assert_int_equal(xst_config_print(other, &s, &n), 0);
		json[i] = s;
		xst_config_free(c);
		xst_config_free(other);
	}
	return 0;
}

static int free_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(json); i++)
		free((char *)(uintptr_t)json[i]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_document),
		cmocka_unit_test(of_changes),
		cmocka_unit_test(of_a_translation),
		cmocka_unit_test(of_foreign_languages),
	};

	return cmocka_run_group_tests_name("configurations, no memory", tests, make_json, free_json);
}
