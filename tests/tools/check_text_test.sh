#!/usr/bin/env bash
# Tests check_text.sh: a clean tree passes, and each kind of fault alone is found and named.
set -euo pipefail

check=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/check_text.sh
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

# expect NAME EXIT-CODE TEXT: the check's exit code, and a text its output must hold.
expect() {
  local name=$1 code=0 output
  output=$(bash "$check" "$folder") || code=$?
  if [[ $code != "$2" || $output != *"$3"* ]]; then
    printf 'FAILED %s: exit code %s (expected %s), output (expected to hold "%s"):\n%s\n' \
      "$name" "$code" "$2" "$3" "$output"
    failures=$((failures + 1))
  fi
}

# fault NAME FILE CONTENT EXPECTED-TEXT: one bad file among the good one.
fault() {
  printf '%b' "$3" >"$folder/$2"
  expect "$1" 1 "$4"
  rm "$folder/$2"
}

expect "an empty folder" 1 "no text files found"
printf '#!/usr/bin/env bash\necho well\n' >"$folder/good.sh"
expect "a clean tree" 0 "1 files OK"

fault "shell syntax" bad.sh 'if true; then\n' "bad.sh: line"
fault "shell syntax by shebang" run '#!/usr/bin/env bash\nif true; then\n' "run: line"
fault "carriage return" a.txt 'one\r\ntwo\n' "a.txt:1:one  <- ends in a carriage return"
fault "no line feed at the end" a.txt 'one' "a.txt: does not end with a line feed"
fault "not ASCII" a.cpp '// caf\xc3\xa9\n' "a.cpp:1:// caf"
fault "machine path" a.md 'see /ro''ot/notes\n' "a.md:1:see /ro""ot/notes"
fault "work folder" a.md '"/wo''rk/main"\n' "a path of one machine"
fault "registry" package-lock.json '{"resolved": "https://example.com/a.tgz"}\n' "names a registry"

printf 'caf\xc3\xa9, a/wo''rk/b and https://example.com/wo''rk/\n' >"$folder/fine.md"
expect "what only looks like a fault" 0 "2 files OK"

if ((failures > 0)); then exit 1; fi
echo "check_text.sh finds what it should"
