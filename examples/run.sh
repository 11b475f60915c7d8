#!/usr/bin/env bash
# Builds and starts the main example, llm_benchmark, with its dashboard. On Debian 12 it installs what the build needs.
#
# Usage: examples/run.sh [flags of llm_benchmark]
#   examples/run.sh                          simulated providers until Ctrl-C
#   examples/run.sh --requests 500 --stay    500 requests, then the pages stay up
#   examples/run.sh --help                   all flags
#   LTB_DASHBOARD_PORT=3001 examples/run.sh  other ports by LTB_ variables; 0 picks a free one
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build="$root/build/run" # Its own folder: test builds stay as they are.

# shellcheck source=cmake/install-debian-packages.sh
source "$root/cmake/install-debian-packages.sh"
install_debian_packages cmake ninja-build g++ libboost1.81-dev prometheus-cpp-dev nlohmann-json3-dev \
  libspdlog-dev zlib1g-dev libssl-dev libcurl4-openssl-dev libutf8proc-dev libcli11-dev

# Quiet when it goes well, everything when it does not.
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
quietly() {
  "$@" >"$log" 2>&1 && return
  cat "$log" >&2
  echo "examples/run.sh: this command failed: $*" >&2
  return 1
}

echo "Building llm_benchmark (some minutes the first time) ..."
quietly cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DLTB_BUILD_TESTS=OFF \
  -DLTB_BUILD_EXAMPLES=ON -DLTB_INSTALL=OFF
quietly cmake --build "$build" --target llm_benchmark

# Ctrl-C reaches the program by itself and makes it end cleanly; this script waits for it. SIGTERM is passed on.
trap : INT
"$build/examples/llm_benchmark/llm_benchmark" "$@" &
program=$!
trap 'kill -TERM "$program" 2>/dev/null || true' TERM
while :; do
  code=0
  wait "$program" || code=$?
  kill -0 "$program" 2>/dev/null || break # A signal only interrupts the wait.
done
if ((code == 3)); then
  cat >&2 <<'TEXT'
A port is in use, perhaps by another run or by another program (9090, 8080 and 3000 are popular).
Take others, or let the system choose, and start again:
  LTB_PROMETHEUS_PORT=0 LTB_WEBSOCKET_PORT=0 LTB_DASHBOARD_PORT=0 examples/run.sh
TEXT
fi
exit "$code"
