/* SPDX-License-Identifier: MIT */
/* Configurations of other toolstacks: what becomes of them, and what is refused. */
#include "config/foreign/foreign_config.h"

#include "config/foreign/domxml.h"
#include "config/foreign/sexpr.h"
#include "unit.h"

/* --- the texts -------------------------------------------------------------------------------- */

/* As Xen 4.1's xend wrote them. */
#define XEND_HVM \
	"(domain (domid 8) (cpu_weight 256) (on_crash restart) (uuid c0e968c2-4bd0-ceab-bec1-84cbc6d03b76) " \
	"(vcpus 4) (name 'old \\'machine\\'') (on_poweroff destroy) (on_reboot restart) (cpus (())) " \
	"(bootloader) (maxmem 300) (memory 200) (online_vcpus 3) " \
	"(image (hvm (kernel) (videoram 4) (boot cd) (loader /usr/lib/xen/boot/hvmloader) " \
	"(device_model /usr/lib/xen/bin/qemu-dm) (notes (SUSPEND_CANCEL 1)))) " \
	"(device (vbd (uuid 1-2) (bootable 1) (dev hda:disk) (uname file:/images/a.img) (mode w) (backend 0))) " \
	"(device (vbd (dev hdc:cdrom) (uname phy:cdrom) (mode r))) " \
	"(device (tap (dev xvdb) (uname tap:qcow2:/images/b.qcow2) (mode w!))) " \
	"(device (vbd (dev xvdc) (uname drbd:storage) (mode w) (backend nfs))) " \
	"(device (vif (bridge xenbr0) (mac 00:16:3e:00:00:01) (script vif-bridge) (type ioemu) (uuid 3))) " \
	"(device (vfb (vncunused 1))))"
#define XEND_PV \
	"(domain (name pv) (vcpus 1) (bootloader /usr/bin/pygrub) (image (linux (kernel /var/run/k) " \
	"(ramdisk /var/run/r) (args 'root=/dev/xvda ro'))))"
#define LIBVIRT \
	"<domain type='xen' id='3'>\n  <name>a &amp; b</name><uuid>1111</uuid>" \
	"<memory unit='MiB'>64</memory><currentMemory>32768</currentMemory>" \
	"<vcpu placement='static' current='1'>2</vcpu>" \
	"<os><type arch='x86_64' machine='xenfv'>hvm</type><loader type='rom'>/usr/lib/xen/boot/hvmloader</loader>" \
	"<boot dev='cdrom'/><boot dev='hd'/></os><features><acpi/></features><on_reboot>restart</on_reboot>" \
	"<devices><emulator>/usr/bin/qemu-system-i386</emulator>" \
	"<disk type='block' device='disk'><driver name='phy' type='raw'/><source dev='/dev/vg/x'/>" \
	"<target dev='xvda' bus='xen'/><readonly/></disk>" \
	"<disk type='file' device='cdrom'><target dev='hdc'/></disk>" \
	"<disk type='network' device='disk'><source protocol='rbd' name='pool/image'/><target dev='xvdb'/></disk>" \
	"<interface type='bridge'><mac address='00:16:3e:1:2:3'/><source bridge='br0'/><model type='e1000'/></interface>" \
	"<console type='pty'/></devices></domain>\n"
#define XENOPS \
	"((time 20260101T00:00:00Z)(word_size 64)(vm_str \"((id 1234)(name \\\"my \\\\065 vm\\\")" \
	"(ty (HVM ((hap true)(boot_order cd)(firmware (Uefi ())))))" \
	"(platformdata ((device-model qemu-upstream-uefi)(featureset 12-34)))" \
	"(memory_static_max 268435456)(memory_dynamic_max 134217728)(vcpu_max 4)(vcpus 2)" \
	"(on_crash (Coredump Start))(on_shutdown (Shutdown))(generation_id ()))\")(xs_subtree ()))"
#define XENOPS_PV \
	"((vm_str \"((name pv)(ty (PV ((framebuffer false)(boot (Direct ((kernel /k)(cmdline ro)" \
	"(ramdisk (/r)))))))))\"))"

/* --- what becomes of them --------------------------------------------------------------------- */

static struct config_foreign read_text(enum config_foreign_language language, const char *text)
{
	struct config_error err = { .text = "" };
	struct config_foreign f;

	if (xst_foreign_read(language, text, strlen(text), &f, &err))
		fail_msg("%u:%u: %s", err.line, err.column, err.text);
	return f;
}

static void is_left_out(const struct config_foreign *f, const char *line)
{
	for (size_t i = 0; i < f->nleft_out; i++)
		if (strcmp(f->left_out[i], line) == 0)
			return;
	fail_msg("no line says: %s", line);
}

static void is_disk(const struct config_view *v, size_t i, const char *wanted)
{
	char *text;

	assert_true(i < v->ndisks);
	text = xst_config_disk_print(&v->disks[i]);
	assert_non_null(text);
	assert_string_equal(text, wanted);
	free(text);
}

static void is_vif(const struct config_view *v, const char *wanted)
{
	char *text;

	assert_int_equal(v->nvifs, 1);
	text = xst_config_vif_print(&v->vifs[0]);
	assert_non_null(text);
	assert_string_equal(text, wanted);
	free(text);
}

static void xend_hvm(void **state)
{
	struct config_foreign f = read_text(CONFIG_XEND, XEND_HVM);
	const struct config_view *v = &f.view;

	(void)state;
	assert_string_equal(v->name, "old 'machine'");
	assert_string_equal(v->uuid, "c0e968c2-4bd0-ceab-bec1-84cbc6d03b76");
	assert_int_equal(v->type, CONFIG_TYPE_HVM);
	assert_int_equal(v->memory_kib, 200 * 1024);
	assert_int_equal(v->maxmem_kib, 300 * 1024);
	assert_int_equal(v->vcpus, 3);
	assert_int_equal(v->maxvcpus, 4);
	assert_null(v->kernel);
	assert_string_equal(v->boot, "cd");
	assert_string_equal(v->device_model, "qemu-xen-traditional");
	assert_string_equal(v->on_crash, "restart");
	assert_int_equal(v->ndisks, 4);
	is_disk(v, 0, "format=raw,vdev=hda,access=rw,target=/images/a.img");
	is_disk(v, 1, "format=raw,vdev=hdc,backendtype=phy,access=ro,devtype=cdrom,target=/dev/cdrom");
	is_disk(v, 2, "format=qcow2,vdev=xvdb,access=rw,target=/images/b.qcow2");
	is_disk(v, 3, "vdev=xvdc,backend=nfs,script=block-drbd,access=rw,target=storage");
	is_vif(v, "type=ioemu,mac=00:16:3e:00:00:01,bridge=xenbr0,script=vif-bridge");
	is_left_out(&f, "(domid 8)");
	is_left_out(&f, "(cpus (()))");
	is_left_out(&f, "image: (notes (SUSPEND_CANCEL 1))");
	is_left_out(&f, "device: (bootable 1)");
	is_left_out(&f, "device xvdb: (mode w!), writable by others, too");
	is_left_out(&f, "(device (vfb (vncunused 1)))");
	xst_foreign_clear(&f);
}

/* The kernel that a boot loader has unpacked was deleted long ago. */
static void xend_pv(void **state)
{
	struct config_foreign f = read_text(CONFIG_XEND, XEND_PV);

	(void)state;
	assert_int_equal(f.view.type, CONFIG_TYPE_PV);
	assert_string_equal(f.view.bootloader, "/usr/bin/pygrub");
	assert_null(f.view.kernel);
	assert_string_equal(f.view.cmdline, "root=/dev/xvda ro");
	is_left_out(&f, "image: (kernel /var/run/k)");
	xst_foreign_clear(&f);
}

static void libvirt(void **state)
{
	struct config_foreign f = read_text(CONFIG_LIBVIRT, LIBVIRT);
	const struct config_view *v = &f.view;

	(void)state;
	assert_string_equal(v->name, "a & b");
	assert_int_equal(v->type, CONFIG_TYPE_HVM);
	assert_int_equal(v->memory_kib, 32768);
	assert_int_equal(v->maxmem_kib, 65536);
	assert_int_equal(v->vcpus, 1);
	assert_int_equal(v->maxvcpus, 2);
	assert_string_equal(v->boot, "dc");
	assert_null(v->firmware);
	assert_string_equal(v->device_model, "qemu-xen");
	assert_int_equal(v->ndisks, 2);
	is_disk(v, 0, "format=raw,vdev=xvda,backendtype=phy,access=ro,target=/dev/vg/x");
	assert_null(v->disks[1].target);
	assert_true(v->disks[1].cdrom);
	is_vif(v, "type=ioemu,mac=00:16:3e:1:2:3,bridge=br0,model=e1000");
	is_left_out(&f, "<features><acpi/></features>");
	is_left_out(&f, "devices: <console type='pty'/>");
	is_left_out(&f, "devices: <disk type='network' device='disk'><source protocol='rbd' "
		    "name='pool/image'/><target dev='xvdb'/></disk>");
	xst_foreign_clear(&f);
}

static void xenops(void **state)
{
	struct config_foreign f = read_text(CONFIG_XENOPS, XENOPS);
	const struct config_view *v = &f.view;

	(void)state;
	assert_string_equal(v->name, "my A vm");
	assert_string_equal(v->uuid, "1234");
	assert_int_equal(v->type, CONFIG_TYPE_HVM);
	assert_string_equal(v->firmware, "ovmf");
	assert_string_equal(v->boot, "cd");
	assert_string_equal(v->device_model, "qemu-xen");
	assert_int_equal(v->memory_kib, 128 << 10);
	assert_int_equal(v->maxmem_kib, 256 << 10);
	assert_int_equal(v->vcpus, 2);
	assert_int_equal(v->maxvcpus, 4);
	assert_string_equal(v->on_crash, "coredump-restart");
	assert_string_equal(v->on_poweroff, "destroy");
	is_left_out(&f, "ty: (hap true)");
	is_left_out(&f, "platformdata: (featureset 12-34)");
	is_left_out(&f, "(xs_subtree ())");
	xst_foreign_clear(&f);
}

static void xenops_pv(void **state)
{
	struct config_foreign f = read_text(CONFIG_XENOPS, XENOPS_PV);

	(void)state;
	assert_int_equal(f.view.type, CONFIG_TYPE_PV);
	assert_string_equal(f.view.kernel, "/k");
	assert_string_equal(f.view.ramdisk, "/r");
	assert_string_equal(f.view.cmdline, "ro");
	is_left_out(&f, "ty: (framebuffer false)");
	xst_foreign_clear(&f);
}

/* Old images have no more than this. */
static void xenops_without_a_vm(void **state)
{
	struct config_foreign f = read_text(CONFIG_XENOPS, "((time 1)(word_size 64))");

	(void)state;
	assert_null(f.view.name);
	assert_int_equal(f.nleft_out, 2);
	xst_foreign_clear(&f);
}

/* What can't stand in a line of xl's, or would be another setting there, is left out. */
static void values_that_break_lines(void **state)
{
	struct config_foreign f = read_text(CONFIG_XEND, "(domain (name 'a\\nmemory=1') (uuid '\"\\'') "
					    "(memory -5) (maxmem 99999999999999999999) (vcpus 1x))");

	(void)state;
	assert_null(f.view.name);
	assert_null(f.view.uuid);
	assert_int_equal(f.view.memory_kib, 0);
	assert_int_equal(f.view.maxmem_kib, 0);
	assert_int_equal(f.view.maxvcpus, 0);
	is_left_out(&f, "name: a?memory=1");
	is_left_out(&f, "memory: -5");
	assert_int_equal(f.nleft_out, 5);
	xst_foreign_clear(&f);
}

/* Neither another parameter than was meant, nor a configuration that xl does not read for one device. */
static void devices_that_xl_would_misread(void **state)
{
	struct config_foreign f = read_text(
		CONFIG_XEND,
		"(domain (device (vif (bridge 'a,script=/b') (mac 00:16:3e:00:00:01)))"
		" (device (vif (mac nonsense))) (device (vif (bridge c)))"
		" (device (vbd (uname phy:/dev/a) (dev 'hda,script=/b') (mode w)))"
		" (device (vbd (uname 'file:/it\\'s') (dev 'hda\"') (mode w)))"
		" (device (vbd (uname phy:) (dev hdb) (mode w)))"
		" (device (vbd (uname phy:) (dev hdc:cdrom) (mode r)))"
		" (device (vbd (uname file:/a,b) (dev hdd) (mode w))))");

	(void)state;
	is_vif(&f.view, "bridge=c");
	is_left_out(&f, "vif: mac=00:16:3e:00:00:01,bridge=a,script=/b");
	is_left_out(&f, "vif: mac=nonsense");
	assert_int_equal(f.view.ndisks, 2);
	is_disk(&f.view, 0, "vdev=hdc,access=ro,devtype=cdrom");
	is_disk(&f.view, 1, "format=raw,vdev=hdd,access=rw,target=/a,b");
	is_left_out(&f, "disk: format=raw,vdev=hda,script=/b,backendtype=phy,access=rw,target=/dev/a");
	is_left_out(&f, "disk: format=raw,vdev=hda\",access=rw,target=/it's");
	is_left_out(&f, "disk: vdev=hdb,access=rw");
	xst_foreign_clear(&f);
	f = read_text(CONFIG_LIBVIRT,
		      "<domain><devices><disk type='file'><driver name='qemu' type='vmdk'/>"
		      "<source file='/a'/><target dev='hda'/></disk><interface type='bridge'>"
		      "<source bridge='a'/><ip address='1.2.3.4'/><ip address='1.2.3.5'/>"
		      "</interface></devices></domain>");
	assert_int_equal(f.view.ndisks, 0);
	is_left_out(&f, "disk: format=vmdk,vdev=hda,backendtype=qdisk,access=rw,target=/a");
	is_vif(&f.view, "bridge=a,ip=1.2.3.4");
	is_left_out(&f, "interface: <ip address='1.2.3.5'/>");
	xst_foreign_clear(&f);
}

static void comments_have_an_end(void **state)
{
	size_t n = 60000, at = 0;
	char *text = malloc(n * 4 + 20), *out, *line;
	struct config_foreign f;

	(void)state;
	assert_non_null(text);
	at += (size_t)sprintf(text, "(domain (name a)");
	for (size_t i = 0; i < n; i++)
		at += (size_t)sprintf(text + at, " (b)");
	sprintf(text + at, ")");
	f = read_text(CONFIG_XEND, text);
	assert_int_equal(f.nleft_out, LIMIT_LEFT_OUT + 1);
	assert_int_equal(xst_foreign_print(&f, &out, &n), 0);
	line = strstr(out, "and 59000 more");
	assert_non_null(line);
	assert_non_null(strstr(out, "name = \"a\""));
	free(out);
	xst_foreign_clear(&f);
	free(text);
}

/* --- what is refused -------------------------------------------------------------------------- */

static const struct refusal {
	enum config_foreign_language language;
	const char *text;
	int code;
	unsigned column;
	const char *words;
} refusals[] = {
	{ CONFIG_XEND, "", XST_E_MALFORMED, 1, "before all parentheses" },
	{ CONFIG_XEND, "(domain (a)", XST_E_MALFORMED, 12, "before all parentheses" },
	{ CONFIG_XEND, "(domain))", XST_E_MALFORMED, 9, "text after the end of the list" },
	{ CONFIG_XEND, "domain", XST_E_MALFORMED, 1, "expected the start of a list" },
	{ CONFIG_XEND, "(domain (name 'a", XST_E_MALFORMED, 15, "not closed" },
	{ CONFIG_XEND, "(domain (name 'a\\", XST_E_MALFORMED, 15, "not closed" },
	{ CONFIG_XEND, "(domain (name 'a\\000'))", XST_E_MALFORMED, 0, "not a character" },
	{ CONFIG_XEND, "(domain (name 'a\\xzz'))", XST_E_MALFORMED, 0, "not a character" },
	{ CONFIG_XEND, "(vm (name a))", XST_E_MALFORMED, 0, "no (domain" },
	{ CONFIG_XENOPS, "((vm_str \"((id\"))", XST_E_MALFORMED, 0, "before all parentheses" },
	{ CONFIG_XENOPS, "((vm_str \"\\256\"))", XST_E_MALFORMED, 0, "not a character" },
	{ CONFIG_LIBVIRT, "<domain>", XST_E_MALFORMED, 0, "no element found" },
	{ CONFIG_LIBVIRT, "<network/>", XST_E_MALFORMED, 0, "not <domain>" },
	{ CONFIG_LIBVIRT, "<domain>&secret;</domain>", XST_E_MALFORMED, 9, "undefined entity" },
	{ CONFIG_LIBVIRT, "<!DOCTYPE domain [<!ENTITY a 'b'>]><domain>&a;</domain>", XST_E_MALFORMED, 0,
	  "a document type" },
	{ CONFIG_LIBVIRT, "<!DOCTYPE domain SYSTEM 'file:///etc/passwd'><domain/>", XST_E_MALFORMED, 0,
	  "a document type" },
};

static void refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		const struct refusal *e = &refusals[i];
		struct config_error err = { .text = "" };
		struct config_foreign f;
		int r = xst_foreign_read(e->language, e->text, strlen(e->text), &f, &err);

		if (r != e->code || !strstr(err.text, e->words) || (e->column && err.column != e->column))
			fail_msg("%s: %d, %u: %s", e->text, r, err.column, err.text);
	}
}

/* n times the one text, then n times the other. */
static int read_nested(enum config_foreign_language language, const char *open, const char *close,
		       size_t n, struct config_error *err)
{
	size_t size = (strlen(open) + strlen(close)) * n, at = 0;
	char *text = malloc(size + 1);
	struct config_foreign f;
	int r;

	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		at += (size_t)sprintf(text + at, "%s", open);
	for (size_t i = 0; i < n; i++)
		at += (size_t)sprintf(text + at, "%s", close);
	r = xst_foreign_read(language, text, size, &f, err);
	if (r == 0)
		xst_foreign_clear(&f);
	free(text);
	return r;
}

static void depth_and_number_have_limits(void **state)
{
	struct config_error err;

	(void)state;
	assert_int_equal(read_nested(CONFIG_XENOPS, "(", ")", LIMIT_SEXPR_DEPTH, &err), 0);
	assert_int_equal(read_nested(CONFIG_XENOPS, "(", ")", LIMIT_SEXPR_DEPTH + 1, &err), XST_E_LIMIT);
	assert_int_equal(read_nested(CONFIG_XENOPS, "(", ")", 1000000, &err), XST_E_LIMIT);
	assert_int_equal(read_nested(CONFIG_LIBVIRT, "<domain>", "</domain>", LIMIT_XML_DEPTH, &err), 0);
	assert_int_equal(read_nested(CONFIG_LIBVIRT, "<domain>", "</domain>", LIMIT_XML_DEPTH + 1, &err),
			 XST_E_LIMIT);
	assert_string_equal(err.text, "elements nested too deep");
}

static int read_many(enum config_foreign_language language, const char *begin, const char *each,
		     size_t n, const char *end)
{
	char *text = malloc(strlen(begin) + strlen(each) * n + strlen(end) + 1);
	struct config_error err = { .text = "" };
	struct config_foreign f;
	size_t at;
	int r;

	assert_non_null(text);
	at = (size_t)sprintf(text, "%s", begin);
	for (size_t i = 0; i < n; i++)
		at += (size_t)sprintf(text + at, "%s", each);
	at += (size_t)sprintf(text + at, "%s", end);
	r = xst_foreign_read(language, text, at, &f, &err);
	if (r == 0)
		xst_foreign_clear(&f);
	assert_true(r == 0 || err.text[0]);
	free(text);
	return r;
}

static void many_parts(void **state)
{
	(void)state;
	assert_int_equal(read_many(CONFIG_XEND, "(domain", "()", LIMIT_SEXPR_NODES - 2, ")"), 0);
	assert_int_equal(read_many(CONFIG_XEND, "(domain", "()", LIMIT_SEXPR_NODES, ")"), XST_E_LIMIT);
	assert_int_equal(read_many(CONFIG_LIBVIRT, "<domain>", "<a/>", 50000, "</domain>"), 0);
	assert_int_equal(read_many(CONFIG_LIBVIRT, "<domain>", "<a/>", 1000000, "</domain>"), XST_E_LIMIT);
}

/* Whatever an input is cut to, it is refused or read, and never is there a word missing. */
static void cut_anywhere(void **state)
{
	static const char *const texts[] = { [CONFIG_XEND] = XEND_HVM, [CONFIG_LIBVIRT] = LIBVIRT,
					     [CONFIG_XENOPS] = XENOPS };

	(void)state;
	for (int l = CONFIG_XEND; l <= CONFIG_XENOPS; l++)
		for (size_t n = 0; n < strlen(texts[l]) - 1; n++) {
			struct config_error err = { .text = "" };
			struct config_foreign f;
			char *copy = malloc(n + 1); /* what is after is not looked at */

			assert_non_null(copy);
			memcpy(copy, texts[l], n);
			assert_int_equal(xst_foreign_read((enum config_foreign_language)l, copy, n,
							  &f, &err),
					 XST_E_MALFORMED);
			assert_true(err.text[0]);
			free(copy);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xend_hvm),
		cmocka_unit_test(xend_pv),
		cmocka_unit_test(libvirt),
		cmocka_unit_test(xenops),
		cmocka_unit_test(xenops_pv),
		cmocka_unit_test(xenops_without_a_vm),
		cmocka_unit_test(values_that_break_lines),
		cmocka_unit_test(devices_that_xl_would_misread),
		cmocka_unit_test(comments_have_an_end),
		cmocka_unit_test(refused),
		cmocka_unit_test(depth_and_number_have_limits),
		cmocka_unit_test(many_parts),
		cmocka_unit_test(cut_anywhere),
	};

	return cmocka_run_group_tests_name("foreign", tests, NULL, NULL);
}
