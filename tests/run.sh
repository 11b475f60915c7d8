#!/usr/bin/env bash
# Builds the project in one mode and runs its tests; on Debian 12 it brings everything it needs with it.
#
# Usage: tests/run.sh [MODE] [ctest arguments]
#   dev      (default) debug build, every test: unit, integration, examples, end to end, web, browser
#   release  the same, optimised
#   asan     AddressSanitizer and UndefinedBehaviorSanitizer; all but the page's own and the deployment's
#   tsan     ThreadSanitizer; all but the page's own and the deployment's
#   clang    built by clang, with its thread-safety analysis; all but the page's own and the deployment's
#   conformance  the debug build against the RFCs of HTTP/1.1 and WebSocket, byte by byte
#   docs     the API reference by Doxygen (build/dev/reference/html), and the checks of README and docs
#   coverage unit and integration tests, then what lines of the library they ran: build/coverage/report
#   fuzz     libFuzzer on every parser, under ASan and UBSan: SECONDS for each target, 60 by default; arguments go to
#            tests/fuzz/run, which prints executions and findings
#   soak     optimised: a host under load for SECONDS, 600 by default, that must not grow: memory, descriptors, threads
#   tidy     clang-tidy (.clang-tidy) and clang's thread-safety analysis over the library and the examples; no tests
#   bench    optimised; no tests but the benchmarks: prints what watching costs against baselines measured
#            in the same run, and fails when a target is missed. Arguments go to tests/benchmarks/report
# Examples: tests/run.sh asan -L unit        tests/run.sh dev -R prometheus        tests/run.sh fuzz 600
#
# The last lines are ctest's own summary; the exit code is ctest's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$root/tests/run.sh"; }

mode=dev
selection=()
targets=()
case "${1:-}" in
  dev | release | asan | tsan | clang | bench | fuzz | soak | tidy) mode=$1 && shift ;;
  coverage) mode=coverage && selection=(-L '^(unit|integration)$') && targets=(--target test_programs) && shift ;;
  docs) selection=(-L '^docs$') && targets=(--target docs_snippets docs_run example_quick_start) && shift ;;
  conformance) selection=(-L conformance) && shift ;;
  -h | --help) usage && exit 0 ;;
  "" | -*) ;;
  *)
    echo "tests/run.sh: unknown mode \"$1\": expected dev, release, asan, tsan, clang, docs, coverage, fuzz, soak, tidy," \
      "bench or conformance" >&2
    exit 2
    ;;
esac
with_browser=0
[[ $mode == dev || $mode == release ]] && with_browser=1

# ThreadSanitizer of gcc 12 and clang 14 cannot place its shadow memory when the kernel randomises more than 28 bits.
if [[ $mode == tsan && -z "${LTB_WITHOUT_ASLR:-}" ]] &&
  (($(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 28) > 28)); then
  export LTB_WITHOUT_ASLR=1
  exec setarch "$(uname -m)" -R "$root/tests/run.sh" "$mode" "$@"
fi

say() { printf '\n== %s\n' "$*"; }

# shellcheck source=cmake/install-debian-packages.sh
source "$root/cmake/install-debian-packages.sh"

install_packages() {
  local packages=(ca-certificates cmake ninja-build g++ git
    libboost1.81-dev prometheus-cpp-dev nlohmann-json3-dev libspdlog-dev zlib1g-dev libssl-dev libcurl4-openssl-dev libutf8proc-dev libcli11-dev openssl libgtest-dev libgmock-dev
    pkg-config dpkg-dev python3-prometheus-client python3-websockets)
  [[ $mode == dev ]] && packages+=(doxygen)
  [[ $mode == coverage ]] && packages+=(gcovr)
  # For the outside projects of tests/package, which are built by both compilers.
  [[ $mode == dev || $mode == release || $mode == clang ]] && packages+=(clang)
  # The runtimes of libFuzzer and the sanitizers; a clang without recommended packages lacks them.
  [[ $mode == fuzz ]] && packages+=(clang libclang-rt-14-dev)
  [[ $mode == tidy ]] && packages+=(clang clang-tidy)
  [[ $mode == bench ]] && packages+=(libbenchmark-dev valgrind)
  # Node may be there from elsewhere (any version from 18 on is good); Debian's own then would only get in its way.
  command -v node >/dev/null || packages+=(nodejs)
  command -v npm >/dev/null || packages+=(npm)
  if ((with_browser)) && ! command -v chromium >/dev/null; then packages+=(chromium); fi
  install_debian_packages "${packages[@]}"
  local node_major
  node_major=$(node -p 'process.versions.node.split(".")[0]')
  if ((node_major < 18)); then
    echo "tests/run.sh: node $(node --version) is too old: the tests need version 18 or newer" >&2
    return 1
  fi
}

# unpack_server PACKAGE BINARY [VERSION]: a Debian package under build/servers/, nothing installed, no service started.
# VERSION is the option by which the binary tells its version.
unpack_server() {
  local package=$1 version=${3:---version} binary=$root/build/servers/$2 download=$root/build/servers/download
  [[ -x $binary ]] && return 0
  echo "Unpacking Debian's $package under build/servers"
  rm -rf "$download" && mkdir -p "$download"
  # Sandbox::User: apt's own user often may not write here, which apt would only warn about.
  if ! (cd "$download" && apt-get -o APT::Sandbox::User= download -qq "$package" 2>/dev/null); then
    local as_root=()
    ((EUID == 0)) || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq
    (cd "$download" && apt-get -o APT::Sandbox::User= download -qq "$package")
  fi
  dpkg-deb -x "$download"/"$package"_*.deb "$root/build/servers"
  rm -rf "$download"
  # Debian's Alertmanager opens its template by an absolute path; this copy shall find its own, from its working folder.
  if [[ $package == prometheus-alertmanager ]]; then
    LC_ALL=C sed -i 's#/usr/share/prometheus/alertmanager#usr//share/prometheus/alertmanager#g' "$binary"
  fi
  "$binary" "$version" >/dev/null 2>&1 || {
    echo "tests/run.sh: $binary does not run; try: $binary $version" >&2
    return 1
  }
}

# install_node_modules FOLDER: npm ci where there is a lock file, once per state of the lock file.
install_node_modules() {
  local folder=$root/$1 state
  [[ -f $folder/package-lock.json ]] || return 0
  state=$(sha256sum "$folder/package-lock.json" | cut -d ' ' -f 1)
  [[ "$(cat "$folder/node_modules/.ltb-lock-state" 2>/dev/null)" == "$state" ]] && return 0
  echo "npm ci in $1"
  (cd "$folder" && npm ci --no-audit --no-fund --no-update-notifier --loglevel=error)
  echo "$state" >"$folder/node_modules/.ltb-lock-state"
}

export ASAN_OPTIONS="detect_leaks=1:strict_string_checks=1:check_initialization_order=1:detect_stack_use_after_return=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
# A developer's own settings would change what the programs under test do.
while IFS= read -r name; do unset "$name"; done < <(
  compgen -e | grep '^LTB_' | grep -vE '^LTB_(TEST_|JOBS$|SKIP_PACKAGES$|WITHOUT_ASLR$|CHROMIUM$)' || true)

say "packages"
install_packages
if [[ $mode == bench ]]; then
  install_node_modules tests/benchmarks
  say "configure (bench)"
  cmake --preset bench
  say "build (bench)"
  cmake --build --preset bench --parallel "${LTB_JOBS:-$(nproc)}" --target benchmarks
  say "measure"
  exec tests/benchmarks/report "$@"
fi
if [[ $mode == fuzz ]]; then
  say "configure (fuzz)"
  cmake --preset fuzz
  say "build (fuzz)"
  cmake --build --preset fuzz --parallel "${LTB_JOBS:-$(nproc)}"
  say "fuzz"
  exec tests/fuzz/run "$@"
fi
if [[ $mode == tidy ]]; then
  say "configure (tidy)"
  cmake --preset tidy
  say "build (tidy)"
  # Each file is compiled and looked at; what was clean before is not looked at again.
  exec cmake --build --preset tidy --parallel "${LTB_JOBS:-$(nproc)}" -- -k 0 "$@"
fi
if [[ $mode == soak ]]; then
  say "configure (release)"
  cmake --preset release
  say "build (soak)"
  cmake --build --preset release --parallel "${LTB_JOBS:-$(nproc)}" --target soak
  say "soak"
  exec build/release/tests/soak/soak "$@"
fi
unpack_server prometheus usr/bin/prometheus
unpack_server prometheus-alertmanager usr/bin/prometheus-alertmanager
unpack_server nginx usr/sbin/nginx -v
install_node_modules tests/integration/e2e
install_node_modules tests/deploy
if ((with_browser)); then
  install_node_modules web
  install_node_modules tests/browser
fi

say "configure ($mode)"
cmake --preset "$mode" -DLTB_TEST_SERVERS="$root/build/servers"

say "build ($mode)"
cmake --build --preset "$mode" --parallel "${LTB_JOBS:-$(nproc)}" "${targets[@]}"

say "test ($mode)"
# What runs in Node, the browser and other programs is the same in every mode.
((with_browser)) || selection+=(--label-exclude '^(browser|web|deploy)$')
if [[ $mode == coverage ]]; then
  find build/coverage -name '*.gcda' -delete  # of an earlier run
  ctest --preset coverage --no-tests=error --parallel "${LTB_JOBS:-$(nproc)}" "${selection[@]}" "$@"
  say "coverage of src/ and include/ (build/coverage/report/index.html)"
  mkdir -p build/coverage/report
  exec gcovr --root . --object-directory build/coverage --filter src/ --filter include/ --exclude-throw-branches \
    --exclude-unreachable-branches --print-summary --html-details build/coverage/report/index.html \
    --json-summary build/coverage/report/summary.json build/coverage/src build/coverage/tests/unit build/coverage/tests/integration
fi
exec ctest --preset "$mode" --no-tests=error --parallel "${LTB_JOBS:-$(nproc)}" "${selection[@]}" "$@"
