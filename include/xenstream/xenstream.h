/* SPDX-License-Identifier: MIT */
/* libxenstream: saved and migrating Xen domains, without Xen.
 *
 *   finding.h    errors and remarks with their place
 *   event.h      the vocabulary shared by every format
 *   parser.h     bytes -> events, without I/O
 *   check.h      events -> findings
 *   emit.h       events -> bytes
 *   format.h     the formats, their names, which contain others
 *   io.h         descriptors
 *   job.h        verify, info, convert in one call
 *   change.h     replacing the front of a file while the rest stays
 *   head.h       a domain's configuration in its container, read and replaced
 *   restore.h    acting on a stream, in any event loop
 *   directory.h  a domain as a directory of files, from a stream and back
 *
 * The formats are Xen's: docs/specs/libxl-migration-stream.pandoc and
 * docs/specs/libxc-migration-stream.pandoc in Xen's tree; the legacy format is defined by the code
 * of Xen 4.5 and older.
 *
 * Conventions: functions return 0 or a negative enum xst_errc; outputs are ret_..., untouched on
 * failure; ..._free() accepts NULL and returns NULL; option structures begin with their size. */
#ifndef XENSTREAM_XENSTREAM_H
#define XENSTREAM_XENSTREAM_H

#include <xenstream/change.h>
#include <xenstream/check.h>
#include <xenstream/directory.h>
#include <xenstream/emit.h>
#include <xenstream/event.h>
#include <xenstream/finding.h>
#include <xenstream/format.h>
#include <xenstream/head.h>
#include <xenstream/io.h>
#include <xenstream/job.h>
#include <xenstream/parser.h>
#include <xenstream/restore.h>
#include <xenstream/state.h>

#define XST_VERSION "0.1.0"

#endif
