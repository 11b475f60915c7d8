// Marks the names a shared build of the library shows to the world.
#pragma once

#if defined(_WIN32)
#error "ltb-monitoring supports POSIX systems only"
#else
/// Everything a program may link to carries this mark; all else is hidden.
#define LTB_MONITORING_EXPORT [[gnu::visibility("default")]]
#endif
