/* SPDX-License-Identifier: MIT */
/* Documents in both languages by the keys of xl.cfg, the view, and what is complained of. */
#include "unit.h"

#include "config/keys/key.h"
#include "config/view.h"

static const char json[] =
	"{\"c_info\": {\"type\": \"hvm\", \"name\": \"g\", \"uuid\": "
	"\"11111111-2222-3333-4444-555555555506\"},"
	" \"b_info\": {\"max_vcpus\": 2, \"avail_vcpus\": [0, 1], \"max_memkb\": 65536, "
	"\"target_memkb\": 65536,"
	"  \"device_model_version\": \"qemu_xen\","
	"  \"type.hvm\": {\"boot\": \"cd\", \"bios\": \"seabios\", \"apic\": \"False\", \"pae\": "
	"\"<default>\"}},"
	" \"disks\": [{\"pdev_path\": \"/d,x\", \"vdev\": \"xvda\", \"format\": \"qcow2\", "
	"\"readwrite\": 1},"
	"  {\"vdev\": \"hdc\", \"format\": \"empty\", \"removable\": 1, \"is_cdrom\": 1}],"
	" \"nics\": [{\"devid\": 0, \"mac\": \"00:16:3e:01:02:03\", \"bridge\": \"br0\","
	"  \"rate_bytes_per_interval\": 62500, \"rate_interval_usecs\": 50000}],"
	" \"on_reboot\": \"restart\"}";

static const char text[] =
	"# a guest\n"
	"builder = \"hvm\"\n"
	"name = 'g'\n"
	"uuid = '11111111-2222-3333-4444-555555555506'\n"
	"memory = 64\n"
	"vcpus = 2\n"
	"device_model_version = \"qemu-xen\"\n"
	"boot = 'cd'; firmware = 'seabios'\n"
	"disk = [ 'tap:qcow2:/d,xvda,w', ',hdc:cdrom,r' ]\n"
	"vif = [ 'mac=00:16:3e:01:02:03,bridge=br0,rate=10Mb/s' ]\n";

static struct config *document(const char *s, size_t n)
{
	struct config_error err = { 0 };
	struct config *c = NULL;

	if (xst_config_parse(s, n, 0, &c, &err) != 0)
		fail_msg("%u:%u: %s", err.line, err.column, err.text);
	return c;
}

static void gives(const struct config *c, const char *key, const char *value)
{
	struct config_error err = { 0 };
	char *s = NULL;

	if (xst_config_get(c, key, &s, &err) != 0)
		fail_msg("%s: %s", key, err.text);
	assert_string_equal(s, value);
	free(s);
}

static void one_view_over_both(void **state)
{
	const char *const sources[] = { json, text };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct config *c = document(sources[i], strlen(sources[i]) + (i == 0));
		struct config_view v;

		assert_int_equal(xst_config_language(c), i ? CONFIG_CFG : CONFIG_JSON);
		assert_int_equal(xst_config_view_read(c, &v), 0);
		assert_string_equal(v.name, "g");
		assert_string_equal(v.uuid, "11111111-2222-3333-4444-555555555506");
		assert_int_equal(v.type, CONFIG_TYPE_HVM);
		assert_int_equal(v.memory_kib, 65536);
		assert_int_equal(v.vcpus, 2);
		assert_string_equal(v.boot, "cd");
		assert_string_equal(v.firmware, "seabios");
		assert_string_equal(v.device_model, "qemu-xen");
		assert_int_equal(v.ndisks, 2);
		assert_string_equal(v.disks[0].target, i ? "/d" : "/d,x");
		assert_string_equal(v.disks[0].format, "qcow2");
		assert_false(v.disks[0].readonly);
		assert_null(v.disks[1].target);
		assert_true(v.disks[1].cdrom && v.disks[1].readonly);
		assert_int_equal(v.nvifs, 1);
		assert_string_equal(v.vifs[0].bridge, "br0");
		xst_config_view_clear(&v);
		xst_config_free(c);
	}
}

static void facts_have_defaults(void **state)
{
	struct config *c = document("memory=64\nmaxmem=128\n", 21);
	struct config_facts f;
	struct config_view v;

	(void)state;
	assert_int_equal(xst_config_view_read(c, &v), 0);
	xst_config_view_facts(&v, &f);
	assert_int_equal(f.type, CONFIG_TYPE_PV);
	assert_int_equal(f.max_vcpus, 1);
	assert_int_equal(f.memory_kib, 65536);
	assert_int_equal(f.max_memory_kib, 131072);
	xst_config_view_clear(&v);
	xst_config_free(c);
}

static void keys_of_xl_work_in_json(void **state)
{
	struct config *c = document(json, sizeof(json));
	struct config_error err = { 0 };
	char *s;

	(void)state;
	gives(c, "name", "g");
	gives(c, "memory", "64");
	gives(c, "vcpus", "2");
	gives(c, "apic", "0");
	gives(c, "builder", "hvm");
	gives(c, "on_poweroff", "destroy");
	gives(c, "vif", "mac=00:16:3e:01:02:03,bridge=br0,rate=1250000B/s@50000us");
	gives(c, "disk",
	      "format=qcow2,vdev=xvda,access=rw,target=/d,x\nvdev=hdc,access=ro,devtype=cdrom");
	gives(c, "b_info.type.hvm.boot", "cd");
	gives(c, "disks[1].is_cdrom", "1");
	assert_int_equal(xst_config_get(c, "pae", &s, &err), XST_E_UNKNOWN);
	assert_int_equal(xst_config_get(c, "nonsense", &s, &err), XST_E_UNKNOWN);
	assert_int_equal(xst_config_set(c, "name", "h", &err), 0);
	assert_int_equal(xst_config_set(c, "memory", "128", &err), 0);
	assert_int_equal(xst_config_set(c, "vcpus", "4", &err), 0);
	assert_int_equal(xst_config_set(c, "boot", "n", &err), 0);
	assert_int_equal(xst_config_set(c, "disk", "['/y,raw,xvdb,w']", &err), 0);
	assert_int_equal(xst_config_append(c, "disk", "phy:/z,xvdc,r", &err), 0);
	assert_int_equal(xst_config_set(c, "disks[0].backend_domname", "dd", &err), 0);
	gives(c, "c_info.name", "h");
	gives(c, "b_info.max_memkb", "131072"); /* goes with the memory */
	gives(c, "b_info.target_memkb", "131072");
	gives(c, "b_info.max_vcpus", "4");
	gives(c, "disks[1].pdev_path", "/z");
	gives(c, "disk",
	      "format=raw,vdev=xvdb,backend=dd,access=rw,target=/"
	      "y\nformat=raw,vdev=xvdc,access=ro,target=/z");
	assert_int_equal(xst_config_set(c, "type", "pv", &err), XST_E_UNSUPPORTED);
	assert_int_equal(xst_config_set(c, "e820_host", "1", &err), XST_E_UNSUPPORTED);
	assert_int_equal(xst_config_set(c, "memory", "much", &err), XST_E_MALFORMED);
	assert_int_equal(xst_config_set(c, "cpuid", "host", &err), XST_E_UNSUPPORTED);
	assert_int_equal(xst_config_set(c, "cpuid", "['0x1:ecx=x']", &err), XST_E_MALFORMED);
	assert_int_equal(xst_config_unset(c, "boot", &err), 0);
	assert_int_equal(xst_config_unset(c, "boot", &err), XST_E_UNKNOWN);
	gives(c, "name", "h");
	xst_config_free(c);
}

static void numbers_stay_exact(void **state)
{
	static const char big[] = "{\"b_info\": {\"max_memkb\": 18446744073709551615}}";
	struct config *c = document(big, sizeof(big));
	struct config_error err = { 0 };

	(void)state;
	assert_int_equal(xst_config_set(c, "c_info.x", "18446744073709551614", &err), 0);
	gives(c, "b_info.max_memkb", "18446744073709551615");
	gives(c, "c_info.x", "18446744073709551614");
	xst_config_free(c);
}

static void a_path_is_no_key_of_text(void **state)
{
	struct config *c = document(text, sizeof(text) - 1);
	struct config_error err = { 0 };
	char *s;

	(void)state;
	assert_int_equal(xst_config_get(c, "b_info.type.hvm.boot", &s, &err), XST_E_ARG);
	assert_non_null(strstr(err.text, "use boot"));
	assert_int_equal(xst_config_set(c, "b_info.max_vcpus", "4", &err), XST_E_ARG);
	gives(c, "type", "hvm");
	gives(c, "disk", "tap:qcow2:/d,xvda,w\n,hdc:cdrom,r");
	xst_config_free(c);
}

static void unchanged_is_untouched(void **state)
{
	const char *const sources[] = { json, text, "", "{ }\n", "\n{\"a\":\n1}", "# x\n\n;\t;" };

	(void)state;
	for (size_t i = 0; i < COUNT(sources); i++) {
		struct config *c = document(sources[i], strlen(sources[i]));
		char *s;
		size_t n;

		assert_int_equal(xst_config_print(c, &s, &n), 0);
		assert_int_equal(n, strlen(sources[i]));
		assert_string_equal(s, sources[i]);
		free(s);
		xst_config_free(c);
	}
}

/* --- complaints ----------------------------------------------------------------------------- */

static void remember(void *userdata, const struct config_complaint *c)
{
	snprintf(userdata, 512, "%u:%u %s: %s", c->line, c->column, c->key, c->text);
}

static void complains(const char *source, const char *key, const char *words)
{
	struct config *c = document(source, strlen(source));
	char said[512] = "", wanted[64];
	int n = xst_config_check(c, remember, said);

	snprintf(wanted, sizeof(wanted), "%s: ", key);
	if (n != 1 || !strstr(said, wanted) || !strstr(said, words))
		fail_msg("%s: %d complaints, \"%s\" for \"%s%s\"", source, n, said, wanted, words);
	xst_config_free(c);
}

static void nonsense_is_named(void **state)
{
	(void)state;
	complains("memory='-1'\n", "memory", "not between");
	complains("memory=0\n", "memory", "not between");
	complains("memory='x'\n", "memory", "not a number");
	complains("memory=[]\n", "memory", "list");
	complains("memory=64\nmaxmem=32\n", "memory", "above maxmem");
	complains("vcpus=0\n", "vcpus", "not between");
	complains("vcpus=9000\n", "vcpus", "not between");
	complains("type='hvm'\nvcpus=200\n", "vcpus", "too many");
	complains("vcpus=4\nmaxvcpus=2\n", "vcpus", "above maxvcpus");
	complains("name=''\n", "name", "needs a name");
	complains("name='a/b'\n", "name", "slash");
	complains("name='a\\nb'\n", "name", "control");
	complains("uuid='x'\n", "uuid", "not a UUID");
	complains("type='x'\n", "type", "not one of");
	complains("on_crash='x'\n", "on_crash", "coredump-restart");
	complains("cpus='abc'\n", "cpus", "'abc' is not a list of CPUs");
	complains("cpus=['0','x']\n", "cpus", "'x' is not a list of CPUs");
	complains("cpus=[['0']]\n", "cpus", "not a list of CPUs");
	complains("cpus='nodes:x'\n", "cpus", "not a list of CPUs");
	complains("cpus='^0'\n", "cpus", "leaves no CPU");
	complains("cpus_soft='3-1'\n", "cpus_soft", "not a list of CPUs");
	complains("irqs=[3,'-1']\n", "irqs", "-1 is not between");
	complains("irqs=[4294967295]\n", "irqs", "not between");
	complains("max_grant_frames=2147483648\n", "max_grant_frames", "not between");
	complains("rtc_timeoffset='-2147483649'\n", "rtc_timeoffset", "not between");
	complains("boot='zzz9'\n", "boot", "use at most three of");
	complains("boot='cdcd'\n", "boot", "each once");
	complains("boot='dcna'\n", "boot", "three");
	complains("boot='CD'\n", "boot", "use at most");
	complains("{\"c_info\": {\"type\": \"hvm\"},"
		  "\"b_info\": {\"type.hvm\": {\"boot\": \"p\"}}}",
		  "boot", "use at most");
	complains("passthrough='x'\n", "passthrough", "not one of default, disabled");
	complains("gic_version='x'\n", "gic_version", "not one of");
	complains("vuart='x'\n", "vuart", "not one of");
	complains("tee='x'\n", "tee", "not one of none, optee");
	complains("type='hvm'\nbuilder='generic'\n", "builder", "contradicts type 'hvm'");
	complains("builder='x'\n", "builder", "not one of hvm, generic, linux");
	complains("type='hvm'\nvga='STDVGA'\n", "vga", "not one of");
	complains("type='hvm'\ngfx_passthru='x'\n", "gfx_passthru", "not one of default, igd");
	complains("type='hvm'\nviridian=['base','x']\n", "viridian", "'x' is not an enlightenment");
	complains("type='hvm'\nms_vm_genid='x'\n", "ms_vm_genid", "not one of generate, none");
	complains("type='hvm'\nmca_caps=['LMCE']\n", "mca_caps", "not one of lmce");
	complains("vif=['mac=1:2']\n", "vif", "1:5 vif: 'mac=1:2': not a MAC");
	complains("vif=['brigde=x']\n", "vif", "'brigde=x' is not an interface parameter");
	complains("vif=['bridge']\n", "vif", "not an interface parameter");
	complains("p9=['tag=x,path=/x']\n", "p9", "device 0: no security_model");
	complains("vkb=['backend-type=qemu','']\n", "vkb", "device 1: no backend-type");
	complains("p9=['tug=x']\n", "p9", "'tug=x'");
	complains("usbctrl=['backend=x']\n", "usbctrl", "'backend=x'");
	complains("cpuid='foo'\n", "cpuid", "expected \"host\", then NAME=VALUE");
	complains("cpuid='host,tm'\n", "cpuid", "expected \"host\", then NAME=VALUE");
	complains("cpuid='host:tm=0'\n", "cpuid", "expected \"host\", then NAME=VALUE");
	complains("cpuid='host,tm='\n", "cpuid", "expected \"host\", then NAME=VALUE");
	complains("vif='bridge=x'\n", "vif", "list");
	complains("disk=['/x,raw,hdz,w']\n", "disk", "not a virtual disk");
	complains("disk=['/x,what,hda,w']\n", "disk", "not one of its possible values");
	complains("disk=['/x']\n", "disk", "1:6 disk: '/x': no vdev");
	complains("disk=['/x,,hda','/y,,hdb','/z,,hda']\n", "disk", "two disks have the name 'hda'");
	complains("spiceport=70000\n", "spiceport", "not between");
	complains("{\"b_info\": {\"target_memkb\": -1024}}", "memory", "not");
	complains("{\"c_info\": {\"name\": \"\"}}", "name", "needs");
	complains("{\"disks\": [{\"vdev\": \"?\", \"pdev_path\": \"/x\"}]}", "disk",
		  "not a virtual disk");
}

static void good_sense_is_not_complained_of(void **state)
{
	const char *const sources[] = { json, text };

	(void)state;
	for (size_t i = 0; i < COUNT(sources); i++) {
		struct config *c = document(sources[i], strlen(sources[i]));
		char said[512] = "";

		if (xst_config_check(c, remember, said) != 0)
			fail_msg("%s", said);
		xst_config_free(c);
	}
}

static void virtual_disks_have_names(void **state)
{
	static const char *const good[] = { "xvda",	    "xvdz",  "xvdaa", "xvdtq37", "hda",
					    "hdd63",	    "sda",   "sdp15", "d0",	 "d536p37",
					    "d1048575p255", "51712", "0xca00" };
	static const char *const bad[] = { "",	    "xvd",	"xvda0",  "xvda256", "hde",
					   "hda64", "sdq",	"sda16",  "vda",     "d",
					   "d1p",   "d1048576", "d0p256", "xvdA",    "xvda1x",
					   "5x",    "-5" };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		if (!xst_config_vdev_valid(good[i]))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (xst_config_vdev_valid(bad[i]))
			fail_msg("%s", bad[i]);
}

/* --- from one language into the other ------------------------------------------------------- */

static void count(void *userdata, const char *key, const char *why)
{
	(void)why;
	strcat(strcat(userdata, key), " ");
}

static void what_does_not_map_is_named(void **state)
{
	static const char source[] = "name='x'\nmemory=64\nnonsense=1\ncpuid='host'\nboot='c'\n";
	struct config *c = document(source, sizeof(source) - 1), *j, *back;
	struct config_error err = { 0 };
	char lost[200] = "";

	(void)state;
	assert_int_equal(xst_config_translate(c, CONFIG_JSON, count, lost, &j, &err), 0);
	assert_string_equal(lost, "cpuid boot nonsense uuid ");
	gives(j, "c_info.type", "pv");
	gives(j, "b_info.max_memkb", "65536");
	gives(j, "on_reboot", "restart");
	assert_int_equal(xst_config_set(j, "b_info.new_thing.a", "1", &err), 0);
	*lost = '\0';
	assert_int_equal(xst_config_translate(j, CONFIG_CFG, count, lost, &back, &err), 0);
	assert_string_equal(lost, "b_info.new_thing.a ");
	gives(back, "memory", "64");
	xst_config_free(back);
	xst_config_free(j);
	xst_config_free(c);
}

/* xl wants to be told of a keyboard what libxl fills in by itself. */
static void a_keyboard_says_its_backend(void **state)
{
	static const char source[] = "{\"c_info\": {\"type\": \"hvm\"}, \"b_info\": {}, "
				     "\"vkbs\": [{\"devid\": 0}, {\"devid\": 1, \"width\": 5}]}";
	struct config *c = document(source, sizeof(source) - 1), *back;
	struct config_error err = { 0 };
	char lost[200] = "", said[512] = "";

	(void)state;
	assert_int_equal(xst_config_check(c, remember, said), 0);
	assert_int_equal(xst_config_translate(c, CONFIG_CFG, count, lost, &back, &err), 0);
	assert_string_equal(lost, "");
	gives(back, "vkb", "backend-type=qemu\nbackend-type=qemu,width=5");
	assert_int_equal(xst_config_check(back, remember, said), 0);
	xst_config_free(back);
	xst_config_free(c);
}

/* Members that libxl fills in for every guest are no loss, unless they say something. */
static void keys_of_other_guests_are_left_out(void **state)
{
	static const char *const sources[] = {
		"{\"c_info\": {\"type\": \"pv\"}, \"b_info\": {\"video_memkb\": 0}}",
		"{\"c_info\": {\"type\": \"pv\"}, \"b_info\": {\"video_memkb\": 1024}}",
		"{\"c_info\": {\"type\": \"hvm\"}, \"b_info\": {\"video_memkb\": 0}}",
	};
	static const char *const losses[] = { "", "b_info.video_memkb ", "" };

	(void)state;
	for (size_t i = 0; i < COUNT(sources); i++) {
		struct config *c = document(sources[i], strlen(sources[i])), *t;
		char lost[200] = "", *s;
		struct config_error err;

		assert_int_equal(xst_config_translate(c, CONFIG_CFG, count, lost, &t, &err), 0);
		assert_string_equal(lost, losses[i]);
		assert_int_equal(xst_config_get(t, "videoram", &s, &err),
				 i == 2 ? 0 : XST_E_UNKNOWN);
		if (i == 2)
			free(s);
		xst_config_free(t);
		xst_config_free(c);
	}
}

static void bad_values_stop_a_translation(void **state)
{
	static const char source[] = "name='x'\n\ndisk = [ '/x,raw' ]\n";
	struct config *c = document(source, sizeof(source) - 1), *j = NULL;
	struct config_error err = { 0 };

	(void)state;
	assert_int_equal(xst_config_translate(c, CONFIG_JSON, NULL, NULL, &j, &err),
			 XST_E_MALFORMED);
	assert_null(j);
	assert_int_equal(err.line, 3);
	assert_int_equal(err.column, 8);
	xst_config_free(c);
}

static void a_view_is_printed(void **state)
{
	static const char *const left_out[] = { "(cpu_time 5)", "two\nlines" };
	struct config *c = document(text, sizeof(text) - 1), *again;
	struct config_view v, w;
	char *s;
	size_t n;

	(void)state;
	assert_int_equal(xst_config_view_read(c, &v), 0);
	assert_int_equal(xst_config_view_print(&v, left_out, 2, &s, &n), 0);
	assert_memory_equal(s, "# (cpu_time 5)\n# twolines\ntype = \"hvm\"\nname = \"g\"\n", 47);
	again = document(s, n);
	assert_int_equal(xst_config_view_read(again, &w), 0);
	assert_string_equal(w.disks[0].target, v.disks[0].target);
	assert_string_equal(w.vifs[0].rate, "10Mb/s");
	assert_int_equal(w.memory_kib, v.memory_kib);
	xst_config_view_clear(&v);
	xst_config_view_clear(&w);
	xst_config_free(again);
	xst_config_free(c);
	free(s);
}

/* A second row of a name would never be found. */
static void every_key_has_one_row_and_a_whole_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < xst_config_keys_count; i++) {
		const struct config_key *k = &xst_config_keys[i];

		assert_ptr_equal(xst_key_find(k->name), k);
		assert_true(k->kind->name && k->kind->read && k->kind->write);
		assert_true(!k->kind->is_number || k->kind->check);
		assert_true(!k->parts || xst_key_is_list(k));
		for (const struct config_key *part = k->parts; part && part->name; part++)
			assert_true(part->kind->name && part->kind->read && part->kind->write);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_view_over_both),
		cmocka_unit_test(facts_have_defaults),
		cmocka_unit_test(keys_of_xl_work_in_json),
		cmocka_unit_test(numbers_stay_exact),
		cmocka_unit_test(a_path_is_no_key_of_text),
		cmocka_unit_test(unchanged_is_untouched),
		cmocka_unit_test(nonsense_is_named),
		cmocka_unit_test(good_sense_is_not_complained_of),
		cmocka_unit_test(virtual_disks_have_names),
		cmocka_unit_test(a_keyboard_says_its_backend),
		cmocka_unit_test(what_does_not_map_is_named),
		cmocka_unit_test(keys_of_other_guests_are_left_out),
		cmocka_unit_test(bad_values_stop_a_translation),
		cmocka_unit_test(a_view_is_printed),
		cmocka_unit_test(every_key_has_one_row_and_a_whole_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
