# The settings shared by this project's own targets. Nothing here is global: a parent project keeps its own flags.

add_library(ltb_build_settings INTERFACE)
target_compile_features(ltb_build_settings INTERFACE cxx_std_20)
target_compile_options(ltb_build_settings INTERFACE
  -Wall -Wextra -Wconversion -Wshadow
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  # Optimising g++ 12 sees an overlap in each "text" + std::string (GCC bug 105651, gone in 13).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
  $<$<BOOL:${LTB_WARNINGS_AS_ERRORS}>:-Werror>)

if(LTB_SANITIZE)
  target_compile_options(ltb_build_settings INTERFACE -fsanitize=${LTB_SANITIZE} -fno-omit-frame-pointer)
  if(LTB_SANITIZE MATCHES "undefined")
    target_compile_options(ltb_build_settings INTERFACE -fno-sanitize-recover=all)
  endif()
  target_link_options(ltb_build_settings INTERFACE -fsanitize=${LTB_SANITIZE})
  # g++ 12 at -O2 with -fsanitize=address takes an empty boost::optional (in Beast's parser) for uninitialised.
  target_compile_options(ltb_build_settings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()

# Beast and Asio, as this project uses them: no deprecated names, no Boost libraries to link. Header-only, as most programs
# have them: compiled parts in a static library would meet the host's inline ones, and Beast compares its error categories
# by address.
add_library(ltb_asio INTERFACE)
target_compile_definitions(ltb_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ERROR_CODE_HEADER_ONLY)
if(LTB_SANITIZE MATCHES "thread")
  # TSan knows no fences (g++ refuses them); Asio's queue mutex orders the same things, and that TSan sees.
  target_compile_definitions(ltb_asio INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
target_include_directories(ltb_asio SYSTEM INTERFACE ${Boost_INCLUDE_DIRS})
target_link_libraries(ltb_asio INTERFACE Threads::Threads)

find_program(LTB_CCACHE ccache)
mark_as_advanced(LTB_CCACHE)

# Called for each target this project builds.
function(ltb_use_build_settings target)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:ltb_build_settings>)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  if(LTB_CCACHE AND PROJECT_IS_TOP_LEVEL)
    # The sloppiness is what ccache asks for to take precompiled headers at all: none of ours depends on the time.
    set_target_properties(${target} PROPERTIES
      CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${LTB_CCACHE}")
  endif()
endfunction()

# A shared library of this project shows ltb::* alone.
function(ltb_hide_foreign_symbols target)
  set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/ltb_monitoring.map)
  target_link_options(${target} PRIVATE $<$<STREQUAL:$<TARGET_PROPERTY:${target},TYPE>,SHARED_LIBRARY>:-Wl,--version-script=${map}>)
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${map})
endfunction()
