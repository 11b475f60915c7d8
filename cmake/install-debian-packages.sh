# shellcheck shell=bash
# Installs the Debian packages a script of this project needs. Sourced, not run:
#   source cmake/install-debian-packages.sh
#   install_debian_packages ninja-build libspdlog-dev

# install_debian_packages PACKAGE...: installs those that are missing and touches nothing else.
# As root or through sudo; on another system it names the packages and returns 1.
install_debian_packages() {
  local missing=() package
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "Cannot install packages: this is not a Debian system (no dpkg or apt-get). Please install what" >&2
    echo "corresponds to these Debian 12 packages, then run again with LTB_SKIP_PACKAGES=1: $*" >&2
    [[ "${LTB_SKIP_PACKAGES:-0}" == 1 ]]
    return
  fi
  for package in "$@"; do
    if [[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]]; then
      missing+=("$package")
    fi
  done
  if ((${#missing[@]} == 0)); then
    return 0
  fi
  local as_root=()
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "These packages are missing and installing them needs root or sudo: ${missing[*]}" >&2
      echo "  Run as root: apt-get install ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "Installing Debian packages: ${missing[*]}"
  # The lists may be absent or old (a fresh container): update first, and go on when only some source is out of reach.
  "${as_root[@]}" apt-get update -qq || echo "apt-get update failed; trying with the lists at hand" >&2
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null; then
    echo "apt-get could not install: ${missing[*]}" >&2
    return 1
  fi
}
