/* SPDX-License-Identifier: MIT */
/* Marks exported functions.  Everything else in the shared library is hidden. */
#ifndef XENSTREAM_VISIBILITY_H
#define XENSTREAM_VISIBILITY_H

#if defined(__GNUC__)
#define XST_API __attribute__((visibility("default")))
#define XST_NODISCARD __attribute__((warn_unused_result))
#else
#define XST_API
#define XST_NODISCARD
#endif

#endif
