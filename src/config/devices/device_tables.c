/* SPDX-License-Identifier: MIT */
/* Parameters of devices: their words in a specification, their members in JSON.  Disks and network
 * interfaces have tables of their own: disk.c, vif.c. */
#include "config/devices/devices.h"

/* --- words ---------------------------------------------------------------------------------- */

static const struct key_word connections[] = {
	{ "pty", "pty" }, { "socket", "socket" }, { NULL, NULL }
};
static const struct key_word usb_devices[] = { { "hostdev", "hostdev" }, { NULL, NULL } };
static const struct key_word usb_controllers[] = {
	{ "auto", "auto" }, { "pv", "pv" }, { "devicemodel", "devicemodel" }, { "qusb", "qusb" },
	{ NULL, NULL }
};

/* --- devices -------------------------------------------------------------------------------- */

#define INDEX	KEY_ROW("", index, "devid")
#define BACKEND KEY_ROW("backend", string, "backend_domname")
#define END	{ .name = NULL }

const struct config_key xst_device_vfb[] = {
	INDEX,
	KEY_ROW("vnc", bool, "vnc.enable"),
	KEY_ROW("vnclisten", string, "vnc.listen"),
	KEY_ROW("vncpasswd", string, "vnc.passwd"),
	KEY_ROW("vncdisplay", number, "vnc.display"),
	KEY_ROW("vncunused", bool, "vnc.findunused"),
	KEY_ROW("keymap", string, "keymap"),
	KEY_ROW("sdl", bool, "sdl.enable"),
	KEY_ROW("opengl", bool, "sdl.opengl"),
	KEY_ROW("display", string, "sdl.display"),
	KEY_ROW("xauthority", string, "sdl.xauthority"),
	END
};
const struct config_key xst_device_vkb[] = {
	INDEX,
	BACKEND,
	KEY_ROW("backend-type", string, "backend_type", .needed = true, .absent = "qemu"),
	KEY_ROW("unique-id", string, "unique_id"),
	KEY_ROW("feature-disable-keyboard", plain_bool, "feature_disable_keyboard"),
	KEY_ROW("feature-disable-pointer", plain_bool, "feature_disable_pointer"),
	KEY_ROW("feature-abs-pointer", plain_bool, "feature_abs_pointer"),
	KEY_ROW("feature-raw-pointer", plain_bool, "feature_raw_pointer"),
	KEY_ROW("feature-multi-touch", plain_bool, "feature_multi_touch"),
	KEY_ROW("width", number, "width"),
	KEY_ROW("height", number, "height"),
	KEY_ROW("multi-touch-width", number, "multi_touch_width"),
	KEY_ROW("multi-touch-height", number, "multi_touch_height"),
	KEY_ROW("multi-touch-num-contacts", number, "multi_touch_num_contacts"),
	END
};
const struct config_key xst_device_vtpm[] = {
	INDEX,
	KEY_ROW("backend", string, "backend_domname", .needed = true),
	KEY_ROW("uuid", uuid, "uuid"),
	END
};
const struct config_key xst_device_p9[] = {
	BACKEND,
	KEY_ROW("tag", string, "tag", .needed = true),
	KEY_ROW("path", string, "path", .needed = true),
	KEY_ROW("security_model", string, "security_model", .needed = true),
	END
};
const struct config_key xst_device_usbctrl[] = {
	INDEX,
	KEY_ROW("type", word, "type", .words = usb_controllers, .any_case = true),
	KEY_ROW("version", number, "version"),
	KEY_ROW("ports", number, "ports"),
	END
};
const struct config_key xst_device_usbdev[] = {
	KEY_ROW("type", variant, "type", .words = usb_devices, .initial = "hostdev"),
	KEY_ROW("hostbus", number, "\"type.hostdev\".hostbus"),
	KEY_ROW("hostaddr", number, "\"type.hostdev\".hostaddr"),
	KEY_ROW("controller", number, "ctrl"),
	KEY_ROW("port", number, "port"),
	END
};
const struct config_key xst_device_channel[] = {
	INDEX,
	BACKEND,
	KEY_ROW("name", string, "name"),
	KEY_ROW("connection", variant, "connection", .words = connections, .needed = true),
	KEY_ROW("path", string, "\"connection.socket\".path"),
	END
};
const struct config_key xst_device_dtdev[] = {
	KEY_ROW("", string, "path"),
	END
};
