# Every package the build needs, found once, with the Debian 12 package name in the message when it is missing.

macro(ltb_require package debian_package)
  find_package(${package} ${ARGN})
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR
      "ltb-monitoring: package '${package}' was not found (${ARGN}).\n"
      "  On Debian 12: apt-get install ${debian_package}   (tests/run.sh and examples/run.sh install it by themselves)")
  endif()
endmacro()

set(LTB_BOOST_VERSION 1.81)

ltb_require(Threads libc6-dev)
ltb_require(Boost libboost1.81-dev ${LTB_BOOST_VERSION})
ltb_require(prometheus-cpp prometheus-cpp-dev CONFIG COMPONENTS core)
ltb_require(nlohmann_json nlohmann-json3-dev CONFIG)
ltb_require(spdlog libspdlog-dev CONFIG)
ltb_require(ZLIB zlib1g-dev)

if(LTB_TLS OR LTB_BUILD_TESTS)  # The servers of the tests speak TLS too.
  ltb_require(OpenSSL libssl-dev 1.1.1)
endif()
if(LTB_BUILD_EXAMPLES)  # HTTP of llm_benchmark.
  ltb_require(CURL libcurl4-openssl-dev 7.85)
endif()
if(LTB_BUILD_TESTS)
  ltb_require(GTest libgtest-dev CONFIG)
endif()
if(LTB_BUILD_BENCHMARKS)
  ltb_require(benchmark libbenchmark-dev CONFIG)
endif()
